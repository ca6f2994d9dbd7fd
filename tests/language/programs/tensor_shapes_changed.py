"""reshape, view, flatten, squeeze and unsqueeze."""

import torch


@torch.jit.script
def reshaped(x):
    return x.reshape(-1), x.view(3, 2), x.reshape([1, -1]), x.flatten()


@torch.jit.script
def squeezed(x):
    return x.unsqueeze(0), x.unsqueeze(-1), x.unsqueeze(0).squeeze(), x.squeeze(0)


@torch.jit.script
def partly(x):
    return x.flatten(1), torch.flatten(x, 0, 1)


@torch.jit.script
def by_size(x):
    return x.view(x.size(0), -1)


def run():
    yield "reshaped", reshaped(torch.arange(6).reshape(2, 3))
    yield "squeezed", squeezed(torch.arange(3).reshape(1, 3))
    yield "partly", partly(torch.arange(8).reshape(2, 2, 2))
    yield "by size", by_size(torch.zeros(2, 3, 4))
    yield "impossible", lambda: reshaped(torch.zeros(5))

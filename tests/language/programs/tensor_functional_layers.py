"""linear, layer_norm and embedding of nn.functional."""

import torch


@torch.jit.script
def linear(x, w, b):
    return torch.nn.functional.linear(x, w), torch.nn.functional.linear(x, w, b)


@torch.jit.script
def norm(x):
    return torch.nn.functional.layer_norm(x, [3])


@torch.jit.script
def embed(i, w):
    return torch.nn.functional.embedding(i, w)


def run():
    x = torch.tensor([[1.0, 2.0, 3.0]])
    w = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
    yield "linear", linear(x, w, torch.tensor([10.0, 20.0]))
    yield "layer_norm", norm(torch.tensor([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]))
    yield "embedding", embed(torch.tensor([[1, 0], [1, 1]]), w)

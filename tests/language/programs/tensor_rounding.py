"""floor, ceil, round, trunc and clamp."""

import torch


@torch.jit.script
def rounded(x):
    return x.floor(), x.ceil(), x.round(), x.trunc()


@torch.jit.script
def clamped(x, low: float, high: float):
    return x.clamp(low, high), torch.clamp(x, min=low), x.clamp(max=high)


def run():
    x = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.7])
    yield "rounded", rounded(x)
    yield "clamped", clamped(x, -1.0, 1.0)

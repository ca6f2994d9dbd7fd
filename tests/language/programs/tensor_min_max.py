"""max and min of all elements, and with indices over an axis."""

import torch


@torch.jit.script
def whole(x):
    return x.max(), x.min(), x.argmax(), x.argmin()


@torch.jit.script
def axis(x, d: int):
    values, indices = x.max(d)
    low, where = x.min(dim=d)
    return values, indices, low, where


@torch.jit.script
def pairwise(x, y):
    return torch.maximum(x, y), torch.minimum(x, y)


def run():
    x = torch.tensor([[1.0, 7.0, 3.0], [9.0, -5.0, 6.0]])
    yield "whole", whole(x)
    yield "axis 0", axis(x, 0)
    yield "axis 1", axis(x, 1)
    yield "ints", whole(torch.tensor([3, 1, 2]))
    yield "pairwise", pairwise(x, torch.tensor([2.0, 2.0, 2.0]))
    yield "empty", lambda: whole(torch.zeros(0))

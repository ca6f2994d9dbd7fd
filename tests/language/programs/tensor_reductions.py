"""sum, mean, prod, and over an axis, with keepdim."""

import torch


@torch.jit.script
def whole(x):
    return x.sum(), x.mean(), x.prod(), torch.sum(x)


@torch.jit.script
def axis(x, d: int):
    return x.sum(d), x.mean(dim=d), x.sum(dim=d, keepdim=True)


@torch.jit.script
def axes(x):
    return x.sum([0, 1]), x.mean([0, 2], keepdim=True)


@torch.jit.script
def counts(x):
    return x.sum(), x.sum(0)


def run():
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    yield "whole", whole(x)
    yield "axis 0", axis(x, 0)
    yield "axis -1", axis(x, -1)
    yield "axes", axes(torch.arange(8.0).reshape(2, 2, 2))
    yield "ints", counts(torch.tensor([[1, 2], [3, 4]], dtype=torch.int32))
    yield "bools", counts(torch.tensor([[True, False], [True, True]]))
    yield "empty", counts(torch.zeros(0, 2))
    yield "bad axis", lambda: axis(x, 2)

"""Augmented assignment to a subscript changes the Tensor in place."""

import torch


@torch.jit.script
def augmented(x):
    x[0] += 1
    x[1:, 0] *= 10
    x[:, -1] -= x[:, 0]
    return x


@torch.jit.script
def masked(x):
    x[x > 2] += 100
    return x


def run():
    x = torch.arange(6.0).reshape(3, 2)
    yield "result", augmented(x)
    yield "argument", x
    yield "mask", masked(torch.tensor([1, 2, 3, 4]))

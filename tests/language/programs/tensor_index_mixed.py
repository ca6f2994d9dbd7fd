"""Tensor indices mixed with ints, slices and None."""

import torch


@torch.jit.script
def mixed(x, i):
    return x[i, 0], x[0, i], x[:, i, 1:], x[None, i]


@torch.jit.script
def by_list(x):
    return x[[0, 0]], x[:, [1, 0]]


def run():
    x = torch.arange(12).reshape(2, 2, 3)
    yield "mixed", mixed(x, torch.tensor([1, 0, 1]))
    yield "list", by_list(x)

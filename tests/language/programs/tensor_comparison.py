"""Comparisons of Tensors give bool Tensors."""

import torch


@torch.jit.script
def tensors(x, y):
    return x < y, x <= y, x == y, x != y, x >= y, x > y


@torch.jit.script
def number(x, v: float):
    return x < v, x == v, x >= v


def run():
    x = torch.tensor([1.0, 2.0, 3.0])
    yield "tensors", tensors(x, torch.tensor([2.0, 2.0, 2.0]))
    yield "broadcast", tensors(x.reshape(3, 1), torch.tensor([1, 3]))
    yield "number", number(x, 2.0)
    yield "nan", number(torch.tensor([float("nan"), 0.0]), 0.0)

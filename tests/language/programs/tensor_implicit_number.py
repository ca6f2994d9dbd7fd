"""A 0-d Tensor is accepted where a callee declares a number; others raise."""

import torch


@torch.jit.script
def scale(x, k: float):
    return x * k


@torch.jit.script
def repeat(x, n: int):
    for i in range(n):
        x = x + 1
    return x


@torch.jit.script
def caller(x, k):
    return scale(x, k), repeat(x, k)


def run():
    yield "0-d", caller(torch.ones(2), torch.tensor(3))
    yield "zero", caller(torch.tensor([0.5]), torch.tensor(0))
    yield "two elements", lambda: caller(torch.ones(2), torch.tensor([1, 2]))

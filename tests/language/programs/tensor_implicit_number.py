"""A Tensor is accepted where a number is declared in a callee."""

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
    return scale(x, float(k)), repeat(x, int(k))


def run():
    yield "float", caller(torch.ones(2), torch.tensor(2.5))
    yield "int", caller(torch.ones(2), torch.tensor(3))

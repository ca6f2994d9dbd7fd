"""`+ - * / // % **` of Tensors."""

import torch


@torch.jit.script
def arithmetic(x, y):
    return x + y, x - y, x * y, x / y, x // y, x % y


@torch.jit.script
def power(x):
    return x**2, x**0.5, 2**x


def run():
    a = torch.tensor([7.0, -7.0, 7.5, 0.0])
    b = torch.tensor([2.0, 2.0, -2.0, 3.0])
    yield "floats", arithmetic(a, b)
    i = torch.tensor([7, -7, 7, -7])
    j = torch.tensor([2, 2, -2, -2])
    yield "ints", arithmetic(i, j)
    yield "empty", arithmetic(torch.zeros(0), torch.zeros(0))
    yield "power", power(torch.tensor([1.0, 2.0, 4.0]))

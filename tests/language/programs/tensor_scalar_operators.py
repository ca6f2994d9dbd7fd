"""Operators of a Tensor and a number, on either side."""

import torch


@torch.jit.script
def right(x, i: int, v: float):
    return x + i, x - v, x * i, x / i, x // i, x % i


@torch.jit.script
def left(x, i: int, v: float):
    return i + x, v - x, i * x, v / x


@torch.jit.script
def unary(x):
    return -x, abs(x), -x.abs()


def run():
    x = torch.tensor([1.0, -2.0, 4.0])
    n = torch.tensor([1, -2, 4])
    yield "float right", right(x, 3, 0.5)
    yield "int right", right(n, 3, 0.5)
    yield "float left", left(x, 3, 0.5)
    yield "int left", left(n, 3, 0.5)
    yield "unary", unary(x)

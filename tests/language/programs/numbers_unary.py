"""Unary minus and `not`, and how minus binds with `**`."""

import torch


@torch.jit.script
def negate(a: int, b: float, c: bool):
    return -a, -b, not c, -(-a)


@torch.jit.script
def binds(b: float):
    return -(b**2.0), -(b**2)


def run():
    yield "positive", negate(3, 1.5, True)
    yield "negative", negate(-3, -1.5, False)
    yield "zero", negate(0, 0.0, True)
    yield "power first", binds(3.0)

"""`+ - *` of two ints is an int, and of an int and a float is a float."""

import torch


@torch.jit.script
def ints(a: int, b: int):
    return a + b, a - b, a * b


@torch.jit.script
def mixed(a: int, b: float):
    return a + b, b - a, a * b


def run():
    yield "ints", ints(7, -3)
    yield "zero", ints(0, 0)
    yield "large", ints(3_000_000_000, 3)
    yield "mixed", mixed(2, 0.5)
    yield "negative", mixed(-2, 1.5)

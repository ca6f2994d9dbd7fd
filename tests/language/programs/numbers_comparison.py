"""The six comparisons of ints, floats, and an int with a float."""

import torch


@torch.jit.script
def ints(a: int, b: int):
    return a < b, a <= b, a == b, a != b, a >= b, a > b


@torch.jit.script
def mixed(a: int, b: float):
    return a < b, a <= b, a == b, a != b, a >= b, a > b


def run():
    for a, b in [(1, 2), (2, 2), (3, 2), (-1, 1)]:
        yield f"{a}, {b}", ints(a, b)
    for a, b in [(1, 1.5), (2, 2.0), (-1, -1.5)]:
        yield f"{a}, {b}", mixed(a, b)

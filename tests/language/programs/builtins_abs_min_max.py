"""abs; min and max of two numbers."""

import torch


@torch.jit.script
def ints(a: int, b: int):
    return abs(a), min(a, b), max(a, b)


@torch.jit.script
def floats(a: float, b: float):
    return abs(a), min(a, b), max(a, b)


def run():
    for a, b in [(3, 5), (-5, 3), (0, 0), (-2, -7)]:
        yield f"{a}, {b}", ints(a, b)
    for a, b in [(1.5, -1.5), (-0.5, 2.0)]:
        yield f"{a}, {b}", floats(a, b)

"""`/` of any two numbers is a float."""

import torch


@torch.jit.script
def ints(a: int, b: int):
    return a / b


@torch.jit.script
def floats(a: float, b: float):
    return a / b


@torch.jit.script
def mixed(a: int, b: float):
    return a / b


def run():
    for a, b in [(6, 3), (1, 3), (-7, 2), (0, -5)]:
        yield f"{a} / {b}", ints(a, b)
    yield "floats", floats(1.0, 4.0)
    yield "mixed", mixed(3, -0.5)

"""`%` of floats, and of an int and a float, has the sign of the divisor."""

import torch


@torch.jit.script
def floats(a: float, b: float):
    return a % b


@torch.jit.script
def int_float(a: int, b: float):
    return a % b


@torch.jit.script
def float_int(a: float, b: int):
    return a % b


def run():
    for a, b in [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-7.5, -2.0), (0.25, 0.5)]:
        yield f"{a} % {b}", floats(a, b)
    yield "int by float", int_float(-7, 2.5)
    yield "float by int", float_int(-7.5, 2)

"""`**` with a float operand is a float."""

import torch


@torch.jit.script
def floats(a: float, b: float):
    return a**b


@torch.jit.script
def float_int(a: float, b: int):
    return a**b


@torch.jit.script
def int_float(a: int, b: float):
    return a**b


def run():
    yield "square", floats(1.5, 2.0)
    yield "root", floats(2.0, 0.5)
    yield "reciprocal", floats(4.0, -1.0)
    yield "zeroth", floats(0.0, 0.0)
    yield "int exponent", float_int(-1.5, 3)
    yield "negative exponent", float_int(2.0, -3)
    yield "int base", int_float(9, 0.5)

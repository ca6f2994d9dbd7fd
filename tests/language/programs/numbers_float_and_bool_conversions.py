"""`float()` of int and bool, `bool()` of int and float."""

import torch


@torch.jit.script
def to_float(i: int, b: bool):
    return float(i), float(b)


@torch.jit.script
def to_bool(i: int, x: float):
    return bool(i), bool(x)


def run():
    yield "to float", to_float(3, True)
    yield "to float, negative", to_float(-3, False)
    yield "zeros", to_bool(0, 0.0)
    yield "others", to_bool(-1, 0.5)

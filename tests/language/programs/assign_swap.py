"""The right side is evaluated before any target is assigned."""

import torch


@torch.jit.script
def swap(a: int, b: int):
    a, b = b, a
    return a, b


@torch.jit.script
def rotate(a: int, b: int, c: int):
    a, b, c = b, c, a + b
    return a, b, c


def run():
    yield "swap", swap(1, 2)
    yield "rotate", rotate(1, 2, 3)

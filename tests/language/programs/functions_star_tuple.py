"""A tuple is spread with `*` in a call."""

import torch
from typing import Tuple


def digits(a: int, b: int, c: int):
    return a * 100 + b * 10 + c


@torch.jit.script
def spread(t: Tuple[int, int, int]):
    return digits(*t)


@torch.jit.script
def partly(a: int, t: Tuple[int, int]):
    return digits(a, *t)


def run():
    yield "all", spread((1, 2, 3))
    yield "rest", partly(4, (5, 6))

"""Tuples are taken apart on assignment, also nested."""

import torch
from typing import Tuple


@torch.jit.script
def flat(t: Tuple[int, float, str]):
    a, b, c = t
    return c, b, a


@torch.jit.script
def nested(t: Tuple[int, Tuple[int, int]]):
    a, (b, c) = t
    return a * 100 + b * 10 + c


def run():
    yield "flat", flat((1, 2.0, "x"))
    yield "nested", nested((1, (2, 3)))

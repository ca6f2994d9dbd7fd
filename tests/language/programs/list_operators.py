"""`+`, `*`, `+=`, `==` and `!=` of lists."""

import torch
from typing import List


@torch.jit.script
def arithmetic(a: List[int], b: List[int], n: int):
    return a + b, a * n


@torch.jit.script
def in_place(a: List[int], b: List[int]):
    c = a
    a += b
    return a, c


@torch.jit.script
def equality(a: List[int], b: List[int]):
    return a == b, a != b


def run():
    yield "arithmetic", arithmetic([1, 2], [3], 2)
    yield "zero times", arithmetic([1, 2], [], 0)
    yield "in place", in_place([1], [2, 3])
    yield "equal", equality([1, 2], [1, 2])
    yield "longer", equality([1, 2], [1, 2, 3])
    yield "differs", equality([1, 2], [1, 3])
    yield "empty", equality([], [])

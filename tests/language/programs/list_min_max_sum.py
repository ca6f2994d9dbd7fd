"""min, max and sum of lists; min and max of an empty list raise."""

import torch
from typing import List


@torch.jit.script
def ints(a: List[int]):
    return min(a), max(a), sum(a)


@torch.jit.script
def floats(a: List[float]):
    return min(a), max(a), sum(a)


@torch.jit.script
def total(a: List[int]):
    return sum(a)


def run():
    yield "ints", ints([3, -1, 2])
    yield "one", ints([4])
    yield "floats", floats([0.5, -0.25, 2.0])
    yield "empty sum", total([])
    yield "empty min", lambda: ints([])

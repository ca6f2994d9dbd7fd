"""sorted gives a new list and leaves the old one."""

import torch
from typing import List


@torch.jit.script
def ints(a: List[int]):
    b = sorted(a)
    return a, b


@torch.jit.script
def floats(a: List[float]):
    return sorted(a)


@torch.jit.script
def strs(a: List[str]):
    return sorted(a)


def run():
    yield "ints", ints([3, 1, 2])
    yield "empty", ints([])
    yield "floats", floats([0.5, -0.5, 0.0])
    yield "strs", strs(["pear", "apple", "fig"])

"""`in` and `not in` of lists of ints, floats and strs."""

import torch
from typing import List


@torch.jit.script
def ints(a: List[int], x: int):
    return x in a, x not in a


@torch.jit.script
def floats(a: List[float], x: float):
    return x in a


@torch.jit.script
def strs(a: List[str], x: str):
    return x in a


def run():
    yield "in", ints([1, 2], 2)
    yield "not in", ints([1, 2], 3)
    yield "empty", ints([], 0)
    yield "float", floats([0.5], 0.5)
    yield "str", strs(["ab"], "a")

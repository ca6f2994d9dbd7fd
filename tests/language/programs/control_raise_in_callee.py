"""An exception raised in a callee, inside a loop, reaches the caller."""

import torch
from typing import List


def check(x: int) -> int:
    if x == 0:
        raise ValueError("zero")
    return 12 // x


@torch.jit.script
def total(a: List[int]):
    s = 0
    for x in a:
        s += check(x)
    return s


def run():
    yield "fine", total([1, 2, -3])
    yield "raises", lambda: total([1, 0, 3])
    yield "empty", total([])

"""A return inside loops ends the function, whatever the nesting."""

import torch
from typing import List


@torch.jit.script
def find(a: List[int], x: int):
    for i in range(len(a)):
        if a[i] == x:
            return i
    return -1


@torch.jit.script
def pair(total: int, limit: int):
    for a in range(limit):
        b = a
        while b < limit:
            if a * b == total:
                return a, b
            b += 1
    return -1, -1


def run():
    yield "first", find([4, 5, 4], 4)
    yield "last", find([4, 5, 6], 6)
    yield "absent", find([4, 5, 6], 7)
    yield "empty", find([], 1)
    yield "pair", pair(12, 10)
    yield "no pair", pair(13, 10)

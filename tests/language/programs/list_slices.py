"""Slices with bounds from either end and beyond, and with a step."""

import torch
from typing import List


@torch.jit.script
def bounds(a: List[int], i: int, j: int):
    return a[i:j], a[i:], a[:j], a[:]


@torch.jit.script
def step(a: List[int], i: int, j: int, k: int):
    return a[i:j:k]


def run():
    a = [0, 1, 2, 3, 4, 5]
    for i, j in [(1, 4), (-4, -1), (4, 1), (0, 100), (-100, 2), (3, 3)]:
        yield f"{i}:{j}", bounds(a, i, j)
    for i, j, k in [(0, 6, 2), (1, 5, 3), (0, 0, 1)]:
        yield f"{i}:{j}:{k}", step(a, i, j, k)
    yield "empty", bounds([], 0, 1)

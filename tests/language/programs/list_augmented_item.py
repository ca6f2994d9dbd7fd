"""Augmented assignment to an item."""

import torch
from typing import List


@torch.jit.script
def histogram(a: List[int], n: int):
    counts = [0] * n
    for x in a:
        counts[x] += 1
    return counts


@torch.jit.script
def scale(a: List[float]):
    for i in range(len(a)):
        a[i] *= 2.0
    return a


def run():
    yield "histogram", histogram([0, 2, 2, 1, 2], 4)
    yield "negative index", histogram([-1, -1], 3)
    yield "scale", scale([0.5, -1.0])

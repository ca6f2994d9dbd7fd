"""reverse and sort work in place; sort takes `reverse`."""

import torch
from typing import List


@torch.jit.script
def reverse(a: List[int]):
    a.reverse()
    return a


@torch.jit.script
def sort(a: List[int]):
    a.sort()
    return a


@torch.jit.script
def sort_down(a: List[float]):
    a.sort(reverse=True)
    return a


@torch.jit.script
def sort_strs(a: List[str]):
    a.sort()
    return a


def run():
    yield "reverse", reverse([3, 1, 2])
    yield "reverse empty", reverse([])
    yield "sort", sort([3, -1, 2, 3])
    yield "sort empty", sort([])
    yield "sort down", sort_down([0.5, -1.0, 2.0])
    yield "sort strs", sort_strs(["b", "B", "a", ""])

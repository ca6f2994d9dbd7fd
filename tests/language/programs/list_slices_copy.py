"""A slice is a copy, and a name is not."""

import torch
from typing import List


@torch.jit.script
def share(a: List[int]):
    b = a
    c = a[:]
    d = list(a)
    b.append(9)
    return a, b, c, d


def run():
    yield "two", share([1, 2])
    yield "empty", share([])

"""A variable assigned before a loop as its target is alive after the loop."""

import torch
from typing import List


@torch.jit.script
def last(a: List[int]):
    x = -1
    for x in a:
        if x > 5:
            break
    return x


@torch.jit.script
def last_index(n: int):
    i = -1
    for i in range(n):
        pass
    return i


def run():
    yield "broken off", last([1, 9, 2])
    yield "to the end", last([1, 2])
    yield "empty", last([])
    yield "range", last_index(4)
    yield "no range", last_index(0)

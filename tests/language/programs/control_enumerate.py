"""enumerate over a list, with and without a start."""

import torch
from typing import List


@torch.jit.script
def plain(a: List[int]):
    s = 0
    for i, x in enumerate(a):
        s += i * x
    return s


@torch.jit.script
def started(a: List[str], start: int):
    out = ""
    for i, s in enumerate(a, start):
        out += str(i) + s
    return out


def run():
    yield "plain", plain([5, 6, 7])
    yield "empty", plain([])
    yield "start", started(["a", "b"], 5)
    yield "start, empty", started([], 5)

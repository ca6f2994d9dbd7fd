"""break and continue in one loop, after which its variables hold."""

import torch
from typing import List


@torch.jit.script
def total(a: List[int]):
    s = 0
    seen = 0
    for x in a:
        seen += 1
        if x < 0:
            continue
        if x > 100:
            break
        s += x
    return s, seen


def run():
    yield "both", total([1, -5, 2, 1000, 3])
    yield "only continue", total([-1, -2])
    yield "plain", total([1, 2, 3])
    yield "empty", total([])

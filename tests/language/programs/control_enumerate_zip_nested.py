"""enumerate of zip, with nested targets."""

import torch
from typing import List


@torch.jit.script
def combine(a: List[int], b: List[int]):
    out: List[int] = []
    for i, (x, y) in enumerate(zip(a, b)):
        out.append(100 * i + 10 * x + y)
    return out


def run():
    yield "two", combine([1, 2], [3, 4])
    yield "shorter", combine([1, 2, 3], [9])
    yield "empty", combine([], [])

"""Chained comparisons hold when every link holds."""

import torch


@torch.jit.script
def between(low: int, x: int, high: int):
    return low <= x < high


@torch.jit.script
def four(a: float, b: float, c: float, d: float):
    return a < b < c < d


def run():
    for x in [-1, 0, 3, 4]:
        yield f"0 <= {x} < 4", between(0, x, 4)
    yield "rising", four(1.0, 2.0, 3.0, 4.0)
    yield "not rising", four(1.0, 3.0, 2.0, 4.0)

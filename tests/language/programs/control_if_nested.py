"""Nested ifs, with a variable assigned on every path."""

import torch


@torch.jit.script
def quadrant(x: float, y: float):
    if x > 0:
        if y > 0:
            q = 1
        else:
            q = 4
    else:
        if y > 0:
            q = 2
        else:
            q = 3
    return q


def run():
    for x, y in [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (0.0, 0.0)]:
        yield f"{x}, {y}", quadrant(x, y)

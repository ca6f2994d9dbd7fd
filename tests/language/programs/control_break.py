"""break leaves the innermost loop only."""

import torch
from typing import List


@torch.jit.script
def pairs(n: int, stop: int):
    found: List[int] = []
    for i in range(n):
        for j in range(n):
            if j == stop:
                break
            found.append(10 * i + j)
        if i == 2:
            break
    return found


def run():
    yield "both break", pairs(5, 2)
    yield "at once", pairs(5, 0)
    yield "never", pairs(2, 9)
    yield "no iterations", pairs(0, 0)

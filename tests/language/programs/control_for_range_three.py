"""for over range(a, b, step), also with a negative step; step 0 raises."""

import torch
from typing import List


@torch.jit.script
def count(a: int, b: int, step: int):
    out: List[int] = []
    for i in range(a, b, step):
        out.append(i)
    return out


def run():
    for a, b, c in [(0, 10, 3), (0, 9, 3), (10, 0, -3), (5, 5, 1), (0, 5, -1)]:
        yield f"{a}, {b}, {c}", count(a, b, c)
    yield "step 0", lambda: count(0, 5, 0)

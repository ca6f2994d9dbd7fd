"""for over range(a, b) counts from a up to b, exclusive."""

import torch
from typing import List


@torch.jit.script
def count(a: int, b: int):
    out: List[int] = []
    for i in range(a, b):
        out.append(i)
    return out


def run():
    for a, b in [(2, 5), (-2, 2), (3, 3), (5, 2)]:
        yield f"{a}, {b}", count(a, b)

"""for over range(n) counts from 0; a negative n gives no iteration."""

import torch
from typing import List


@torch.jit.script
def count(n: int):
    out: List[int] = []
    for i in range(n):
        out.append(i)
    return out


def run():
    for n in [3, 1, 0, -2]:
        yield f"{n}", count(n)

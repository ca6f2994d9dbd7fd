"""for over a list literal and over a nested list."""

import torch
from typing import List


@torch.jit.script
def literal(n: int):
    s = 0
    for x in [n, 2 * n, 7]:
        s += x
    return s


@torch.jit.script
def nested(a: List[List[int]]):
    out: List[int] = []
    for row in a:
        s = 0
        for x in row:
            s += x
        out.append(s)
    return out


def run():
    yield "literal", literal(3)
    yield "nested", nested([[1, 2], [], [3]])
    yield "empty", nested([])

"""continue goes on with the next iteration, in for and in while."""

import torch
from typing import List


@torch.jit.script
def odd(n: int):
    found: List[int] = []
    for i in range(n):
        if i % 2 == 0:
            continue
        found.append(i)
    return found


@torch.jit.script
def skip(n: int, bad: int):
    total = 0
    while n > 0:
        n -= 1
        if n == bad:
            continue
        total += n
    return total


def run():
    for n in [0, 1, 2, 7]:
        yield f"odd below {n}", odd(n)
    yield "skip 3", skip(6, 3)
    yield "skip none", skip(6, 10)

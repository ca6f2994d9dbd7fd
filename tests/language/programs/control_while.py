"""while runs until its condition is false, which may be at once."""

import torch


@torch.jit.script
def collatz(n: int):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def run():
    for n in [1, 2, 6, 27]:
        yield f"{n}", collatz(n)

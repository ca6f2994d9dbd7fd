"""The bounds of a range are read once, and assigning the loop variable is local."""

import torch


@torch.jit.script
def moving(n: int):
    turns = 0
    for i in range(n):
        n += 10
        i = i * 100
        turns += 1
    return turns, n


def run():
    for n in [0, 1, 4]:
        yield f"{n}", moving(n)

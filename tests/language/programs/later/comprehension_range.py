"""A list comprehension over a range."""

import torch


@torch.jit.script
def squares(n: int):
    return [i * i for i in range(n)]


def run():
    for n in [0, 1, 4]:
        yield f"{n}", squares(n)

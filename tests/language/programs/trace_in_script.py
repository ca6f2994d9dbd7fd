"""A traced function is called by a script."""

import torch


def f(x):
    return x * 2 + 1


traced = torch.jit.trace(f, torch.ones(2))


@torch.jit.script
def repeat(x, n: int):
    for i in range(n):
        x = traced(x)
    return x


def run():
    for n in [0, 1, 4]:
        yield f"{n}", repeat(torch.tensor([0.0, 1.0, -1.0]), n)

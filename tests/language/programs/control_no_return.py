"""A function without return gives None."""

import torch


@torch.jit.script
def nothing(x):
    x.add_(1)


@torch.jit.script
def bare(a: int) -> None:
    if a > 0:
        return
    assert a > -5


def run():
    x = torch.zeros(2)
    yield "falls off the end", (nothing(x), x)
    yield "bare return", bare(1)
    yield "no return", bare(0)
    yield "raises", lambda: bare(-9)

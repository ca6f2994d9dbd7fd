"""Keyword arguments in any order, from Python and from a script."""

import torch


@torch.jit.script
def digits(a: int, b: int = 2, c: int = 3):
    return a * 100 + b * 10 + c


@torch.jit.script
def caller(x: int):
    return digits(c=x, a=7), digits(x, c=9), digits(1, b=x)


def run():
    yield "from Python", digits(c=5, a=1)
    yield "one", digits(1, c=4)
    yield "from a script", caller(6)
    yield "unknown", lambda: digits(1, d=4)
    yield "twice", lambda: digits(1, a=4)

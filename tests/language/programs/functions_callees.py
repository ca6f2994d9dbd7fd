"""Plain Python functions that a script calls are compiled on the way."""

import torch


def square(x):
    return x * x


def norm(x):
    return square(x).sum()


@torch.jit.script
def normalise(x):
    n = norm(x)
    if n > 0:
        return x / n
    return x


def run():
    yield "vector", normalise(torch.tensor([1.0, 3.0]))
    yield "zero", normalise(torch.zeros(2))
    yield "empty", normalise(torch.zeros(0))

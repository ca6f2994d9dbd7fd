"""Several results are a tuple; a one-element and an empty tuple are tuples too."""

import torch


@torch.jit.script
def three(x: int):
    return x, float(x), str(x)


@torch.jit.script
def one(x: int):
    return (x,)


@torch.jit.script
def nested(x):
    return x, (x + 1, [x + 2, x + 3])


def run():
    yield "three", three(3)
    yield "one", one(3)
    yield "nested", nested(torch.ones(1))

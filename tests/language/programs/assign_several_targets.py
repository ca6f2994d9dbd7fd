"""One value assigned to several targets."""

import torch


@torch.jit.script
def twice(x: int):
    a = b = x + 1
    a += 1
    return a, b


@torch.jit.script
def shared(x):
    a = b = x + 1
    a.add_(10)
    return a, b


def run():
    yield "ints", twice(3)
    yield "tensors are shared", shared(torch.zeros(2))

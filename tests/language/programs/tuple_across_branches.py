"""A tuple assigned in both branches and carried through a loop."""

import torch


@torch.jit.script
def branch(flip: bool, a: int, b: int):
    if flip:
        t = (b, a)
    else:
        t = (a, b)
    return t


@torch.jit.script
def gcd(a: int, b: int):
    t = (a, b)
    while t[1] != 0:
        t = (t[1], t[0] % t[1])
    return t


def run():
    yield "flip", branch(True, 1, 2)
    yield "keep", branch(False, 1, 2)
    yield "gcd", gcd(48, 18)
    yield "at once", gcd(5, 0)

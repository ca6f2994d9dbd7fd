"""A function that a closure holds is called by the script."""

import torch


def make(fn):
    def apply_twice(x: int) -> int:
        return fn(fn(x))

    return torch.jit.script(apply_twice)


def double(x: int) -> int:
    return 2 * x


def decrement(x: int) -> int:
    return x - 1


def run():
    yield "double", make(double)(5)
    yield "decrement", make(decrement)(5)

"""A name may take another type in straight-line code."""

import torch


@torch.jit.script
def retype(x: int):
    y = x
    a = y + 1
    y = str(y)
    b = y + "!"
    y = [y, b]
    return a, b, y


def run():
    yield "int", retype(4)
    yield "negative", retype(-4)

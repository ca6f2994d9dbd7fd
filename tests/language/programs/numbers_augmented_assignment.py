"""`+= -= *= /=` on numbers."""

import torch


@torch.jit.script
def ints(a: int):
    a += 5
    a -= 2
    a *= 3
    return a


@torch.jit.script
def floats(x: float):
    x += 1
    x -= 0.25
    x *= 2
    x /= 4
    return x


def run():
    for a in [0, 4, -7]:
        yield f"int {a}", ints(a)
    for x in [0.0, 1.5, -3.0]:
        yield f"float {x}", floats(x)

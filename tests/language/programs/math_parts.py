"""math.modf, frexp, ldexp, fmod, copysign and remainder."""

import torch
import math


@torch.jit.script
def parts(x: float):
    return math.modf(x), math.frexp(x)


@torch.jit.script
def two(x: float, y: float):
    return math.fmod(x, y), math.copysign(x, y), math.remainder(x, y)


@torch.jit.script
def load(x: float, n: int):
    return math.ldexp(x, n)


def run():
    for x in [3.75, -3.75, 0.0, 8.0]:
        yield f"{x}", parts(x)
    for x, y in [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (5.0, 2.0)]:
        yield f"{x}, {y}", two(x, y)
    yield "ldexp", load(0.75, 4)
    yield "ldexp negative", load(3.0, -1)

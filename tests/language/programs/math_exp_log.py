"""math.exp, expm1, log (one argument), log10, log1p, sqrt and pow."""

import torch
import math


@torch.jit.script
def exponentials(x: float):
    return math.exp(x), math.expm1(x), math.pow(2.0, x)


@torch.jit.script
def logarithms(x: float):
    return math.log(x), math.log10(x), math.log1p(x), math.sqrt(x)


def run():
    for x in [0.0, 1.0, -1.5, 1e-9]:
        yield f"exp {x}", exponentials(x)
    for x in [1.0, 2.0, 100.0, 1e-9]:
        yield f"log {x}", logarithms(x)

"""math's hyperbolic functions and their inverses."""

import torch
import math


@torch.jit.script
def forward(x: float):
    return math.sinh(x), math.cosh(x), math.tanh(x), math.asinh(x)


@torch.jit.script
def inverse(x: float):
    return math.acosh(x + 1.0), math.atanh(x)


def run():
    for x in [0.0, 0.5, -2.0]:
        yield f"{x}", forward(x)
    for x in [0.0, 0.5, 0.9]:
        yield f"inverse {x}", inverse(x)

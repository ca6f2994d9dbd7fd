"""math's trigonometric functions, their inverses and atan2."""

import torch
import math


@torch.jit.script
def forward(x: float):
    return math.sin(x), math.cos(x), math.tan(x)


@torch.jit.script
def inverse(x: float):
    return math.asin(x), math.acos(x), math.atan(x)


@torch.jit.script
def angle(y: float, x: float):
    return math.atan2(y, x), math.degrees(x), math.radians(y)


def run():
    for x in [0.0, 0.5, -1.0, 3.0]:
        yield f"{x}", forward(x)
    for x in [0.0, 0.5, -1.0]:
        yield f"inverse {x}", inverse(x)
    for y, x in [(1.0, 1.0), (-1.0, -1.0), (0.0, -1.0), (180.0, 3.0)]:
        yield f"angle {y}, {x}", angle(y, x)

"""math.erf, erfc, gamma and lgamma."""

import torch
import math


@torch.jit.script
def special(x: float):
    return math.erf(x), math.erfc(x), math.gamma(x), math.lgamma(x)


def run():
    for x in [0.5, 1.0, 4.5, -0.5]:
        yield f"{x}", special(x)

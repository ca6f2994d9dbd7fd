"""math.ceil and math.floor give ints, math.fabs a float."""

import torch
import math


@torch.jit.script
def rounded(x: float):
    return math.ceil(x), math.floor(x), math.fabs(x)


def run():
    for x in [0.0, 0.5, -0.5, 2.0, -2.0, 7.9, -7.9]:
        yield f"{x}", rounded(x)

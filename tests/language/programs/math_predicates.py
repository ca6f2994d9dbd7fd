"""math.isnan, isinf and isfinite."""

import torch
import math


@torch.jit.script
def tests(x: float):
    return math.isnan(x), math.isinf(x), math.isfinite(x)


def run():
    for x in [0.0, 1e300, float("inf"), float("-inf"), float("nan")]:
        yield f"{x}", tests(x)

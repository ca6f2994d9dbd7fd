"""inf and nan: made, compared, and carried through arithmetic."""

import torch
import math


@torch.jit.script
def values():
    return float("inf"), float("-inf"), math.inf, -math.inf


@torch.jit.script
def arithmetic(x: float):
    return x + 1.0, x * 2.0, -x, x - x


@torch.jit.script
def compare(x: float, y: float):
    return x == y, x != y, x < y, x >= y


def run():
    inf = float("inf")
    nan = float("nan")
    yield "values", values()
    yield "inf", arithmetic(inf)
    yield "minus inf", arithmetic(-inf)
    yield "nan", arithmetic(nan)
    yield "inf and inf", compare(inf, inf)
    yield "nan and nan", compare(nan, nan)
    yield "1 and inf", compare(1.0, inf)

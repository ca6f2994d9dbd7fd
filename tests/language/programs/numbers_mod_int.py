"""`%` of ints has the sign of the divisor."""

import torch


@torch.jit.script
def mod(a: int, b: int):
    return a % b


def run():
    for a, b in [(7, 3), (-7, 3), (7, -3), (-7, -3), (6, 3), (-6, 3), (0, 4), (2, 9)]:
        yield f"{a} % {b}", mod(a, b)

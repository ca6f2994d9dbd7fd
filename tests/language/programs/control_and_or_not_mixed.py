"""`not` binds tighter than `and`, and `and` tighter than `or`."""

import torch


@torch.jit.script
def mixed(a: bool, b: bool, c: bool):
    return a or b and c, not a and b, not (a or b) or c


def run():
    for n in range(8):
        a, b, c = bool(n & 4), bool(n & 2), bool(n & 1)
        yield f"{a}, {b}, {c}", mixed(a, b, c)

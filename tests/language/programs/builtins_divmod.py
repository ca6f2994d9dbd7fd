"""divmod of ints and of floats, for all signs."""

import torch


@torch.jit.script
def ints(a: int, b: int):
    return divmod(a, b)


@torch.jit.script
def floats(a: float, b: float):
    return divmod(a, b)


def run():
    for a, b in [(7, 2), (-7, 2), (7, -2), (-7, -2), (0, 3)]:
        yield f"{a}, {b}", ints(a, b)
    for a, b in [(7.5, 2.0), (-7.5, 2.0)]:
        yield f"{a}, {b}", floats(a, b)

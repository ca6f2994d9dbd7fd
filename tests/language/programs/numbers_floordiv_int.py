"""`//` of ints rounds towards minus infinity for all signs."""

import torch


@torch.jit.script
def floordiv(a: int, b: int):
    return a // b


def run():
    for a, b in [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (0, 5), (1, 9), (-1, 9)]:
        yield f"{a} // {b}", floordiv(a, b)
    yield "by zero", lambda: floordiv(1, 0)

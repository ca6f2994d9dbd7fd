"""`<<` and `>>` of ints; a right shift keeps the sign."""

import torch


@torch.jit.script
def left(a: int, n: int):
    return a << n


@torch.jit.script
def right(a: int, n: int):
    return a >> n


def run():
    for a, n in [(1, 0), (1, 5), (3, 40), (-3, 2), (0, 9)]:
        yield f"{a} << {n}", left(a, n)
    for a, n in [(32, 2), (7, 1), (-7, 1), (-1, 3), (5, 0), (5, 10)]:
        yield f"{a} >> {n}", right(a, n)

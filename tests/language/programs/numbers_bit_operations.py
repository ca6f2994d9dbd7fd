"""`& | ^` of ints and of negative ints, as in two's complement."""

import torch


@torch.jit.script
def bits(a: int, b: int):
    return a & b, a | b, a ^ b


@torch.jit.script
def logic(a: bool, b: bool):
    return a & b, a | b, a ^ b


def run():
    for a, b in [(12, 10), (0, 7), (-1, 5), (-8, -3), (255, 256)]:
        yield f"{a}, {b}", bits(a, b)
    for a in [True, False]:
        for b in [True, False]:
            yield f"{a}, {b}", logic(a, b)

"""`|= &= ^= <<= >>=` on ints."""

import torch


@torch.jit.script
def bits(a: int):
    a |= 0b1001
    b = a
    b &= 0b1100
    c = b
    c ^= 0b0101
    d = c
    d <<= 3
    e = d
    e >>= 1
    return a, b, c, d, e


def run():
    for a in [0, 6, 255, -2]:
        yield f"{a}", bits(a)

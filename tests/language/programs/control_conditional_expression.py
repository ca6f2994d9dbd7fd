"""Conditional expressions, nested and chained."""

import torch


@torch.jit.script
def grade(x: int):
    return "low" if x < 3 else "middle" if x < 6 else "high"


@torch.jit.script
def pick(a: bool, b: bool):
    return (1 if b else 2) if a else (3 if b else 4)


def run():
    for x in [0, 3, 5, 6]:
        yield f"{x}", grade(x)
    for a in [True, False]:
        for b in [True, False]:
            yield f"{a}, {b}", pick(a, b)

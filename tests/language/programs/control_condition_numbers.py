"""ints and floats are conditions: zero is false."""

import torch


@torch.jit.script
def of_int(i: int):
    if i:
        return "true"
    return "false"


@torch.jit.script
def of_float(x: float):
    return "true" if x else "false"


@torch.jit.script
def countdown(n: int):
    steps = 0
    while n:
        n -= 1
        steps += 1
    return steps


def run():
    for i in [0, 1, -1]:
        yield f"int {i}", of_int(i)
    for x in [0.0, 0.1, -2.0]:
        yield f"float {x}", of_float(x)
    yield "while", countdown(4)

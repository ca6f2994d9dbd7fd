"""`while True` ends at a break."""

import torch


@torch.jit.script
def root(x: float):
    guess = x
    steps = 0
    while True:
        better = (guess + x / guess) / 2
        steps += 1
        if abs(better - guess) < 1e-9 or steps > 50:
            break
        guess = better
    return guess, steps


def run():
    for x in [1.0, 2.0, 100.0]:
        yield f"{x}", root(x)

"""An if without else changes a variable only when it is taken."""

import torch


@torch.jit.script
def clamp(x: int):
    changed = False
    if x > 10:
        x = 10
        changed = True
    if x < 0:
        x = 0
        changed = True
    return x, changed


def run():
    for x in [-5, 0, 7, 10, 11]:
        yield f"{x}", clamp(x)

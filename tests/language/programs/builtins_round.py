"""round of a float goes to the nearest whole number, halves to the even one."""

import torch


@torch.jit.script
def nearest(x: float):
    return float(round(x))


def run():
    for x in [0.4, 0.6, 0.5, 1.5, 2.5, -0.5, -1.5, -2.6, 7.0]:
        yield f"round({x})", nearest(x)

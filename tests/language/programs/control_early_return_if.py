"""A return inside a branch ends the function."""

import torch


@torch.jit.script
def classify(x: int) -> str:
    if x < 0:
        return "negative"
    y = x * 2
    if y > 10:
        if y > 100:
            return "huge"
        return "big"
    return "small"


def run():
    for x in [-1, 0, 5, 6, 50, 51]:
        yield f"{x}", classify(x)

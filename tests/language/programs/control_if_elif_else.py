"""if, elif and else pick one branch."""

import torch


@torch.jit.script
def sign(x: int) -> str:
    if x < 0:
        name = "negative"
    elif x == 0:
        name = "zero"
    elif x < 10:
        name = "small"
    else:
        name = "large"
    return name


def run():
    for x in [-3, 0, 5, 10, 99]:
        yield f"{x}", sign(x)

"""pass, docstrings and expression statements do nothing."""

import torch


@torch.jit.script
def quiet(x: int):
    """Return one more."""
    pass
    x + 100
    if x > 3:
        pass
    else:
        x += 1
    "a string"
    return x


def run():
    for x in [0, 3, 4]:
        yield f"{x}", quiet(x)

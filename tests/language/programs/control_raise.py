"""raise of a built-in exception, called or not, ends the function."""

import torch


@torch.jit.script
def checked(x: int):
    if x < 0:
        raise ValueError("negative")
    elif x > 10:
        raise RuntimeError(f"{x} is too large")
    elif x == 7:
        raise IndexError
    return x * 2


def run():
    for x in [0, 3, 10]:
        yield f"{x}", checked(x)
    for x in [-1, 11, 7]:
        yield f"{x}", lambda x=x: checked(x)

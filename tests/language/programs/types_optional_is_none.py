"""`is None` and `is not None` refine an Optional in both branches."""

import torch
from typing import Optional


@torch.jit.script
def plus(x: Optional[int]):
    if x is None:
        r = -1
    else:
        r = x + 1
    return r


@torch.jit.script
def times(x: Optional[int]):
    if x is not None:
        return x * 2
    return 0


def run():
    for x in [None, 0, 4]:
        yield f"{x}", (plus(x), times(x))

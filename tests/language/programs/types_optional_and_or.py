"""`and`, `or` and a conditional expression refine an Optional."""

import torch
from typing import Optional


@torch.jit.script
def both(x: Optional[int], y: Optional[int]):
    if x is not None and y is not None:
        return x + y
    return -1


@torch.jit.script
def either(x: Optional[int]):
    return x is None or x > 3


@torch.jit.script
def expression(x: Optional[int]):
    return x * 2 if x is not None else 7


def run():
    yield "both", both(1, 2)
    yield "one", both(1, None)
    yield "none", both(None, None)
    for x in [None, 3, 4]:
        yield f"{x}", (either(x), expression(x))

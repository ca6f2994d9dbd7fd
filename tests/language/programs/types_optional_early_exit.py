"""An early return, a raise or an assert refines an Optional for what follows."""

import torch
from typing import Optional


@torch.jit.script
def returned(x: Optional[int]) -> int:
    if x is None:
        return 0
    return x + 1


@torch.jit.script
def raised(x: Optional[int]) -> int:
    if x is None:
        raise ValueError("None")
    return x + 1


@torch.jit.script
def asserted(x: Optional[int]) -> int:
    assert x is not None
    return x + 1


def run():
    yield "returned", returned(1)
    yield "returned, None", returned(None)
    yield "raised", raised(1)
    yield "raised, None", lambda: raised(None)
    yield "asserted", asserted(1)
    yield "asserted, None", lambda: asserted(None)

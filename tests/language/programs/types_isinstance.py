"""isinstance with one type, with a tuple of types, and as refinement."""

import torch
from typing import Optional


@torch.jit.script
def facts(i: int, s: str):
    return isinstance(i, int), isinstance(i, float), isinstance(s, (int, str))


@torch.jit.script
def refine(x: Optional[int]):
    if isinstance(x, int):
        return x + 1
    return 0


def run():
    yield "facts", facts(1, "s")
    yield "refined", refine(4)
    yield "None", refine(None)

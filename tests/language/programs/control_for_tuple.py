"""for over a tuple of values of different types."""

import torch
from typing import Tuple


@torch.jit.script
def lengths(t: Tuple[str, str, str]):
    n = 0
    for s in t:
        n = n * 10 + len(s)
    return n


@torch.jit.script
def mixed(i: int, x: float):
    s = 0.0
    for v in (i, x, True):
        s += float(v)
    return s


def run():
    yield "strs", lengths(("a", "", "abc"))
    yield "mixed", mixed(2, 0.5)

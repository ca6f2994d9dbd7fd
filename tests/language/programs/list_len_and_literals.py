"""List literals of each simple type, and len."""

import torch
from typing import List


@torch.jit.script
def literals(i: int, x: float, s: str):
    a = [i, i + 1]
    b = [x]
    c = [s, s + "!", ""]
    d = [True, i > 0]
    return a, b, c, d, len(a) + len(b) + len(c) + len(d)


@torch.jit.script
def length(a: List[str]):
    return len(a)


def run():
    yield "literals", literals(1, 0.5, "s")
    yield "len", length(["", "b"])
    yield "len of empty", length([])

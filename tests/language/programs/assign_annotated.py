"""Annotated assignments to locals."""

import torch
from typing import List, Optional, Tuple


@torch.jit.script
def annotated(x: int):
    a: int = x + 1
    b: float = 0.5
    c: List[float] = []
    d: Optional[int] = None
    e: Tuple[int, str] = (a, "e")
    if x > 0:
        d = x
    c.append(b)
    return a, b, c, d, e


def run():
    yield "positive", annotated(1)
    yield "negative", annotated(-1)

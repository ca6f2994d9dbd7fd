"""Default arguments of every simple type."""

import torch
from typing import Optional


@torch.jit.script
def defaults(
    a: int,
    b: int = 2,
    c: float = 0.5,
    d: str = "d",
    e: bool = True,
    f: Optional[int] = None,
):
    return a, b, c, d, e, f


def run():
    yield "all", defaults(1)
    yield "some", defaults(1, 3, 1.5)
    yield "none", defaults(1, 3, 1.5, "x", False, 9)
    yield "missing", lambda: defaults()

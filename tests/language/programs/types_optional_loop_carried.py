"""A loop carries an Optional."""

import torch
from typing import List, Optional


@torch.jit.script
def largest(a: List[int]):
    best: Optional[int] = None
    for x in a:
        if best is None:
            best = x
        elif x > best:
            best = x
    return best


def run():
    yield "some", largest([3, 9, -2])
    yield "one", largest([-4])
    yield "none", largest([])

"""A list of Optional elements."""

import torch
from typing import List, Optional


@torch.jit.script
def total(a: List[Optional[int]]):
    s = 0
    missing = 0
    for x in a:
        if x is None:
            missing += 1
        else:
            s += x
    return s, missing


def run():
    yield "mixed", total([1, None, 3])
    yield "only None", total([None])
    yield "empty", total([])

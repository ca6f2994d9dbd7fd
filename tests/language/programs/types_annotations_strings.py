"""Annotations written as strings."""

import torch
from typing import List, Optional


@torch.jit.script
def typed(a: "List[int]", b: "Optional[int]" = None) -> "int":
    s = len(a)
    if b is not None:
        s += b
    return s


def run():
    yield "default", typed([1, 2])
    yield "given", typed([], 5)

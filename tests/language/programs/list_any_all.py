"""any and all of lists of bools and of ints."""

import torch
from typing import List


@torch.jit.script
def bools(a: List[bool]):
    return any(a), all(a)


@torch.jit.script
def ints(a: List[int]):
    return any(a), all(a)


def run():
    yield "mixed", bools([True, False])
    yield "true", bools([True, True])
    yield "false", bools([False])
    yield "empty", bools([])
    yield "ints", ints([0, 2])
    yield "zeros", ints([0])

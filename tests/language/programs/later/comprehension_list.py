"""A list comprehension over a list, with a condition."""

import torch
from typing import List


@torch.jit.script
def positive(a: List[int]):
    return [x * 10 for x in a if x > 0]


def run():
    yield "mixed", positive([1, -2, 3])
    yield "empty", positive([])

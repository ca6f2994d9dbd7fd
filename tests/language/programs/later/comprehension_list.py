"""A list comprehension over a list."""

import torch
from typing import List


@torch.jit.script
def tens(a: List[int]):
    return [x * 10 for x in a]


def run():
    yield "mixed", tens([1, -2, 3])
    yield "empty", tens([])

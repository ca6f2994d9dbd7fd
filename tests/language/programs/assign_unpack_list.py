"""A list is unpacked; a wrong length raises when it runs."""

import torch
from typing import List


@torch.jit.script
def two(a: List[int]):
    x, y = a
    return x - y


def run():
    yield "two", two([5, 3])
    yield "one", lambda: two([5])
    yield "three", lambda: two([5, 3, 1])

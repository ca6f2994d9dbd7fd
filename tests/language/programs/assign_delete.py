"""del of a list item."""

import torch
from typing import List


@torch.jit.script
def drop(a: List[int], i: int):
    del a[i]
    return a


def run():
    yield "first", drop([1, 2, 3], 0)
    yield "last", drop([1, 2, 3], -1)
    yield "outside", lambda: drop([1, 2, 3], 3)

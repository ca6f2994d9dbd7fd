"""append, extend and insert change a list in place."""

import torch
from typing import List


@torch.jit.script
def build(a: List[int]):
    a.append(10)
    a.extend([20, 30])
    a.insert(0, -1)
    a.insert(2, -2)
    a.insert(100, -3)
    return a


def run():
    yield "empty", build([])
    yield "two", build([1, 2])

"""A list given to a callee is changed by it."""

import torch
from typing import List


def push(a: List[int], x: int):
    a.append(x)


@torch.jit.script
def twice(n: int):
    a: List[int] = [0]
    push(a, n)
    push(a, n + 1)
    return a


def run():
    yield "5", twice(5)

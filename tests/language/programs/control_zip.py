"""zip stops at the shortest; it takes lists, ranges and Tensors."""

import torch
from typing import List


@torch.jit.script
def dot(a: List[int], b: List[int]):
    s = 0
    for x, y in zip(a, b):
        s += x * y
    return s


@torch.jit.script
def three(a: List[int], b: List[str], n: int):
    out = ""
    for x, s, i in zip(a, b, range(n)):
        out += s + str(x + i)
    return out


@torch.jit.script
def with_tensor(x, a: List[float]):
    s = torch.zeros(2)
    for row, k in zip(x, a):
        s = s + row * k
    return s


def run():
    yield "equal", dot([1, 2, 3], [4, 5, 6])
    yield "shorter", dot([1, 2, 3], [4])
    yield "empty", dot([], [1])
    yield "three", three([1, 2, 3], ["a", "b", "c"], 2)
    yield "tensor", with_tensor(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), [10.0, 1.0])

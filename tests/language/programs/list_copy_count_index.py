"""copy, count and index."""

import torch
from typing import List


@torch.jit.script
def copy(a: List[int]):
    b = a.copy()
    b.append(0)
    return a, b


@torch.jit.script
def count(a: List[str], s: str):
    return a.count(s)


@torch.jit.script
def index(a: List[int], x: int):
    return a.index(x)


def run():
    yield "copy", copy([1, 2])
    yield "count two", count(["a", "b", "a"], "a")
    yield "count none", count([], "a")
    yield "index", index([5, 6, 6], 6)
    yield "index absent", lambda: index([5], 6)

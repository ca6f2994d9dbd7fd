"""pop, remove and clear; each raises where there is nothing to take."""

import torch
from typing import List


@torch.jit.script
def pop(a: List[int]):
    x = a.pop()
    return x, a


@torch.jit.script
def pop_at(a: List[int], i: int):
    x = a.pop(i)
    return x, a


@torch.jit.script
def remove(a: List[int], x: int):
    a.remove(x)
    return a


@torch.jit.script
def clear(a: List[int]):
    a.clear()
    return a


def run():
    yield "pop", pop([1, 2, 3])
    yield "pop from empty", lambda: pop([])
    yield "pop first", pop_at([1, 2, 3], 0)
    yield "pop negative", pop_at([1, 2, 3], -2)
    yield "pop outside", lambda: pop_at([1, 2, 3], 3)
    yield "remove the first", remove([1, 2, 1], 1)
    yield "remove absent", lambda: remove([1, 2], 3)
    yield "clear", clear([1, 2])

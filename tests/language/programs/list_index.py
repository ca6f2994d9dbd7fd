"""Reading and assigning items, also from the end; outside raises."""

import torch
from typing import List


@torch.jit.script
def get(a: List[int], i: int):
    return a[i]


@torch.jit.script
def put(a: List[int], i: int, x: int):
    a[i] = x
    return a


def run():
    for i in [0, 2, -1, -3]:
        yield f"get {i}", get([7, 8, 9], i)
        yield f"put {i}", put([7, 8, 9], i, 0)
    for i in [3, -4]:
        yield f"get {i}", lambda i=i: get([7, 8, 9], i)
        yield f"put {i}", lambda i=i: put([7, 8, 9], i, 0)
    yield "empty", lambda: get([], 0)

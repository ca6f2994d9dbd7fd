"""A plain Python list given to a script is copied."""

import torch
from typing import List


@torch.jit.script
def push(a: List[int]):
    a.append(9)
    return a


def run():
    a = [1]
    b = push(a)
    yield "result", b
    yield "argument", a

"""Lists of tuples: appended, indexed, taken apart in a loop."""

import torch
from typing import List, Tuple


@torch.jit.script
def pairs(n: int):
    out: List[Tuple[int, str]] = []
    for i in range(n):
        out.append((i, str(i * i)))
    return out


@torch.jit.script
def join(a: List[Tuple[int, str]]):
    s = ""
    for i, t in a:
        s += t + ":" + str(i) + ";"
    return s


def run():
    yield "none", pairs(0)
    yield "three", pairs(3)
    yield "join", join([(1, "a"), (2, "b")])

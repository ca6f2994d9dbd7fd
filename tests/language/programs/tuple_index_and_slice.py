"""Tuples are indexed and sliced, from both ends."""

import torch
from typing import Tuple


@torch.jit.script
def index(t: Tuple[int, str, float]):
    return t[0], t[-1], t[1], len(t)


@torch.jit.script
def slices(t: Tuple[int, int, int, int]):
    return t[1:3], t[:2], t[2:], t[-3:-1]


def run():
    yield "index", index((1, "b", 0.5))
    yield "slices", slices((1, 2, 3, 4))

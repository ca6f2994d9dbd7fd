"""A starred target takes the rest of a tuple."""

import torch
from typing import Tuple


@torch.jit.script
def head(t: Tuple[int, int, int]):
    a, *rest = t
    return a, rest[0], rest[1], len(rest)


@torch.jit.script
def middle(t: Tuple[int, int, int, int]):
    a, *rest, b = t
    return a, b, rest[0], rest[-1], len(rest)


def run():
    yield "head", head((1, 2, 3))
    yield "middle", middle((1, 2, 3, 4))

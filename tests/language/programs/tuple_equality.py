"""Tuples compare equal element by element."""

import torch
from typing import Tuple


@torch.jit.script
def equal(a: Tuple[int, int], b: Tuple[int, int]):
    return a == b, a != b


def run():
    yield "equal", equal((1, 2), (1, 2))
    yield "first differs", equal((1, 2), (3, 2))
    yield "second differs", equal((1, 2), (1, 3))

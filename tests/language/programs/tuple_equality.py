"""Tuples compare equal element by element."""

import torch
from typing import Tuple


@torch.jit.script
def equal(a: Tuple[int, str], b: Tuple[int, str]):
    return a == b, a != b


def run():
    yield "equal", equal((1, "a"), (1, "a"))
    yield "first differs", equal((1, "a"), (2, "a"))
    yield "second differs", equal((1, "a"), (1, "b"))

"""Tuples are concatenated with `+`."""

import torch
from typing import Tuple


@torch.jit.script
def concat(a: Tuple[int, str], b: Tuple[float]):
    return a + b


@torch.jit.script
def with_literal(a: Tuple[int, int]):
    return a + (7, "x")


def run():
    yield "two", concat((1, "a"), (0.5,))
    yield "literal", with_literal((1, 2))

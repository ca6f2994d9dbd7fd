"""Annotations under `from __future__ import annotations`."""

from __future__ import annotations

import torch
from typing import List, Tuple


@torch.jit.script
def typed(a: List[float], n: int) -> Tuple[float, int]:
    s = 0.0
    for x in a:
        s += x
    return s, n


def run():
    yield "two", typed([0.5, 1.5], 3)
    yield "empty", typed([], 0)

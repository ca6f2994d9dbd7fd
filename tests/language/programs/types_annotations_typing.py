"""Annotations from the typing module."""

import torch
from typing import Dict, List, Optional, Tuple


@torch.jit.script
def typed(a: List[int], b: Tuple[str, float], c: Optional[str]) -> Tuple[int, str]:
    name = b[0]
    if c is not None:
        name = name + c
    return len(a), name


@torch.jit.script
def lookup(d: Dict[str, int], key: str) -> int:
    return d[key]


def run():
    yield "present", typed([1, 2], ("n", 1.0), "x")
    yield "None", typed([], ("n", 1.0), None)
    yield "dict", lookup({"a": 1, "b": 2}, "b")

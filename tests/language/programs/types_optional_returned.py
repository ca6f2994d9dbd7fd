"""A function returns a value or None."""

import torch
from typing import List, Optional


@torch.jit.script
def find(a: List[str], prefix: str) -> Optional[str]:
    for s in a:
        if s.startswith(prefix):
            return s
    return None


@torch.jit.script
def length(a: List[str], prefix: str) -> int:
    s = find(a, prefix)
    if s is None:
        return -1
    return len(s)


def run():
    yield "found", find(["ab", "cde"], "c")
    yield "absent", find(["ab", "cde"], "x")
    yield "length", length(["ab", "cde"], "c")
    yield "no length", length(["ab", "cde"], "x")

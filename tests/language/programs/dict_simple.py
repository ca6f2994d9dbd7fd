"""A dict is read, assigned, measured and searched; a missing key raises."""

import torch
from typing import Dict


@torch.jit.script
def count(s: str):
    d: Dict[str, int] = {}
    for c in s:
        if c in d:
            d[c] += 1
        else:
            d[c] = 1
    return d, len(d)


@torch.jit.script
def get(d: Dict[str, int], k: str):
    return d[k]


def run():
    yield "count", count("banana")
    yield "empty", count("")
    yield "get", get({"a": 1}, "a")
    yield "missing", lambda: get({"a": 1}, "b")

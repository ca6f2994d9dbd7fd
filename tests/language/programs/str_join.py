"""join of a list of strs."""

import torch
from typing import List


@torch.jit.script
def join(sep: str, a: List[str]):
    return sep.join(a)


def run():
    yield "three", join(", ", ["a", "b", "c"])
    yield "one", join(", ", ["a"])
    yield "none", join(", ", [])
    yield "empty separator", join("", ["a", "b"])

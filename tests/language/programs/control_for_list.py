"""for over a list of ints, floats, strs or Tensors."""

import torch
from typing import List


@torch.jit.script
def ints(a: List[int]):
    s = 0
    for x in a:
        s = s * 10 + x
    return s


@torch.jit.script
def strs(a: List[str]):
    s = ""
    for x in a:
        s = x + s
    return s


@torch.jit.script
def tensors(a: List[torch.Tensor]):
    s = torch.zeros(2)
    for x in a:
        s = s * 2 + x
    return s


def run():
    yield "ints", ints([1, 2, 3])
    yield "no ints", ints([])
    yield "strs", strs(["a", "bc", ""])
    yield "tensors", tensors([torch.ones(2), torch.tensor([3.0, 4.0])])

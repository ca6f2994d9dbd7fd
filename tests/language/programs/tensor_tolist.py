"""An annotated tolist gives nested Python lists."""

import torch
from typing import List


@torch.jit.script
def ints(x) -> List[int]:
    r: List[int] = x.tolist()
    return r


@torch.jit.script
def matrix(x) -> List[List[float]]:
    r: List[List[float]] = x.tolist()
    return r


@torch.jit.script
def scalar(x) -> float:
    r: float = x.tolist()
    return r


def run():
    yield "ints", ints(torch.tensor([1, 2]))
    yield "empty", ints(torch.zeros(0, dtype=torch.int64))
    yield "matrix", matrix(torch.tensor([[1.5, 2.0]]))
    yield "scalar", scalar(torch.tensor(0.5))

"""A bool mask picks elements or rows."""

import torch


@torch.jit.script
def positive(x):
    return x[x > 0]


@torch.jit.script
def rows(x, mask):
    return x[mask], x[:, mask[:2]]


def run():
    yield "some", positive(torch.tensor([1.0, -1.0, 2.0]))
    yield "none", positive(torch.tensor([-1.0]))
    yield "matrix", positive(torch.tensor([[1, -1], [-2, 2]]))
    yield "0 rows", positive(torch.zeros(0))
    x = torch.arange(6).reshape(3, 2)
    yield "rows", rows(x, torch.tensor([True, False, True]))

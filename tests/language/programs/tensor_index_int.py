"""An int index takes a row, from either end; outside raises."""

import torch


@torch.jit.script
def row(x, i: int):
    return x[i]


@torch.jit.script
def element(x, i: int, j: int):
    return x[i, j], x[i][j]


def run():
    x = torch.arange(6).reshape(2, 3)
    for i in [0, 1, -1, -2]:
        yield f"{i}", row(x, i)
    yield "element", element(x, 1, -1)
    yield "of a vector", row(torch.tensor([1.5, 2.5]), 1)
    yield "outside", lambda: row(x, 2)
    yield "0-d", lambda: row(torch.tensor(1), 0)

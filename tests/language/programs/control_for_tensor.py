"""for over a Tensor gives its rows; over a 0-d Tensor it raises."""

import torch


@torch.jit.script
def rows(x):
    s = torch.zeros_like(x[0])
    n = 0
    for row in x:
        s = s * 2 + row
        n += 1
    return s, n


@torch.jit.script
def count(x):
    n = 0
    for row in x:
        n += 1
    return n


def run():
    yield "vector", rows(torch.tensor([1.0, 2.0, 3.0]))
    yield "matrix", rows(torch.arange(6).reshape(3, 2))
    yield "no rows", count(torch.zeros(0, 3))
    yield "0-d", lambda: count(torch.tensor(1.0))

"""Shapes broadcast from the right; others raise."""

import torch


@torch.jit.script
def add(x, y):
    return x + y


def run():
    row = torch.tensor([1.0, 2.0, 3.0])
    column = torch.tensor([[10.0], [20.0]])
    yield "row and column", add(row, column)
    yield "0-d", add(row, torch.tensor(5.0))
    yield "size 1", add(row, torch.tensor([5.0]))
    yield "three ranks", add(torch.ones(2, 1, 3), torch.ones(4, 1))
    yield "empty", add(torch.ones(0, 3), row)
    yield "empty and 1", add(torch.ones(0), torch.ones(1))
    yield "mismatch", lambda: add(row, torch.ones(2))

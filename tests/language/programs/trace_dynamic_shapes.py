"""Sizes stay dynamic in a trace, and so does arithmetic on them in shapes."""

import torch


def f(x):
    rows = x.reshape(x.shape[0], -1)
    return rows.sum(1), torch.zeros(x.shape[1]), x.view(-1).flip(0)


def run():
    g = torch.jit.trace(f, torch.ones(2, 3))
    yield "example", g(torch.arange(6.0).reshape(2, 3))
    yield "bigger", g(torch.arange(8.0).reshape(4, 2))
    yield "1 by 1", g(torch.tensor([[5.0]]))

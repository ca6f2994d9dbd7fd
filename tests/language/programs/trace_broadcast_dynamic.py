"""A traced operator broadcasts anew at each call."""

import torch


def f(x, y):
    return x + y, x.mean()


def run():
    g = torch.jit.trace(f, (torch.ones(3), torch.ones(3)))
    yield "same", g(torch.ones(4), torch.ones(4))
    yield "size 1", g(torch.arange(3.0), torch.tensor([10.0]))
    yield "ranks", g(torch.ones(2, 1), torch.arange(3.0))

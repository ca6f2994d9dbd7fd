"""In-place operators and views are traced, and the caller sees the change."""

import torch


def f(x):
    y = x.view(-1)
    y.add_(1)
    x[0] = 7.0
    return y * 1, x.t()


def run():
    g = torch.jit.trace(f, torch.zeros(2, 2), check_trace=False)
    x = torch.arange(6.0).reshape(2, 3)
    yield "result", g(x)
    yield "argument", x

"""dtype conversions and results of several dtypes in a trace."""

import torch


def f(x):
    return x.to(torch.float64), x.long(), x > 1, x.argmax(), x.to(torch.int32) + 1


def run():
    g = torch.jit.trace(f, torch.ones(3))
    yield "others", g(torch.tensor([0.5, 2.75, -1.5]))
    yield "shorter", g(torch.tensor([9.0]))

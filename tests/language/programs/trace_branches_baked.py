"""A Python branch on a value is baked in as it went in the example."""

import torch


def f(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


def loop(x):
    n = int(x[0])
    for i in range(n):
        x = x * 2
    return x


def run():
    g = torch.jit.trace(f, torch.ones(2))
    yield "as the example", g(torch.tensor([5.0, 5.0]))
    yield "against it", g(torch.tensor([-5.0, -5.0]))
    g = torch.jit.trace(loop, torch.tensor([2.0, 1.0]))
    yield "loop", g(torch.tensor([5.0, 1.0]))

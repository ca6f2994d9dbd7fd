"""A scripted callee keeps its loop, whose count depends on the input."""

import torch


@torch.jit.script
def rows(x):
    s = torch.zeros_like(x[0])
    for i in range(x.shape[0]):
        s = s * 2 + x[i]
    return s


def f(x):
    return rows(x + 1)


def run():
    g = torch.jit.trace(f, torch.ones(2, 2))
    yield "two", g(torch.arange(4.0).reshape(2, 2))
    yield "five", g(torch.ones(5, 2))
    yield "one", g(torch.ones(1, 3))

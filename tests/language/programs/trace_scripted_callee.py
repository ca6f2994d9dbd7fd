"""A scripted callee keeps its branches inside a trace."""

import torch


@torch.jit.script
def choose(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


def f(x):
    return choose(x * 2) * 10


def run():
    g = torch.jit.trace(f, torch.ones(2))
    yield "positive", g(torch.tensor([1.0, 2.0]))
    yield "negative", g(torch.tensor([-1.0, -2.0]))

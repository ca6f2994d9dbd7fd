"""Numbers and Tensors from outside are captured as constants."""

import torch

k = 3
w = torch.tensor([1.0, 10.0])


def f(x):
    return x * k + w, x.sum() * torch.tensor(2.0)


def run():
    g = torch.jit.trace(f, torch.ones(2))
    yield "example", g(torch.ones(2))
    yield "others", g(torch.tensor([-1.0, 0.5]))

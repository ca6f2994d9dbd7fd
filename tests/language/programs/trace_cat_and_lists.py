"""Lists of Tensors made in Python are traced through cat, stack and split."""

import torch


def f(x, y):
    parts = [x, y, x + y]
    a, b = torch.cat(parts).split([2, 4])
    return torch.stack(parts, 1), a, b


def run():
    g = torch.jit.trace(f, (torch.ones(2), torch.ones(2)))
    yield "others", g(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))

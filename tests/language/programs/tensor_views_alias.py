"""Views share memory with their base, in both directions."""

import torch


@torch.jit.script
def through_view(x):
    v = x.view(-1)
    v[0] = 100.0
    t = x.t()
    t[1, 0] = 200.0
    return x, v, t


@torch.jit.script
def through_base(x):
    row = x[0]
    part = x[:, 1:]
    x.add_(1)
    return row, part


@torch.jit.script
def copies(x):
    c = x.clone()
    y = x + 0
    x.zero_()
    return c, y, x


def run():
    yield "through a view", through_view(torch.zeros(2, 3))
    yield "through the base", through_base(torch.zeros(2, 3))
    yield "clones do not", copies(torch.ones(2))
    x = torch.zeros(3)
    through_base(x.view(1, 3))
    yield "in the caller", x

"""Methods that end in an underscore change the Tensor and return it."""

import torch


@torch.jit.script
def change(x):
    y = x.add_(1).mul_(2)
    x.clamp_(0, 5)
    return x, y


@torch.jit.script
def fill(x, v: float):
    x.fill_(v)
    return x


@torch.jit.script
def zero_first(x):
    x[0].zero_()
    return x


def run():
    x = torch.tensor([-3.0, 0.0, 4.0])
    yield "result", change(x)
    yield "argument", x
    yield "fill", fill(torch.zeros(2, 2), 1.5)
    yield "zero a row", zero_first(torch.ones(2, 2))
    yield "fill of empty", fill(torch.zeros(0), 1.0)

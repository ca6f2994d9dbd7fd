"""exp, log, sqrt, sin, cos, tanh, sigmoid, abs and the like."""

import torch


@torch.jit.script
def powers(x):
    return torch.exp(x), x.log(), torch.sqrt(x), x.rsqrt(), x.pow(3), x.reciprocal()


@torch.jit.script
def circular(x):
    return x.sin(), torch.cos(x), x.tanh(), torch.sigmoid(x)


@torch.jit.script
def signs(x):
    return x.abs(), x.neg(), torch.sign(x), torch.square(x)


def run():
    yield "powers", powers(torch.tensor([0.5, 1.0, 4.0]))
    yield "at zero", powers(torch.tensor([0.0]))
    yield "of negatives", powers(torch.tensor([-1.0]))
    yield "circular", circular(torch.tensor([-100.0, -0.5, 0.0, 2.0, 100.0]))
    yield "signs", signs(torch.tensor([-2.5, 0.0, 3.0]))
    yield "ints are promoted", circular(torch.tensor([0, 1]))

"""Picking by a mask or by indices copies."""

import torch


@torch.jit.script
def copies(x, i):
    a = x[x > 0]
    b = x[i]
    a.add_(100)
    b.add_(100)
    return x, a, b


def run():
    yield "mask", copies(torch.tensor([1.0, -1.0]), torch.tensor([1, 0]))

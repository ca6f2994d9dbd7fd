"""A one-element Tensor is a condition; a larger one raises."""

import torch


@torch.jit.script
def positive(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


@torch.jit.script
def truth(x):
    if x:
        return 1
    else:
        return 0


def run():
    yield "taken", positive(torch.tensor([1.0, 2.0]))
    yield "not taken", positive(torch.tensor([1.0, -2.0]))
    yield "empty", positive(torch.zeros(0))
    yield "one", truth(torch.tensor(3))
    yield "zero", truth(torch.tensor(0.0))
    yield "shape 1, 1", truth(torch.tensor([[True]]))
    yield "two elements", lambda: truth(torch.tensor([1, 1]))

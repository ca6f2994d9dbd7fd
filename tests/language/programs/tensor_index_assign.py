"""Assignment to an int, a slice, a mask and Tensor indices."""

import torch


@torch.jit.script
def at_int(x, y):
    x[0] = y
    x[-1] = 7.0
    return x


@torch.jit.script
def at_slice(x, y):
    x[:, 1:] = y
    x[:1, 0] = -1.0
    return x


@torch.jit.script
def at_mask(x, v: float):
    x[x < 0] = v
    return x


@torch.jit.script
def at_tensor(x, i, y):
    x[i] = y
    return x


def run():
    yield "int", at_int(torch.zeros(3, 2), torch.tensor([1.0, 2.0]))
    yield "slice", at_slice(torch.zeros(2, 3), torch.tensor([[1.0], [2.0]]))
    yield "mask", at_mask(torch.tensor([[1.0, -1.0], [-2.0, 2.0]]), 0.5)
    yield "mask of none", at_mask(torch.ones(2), 0.5)
    yield "tensor", at_tensor(torch.zeros(4), torch.tensor([3, 0]), torch.ones(2))
    yield "ellipsis", at_tensor(torch.zeros(2, 2), torch.tensor([1]), torch.tensor(3.0))

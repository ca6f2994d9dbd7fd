"""zeros_like, ones_like, full_like, and new_zeros keep shape and dtype."""

import torch


@torch.jit.script
def like(x):
    return torch.zeros_like(x), torch.ones_like(x), torch.full_like(x, 3)


@torch.jit.script
def new(x):
    return x.new_zeros([2]), torch.zeros_like(x, dtype=torch.int64)


def run():
    yield "float", like(torch.rand(2, 2))
    yield "int", like(torch.tensor([1, 2], dtype=torch.int32))
    yield "0-d", like(torch.tensor(1.0))
    yield "empty", like(torch.zeros(0, 3))
    yield "new", new(torch.ones(3, dtype=torch.float64))

"""where and masked_fill choose element by element."""

import torch


@torch.jit.script
def where(x, y):
    return torch.where(x > y, x, y)


@torch.jit.script
def masked(x, v: float):
    return x.masked_fill(x < 0, v)


def run():
    yield "same shape", where(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    yield "broadcast", where(torch.tensor([[1.0], [5.0]]), torch.tensor([3.0, 2.0]))
    yield "promoted", where(torch.tensor([1.5, -1.0]), torch.tensor([0, 0]))
    yield "masked", masked(torch.tensor([1.0, -1.0]), -9.0)

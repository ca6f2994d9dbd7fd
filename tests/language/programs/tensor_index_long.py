"""int64 Tensors as indices: repeated, negative, broadcast."""

import torch


@torch.jit.script
def take(x, i):
    return x[i]


@torch.jit.script
def two(x, i, j):
    return x[i, j], x[:, j]


def run():
    x = torch.arange(6).reshape(3, 2) * 10
    yield "rows", take(x, torch.tensor([2, 0, 0, -1]))
    yield "matrix of indices", take(x, torch.tensor([[0, 1], [2, 2]]))
    yield "0-d index", take(x, torch.tensor(1))
    yield "no indices", take(x, torch.zeros(0, dtype=torch.int64))
    yield "pairs", two(x, torch.tensor([0, 2]), torch.tensor([1, 0]))
    yield "broadcast", two(x, torch.tensor([[0], [2]]), torch.tensor([0, 1]))
    yield "outside", lambda: take(x, torch.tensor([3]))

"""`@`, matmul, mm and bmm for all ranks."""

import torch


@torch.jit.script
def product(x, y):
    return x @ y


@torch.jit.script
def named(x, y):
    return torch.matmul(x, y), torch.mm(x, y), x.mm(y)


@torch.jit.script
def batched(x, y):
    return torch.bmm(x, y)


def run():
    m = torch.arange(6.0).reshape(2, 3)
    v = torch.tensor([1.0, 2.0, 3.0])
    yield "matrix, vector", product(m, v)
    yield "vector, matrix", product(torch.tensor([1.0, -1.0]), m)
    yield "vectors", product(v, v)
    yield "matrices", named(m, m.t())
    yield "batch", batched(torch.ones(2, 1, 3), torch.ones(2, 3, 2))
    yield "broadcast batch", product(torch.ones(2, 2, 3), m.t())
    yield "empty", product(torch.zeros(2, 0), torch.zeros(0, 3))
    yield "ints", product(torch.tensor([1, 2]), torch.tensor([3, 4]))
    yield "mismatch", lambda: product(m, m)

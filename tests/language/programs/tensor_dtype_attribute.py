"""dtype is compared, and given to other operators."""

import torch


@torch.jit.script
def is_float(x):
    return x.dtype == torch.float32, x.is_floating_point()


@torch.jit.script
def like(x, y):
    return y.to(x.dtype), torch.zeros([2], dtype=x.dtype)


def run():
    yield "float32", is_float(torch.ones(1))
    yield "float64", is_float(torch.ones(1, dtype=torch.float64))
    yield "int64", is_float(torch.ones(1, dtype=torch.int64))
    yield "like", like(torch.ones(1, dtype=torch.int32), torch.tensor([1.9, -1.9]))

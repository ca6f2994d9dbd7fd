"""An unannotated parameter is a Tensor, and the result type is inferred."""

import torch


@torch.jit.script
def add(x, y):
    return x + y


@torch.jit.script
def rank(x):
    return x.dim()


def run():
    yield "tensors", add(torch.ones(2), torch.arange(2))
    yield "rank", rank(torch.ones(2, 3, 4))

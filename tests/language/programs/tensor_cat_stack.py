"""cat and stack of lists of Tensors."""

import torch
from typing import List


@torch.jit.script
def cat(xs: List[torch.Tensor], d: int):
    return torch.cat(xs, d)


@torch.jit.script
def stack(xs: List[torch.Tensor], d: int):
    return torch.stack(xs, dim=d)


@torch.jit.script
def literal(x, y):
    return torch.cat([x, y, x]), torch.cat((x, y))


def run():
    x = torch.arange(4).reshape(2, 2)
    y = torch.arange(2).reshape(1, 2)
    yield "cat 0", cat([x, y], 0)
    yield "cat -1", cat([x, x], -1)
    yield "cat with empty", cat([torch.zeros(0, 2), torch.ones(1, 2)], 0)
    yield "cat of dtypes", cat([torch.ones(1), torch.ones(1, dtype=torch.int64)], 0)
    yield "stack 0", stack([x, x + 1], 0)
    yield "stack -1", stack([x, x + 1], -1)
    yield "literal", literal(x, y)
    yield "mismatch", lambda: cat([x, torch.zeros(1, 3)], 0)

"""Results of max over an axis, sort and topk have names."""

import torch


@torch.jit.script
def named(x):
    r = torch.max(x, dim=0)
    s = torch.sort(x, dim=0)
    return r.values, r.indices, s.values, s.indices


@torch.jit.script
def top(x, k: int):
    values, indices = torch.topk(x, k)
    return values, indices


def run():
    yield "matrix", named(torch.tensor([[3, 1], [2, 5], [4, 0]]))
    yield "one row", named(torch.tensor([[3, 1]]))
    yield "top", top(torch.tensor([1.0, 4.0, 2.0]), 2)

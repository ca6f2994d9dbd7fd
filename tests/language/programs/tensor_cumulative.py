"""cumsum and cumprod over an axis."""

import torch


@torch.jit.script
def cumulative(x, d: int):
    return x.cumsum(d), torch.cumprod(x, dim=d)


def run():
    x = torch.tensor([[1, 2, 3], [4, 5, 6]])
    yield "axis 0", cumulative(x, 0)
    yield "axis -1", cumulative(x, -1)
    yield "floats", cumulative(torch.tensor([0.5, 2.0, -1.0]), 0)

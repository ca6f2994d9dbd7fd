"""A loop carries a Tensor whose shape changes."""

import torch


@torch.jit.script
def grow(x, n: int):
    for i in range(n):
        x = torch.cat([x, x + i])
    return x


def run():
    for n in [0, 1, 3]:
        yield f"{n}", grow(torch.tensor([1.0]), n)
    yield "empty", grow(torch.zeros(0), 2)

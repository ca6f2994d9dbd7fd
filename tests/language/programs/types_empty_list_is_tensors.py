"""An empty list literal is a list of Tensors."""

import torch


@torch.jit.script
def collect(x):
    out = []
    for row in x:
        out.append(row * 2)
    return out


def run():
    yield "rows", collect(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    yield "no rows", collect(torch.zeros(0, 2))

"""gather and index_select."""

import torch


@torch.jit.script
def gathered(x, i):
    return x.gather(1, i)


@torch.jit.script
def selected(x, i):
    return x.index_select(0, i), torch.index_select(x, 1, i)


def run():
    x = torch.tensor([[1, 2], [3, 4]])
    yield "gather", gathered(x, torch.tensor([[1, 1, 0], [0, 1, 1]]))
    yield "select", selected(x, torch.tensor([1, 0, 1]))

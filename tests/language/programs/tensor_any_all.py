"""any and all of Tensors, whole and over an axis."""

import torch


@torch.jit.script
def whole(x):
    return x.any(), x.all()


@torch.jit.script
def axis(x):
    return x.any(dim=0), x.all(dim=1)


def run():
    x = torch.tensor([[True, False], [True, True]])
    yield "whole", whole(x)
    yield "axis", axis(x)
    yield "numbers", whole(torch.tensor([0.0, 2.0]))
    yield "empty", whole(torch.zeros(0))

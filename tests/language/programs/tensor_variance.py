"""var and std, with and without the correction."""

import torch


@torch.jit.script
def whole(x):
    return x.var(), x.std(), x.var(unbiased=False)


@torch.jit.script
def axis(x):
    return x.var(dim=0, unbiased=False), x.std(dim=1)


def run():
    x = torch.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]])
    yield "whole", whole(x)
    yield "axis", axis(x)

"""None adds an axis and `...` stands for all the others."""

import torch


@torch.jit.script
def axes(x):
    return x[None], x[:, None], x[None, :, None]


@torch.jit.script
def ellipsis(x):
    return x[..., 0], x[0, ...], x[..., None], x[1:, ..., -1]


def run():
    yield "None", axes(torch.tensor([1, 2]))
    yield "ellipsis", ellipsis(torch.arange(12).reshape(2, 3, 2))
    yield "ellipsis for none", ellipsis(torch.arange(4).reshape(2, 2))

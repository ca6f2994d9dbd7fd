"""Indexing is traced: ints, slices, None, masks and Tensor indices."""

import torch


def f(x, i):
    return x[0], x[:, 1:], x[..., None], x[i], x[x > 2]


def run():
    g = torch.jit.trace(f, (torch.arange(4.0).reshape(2, 2), torch.tensor([0])))
    x = torch.arange(6.0).reshape(3, 2)
    yield "others", g(x, torch.tensor([2, 0, -1]))
    yield "no match", g(torch.zeros(1, 4), torch.tensor([0, 0]))

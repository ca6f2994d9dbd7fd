"""t, transpose, permute, T and mT."""

import torch


@torch.jit.script
def matrix(x):
    return x.t(), x.transpose(0, 1), x.T, x.mT


@torch.jit.script
def three(x):
    return x.permute(2, 0, 1), x.transpose(-1, 0), x.permute([1, 0, 2]), x.mT


def run():
    yield "matrix", matrix(torch.arange(6).reshape(2, 3))
    yield "three axes", three(torch.arange(12).reshape(2, 3, 2))

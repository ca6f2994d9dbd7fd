"""shape, size, ndim, dim, numel and len; unpacking of a shape."""

import torch


@torch.jit.script
def sizes(x):
    return x.shape[0], x.size(0), x.size(-1), x.dim(), x.ndim, x.numel(), len(x)


@torch.jit.script
def unpacked(x):
    rows, columns = x.shape
    return rows * 10 + columns


@torch.jit.script
def listed(x):
    return x.size(), x.shape


def run():
    yield "matrix", sizes(torch.zeros(2, 3))
    yield "vector", sizes(torch.zeros(4))
    yield "no rows", sizes(torch.zeros(0, 3))
    yield "unpacked", unpacked(torch.zeros(2, 3))
    yield "unpacked, three", lambda: unpacked(torch.zeros(2, 3, 4))
    x = torch.zeros(2, 1, 3)
    a, b = listed(x)
    yield "listed", (list(a), list(b))
    a, b = listed(torch.tensor(1.0))
    yield "0-d", (list(a), list(b))

"""split and chunk give lists of views."""

import torch


@torch.jit.script
def split(x, n: int):
    return torch.split(x, n), len(x.split(n))


@torch.jit.script
def chunk(x, n: int):
    parts = x.chunk(n, dim=0)
    return parts[0], parts[-1]


@torch.jit.script
def two(x):
    a, b = torch.chunk(x, 2, dim=-1)
    a.add_(100)
    return a, b, x


def run():
    parts, n = split(torch.arange(5), 2)
    yield "split", (list(parts), n)
    parts, n = split(torch.arange(4), 4)
    yield "split in one", (list(parts), n)
    yield "chunk", chunk(torch.arange(5), 3)
    yield "views", two(torch.zeros(2, 4))

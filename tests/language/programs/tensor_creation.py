"""zeros, ones, full, arange, linspace and eye."""

import torch


@torch.jit.script
def filled(n: int):
    return torch.zeros(n, 2), torch.ones([n]), torch.full([n, 1], 2.5)


@torch.jit.script
def ranges(n: int):
    return torch.arange(n), torch.arange(1, n), torch.arange(n, 0, -2)


@torch.jit.script
def others(n: int):
    return torch.linspace(0.0, 1.0, n), torch.eye(n)


@torch.jit.script
def typed():
    return torch.zeros(2, dtype=torch.int64), torch.arange(3, dtype=torch.float64)


def run():
    for n in [1, 3]:
        yield f"filled {n}", filled(n)
        yield f"ranges {n}", ranges(n)
        yield f"others {n}", others(n)
    yield "filled 0", filled(0)
    yield "float range", torch.arange(0.0, 1.0, 0.25)
    yield "typed", typed()

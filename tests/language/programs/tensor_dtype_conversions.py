"""to, float, double, long, int: between dtypes, truncating towards zero."""

import torch


@torch.jit.script
def convert(x):
    return x.to(torch.float64), x.float(), x.double(), x.long(), x.int()


@torch.jit.script
def truth(x):
    return x.to(torch.bool), x.type_as(torch.ones(1, dtype=torch.float64))


def run():
    yield "floats", convert(torch.tensor([1.75, -1.75, 0.0]))
    yield "ints", convert(torch.tensor([1, -2]))
    yield "bools", convert(torch.tensor([True, False]))
    yield "truth", truth(torch.tensor([0.0, 0.5, -1.0]))

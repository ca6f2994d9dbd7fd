"""`& | ^ ~` of bool and int Tensors."""

import torch


@torch.jit.script
def logic(x, y):
    return x & y, x | y, x ^ y, ~x


def run():
    a = torch.tensor([True, True, False, False])
    b = torch.tensor([True, False, True, False])
    yield "bools", logic(a, b)
    yield "ints", logic(torch.tensor([12, -1]), torch.tensor([10, 6]))

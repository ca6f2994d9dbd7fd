"""`+= -= *= /=` on a Tensor change it in place, and the caller sees it."""

import torch


@torch.jit.script
def change(x, y):
    x += y
    x -= 1
    x *= 3
    x /= 2
    return x


@torch.jit.script
def rebind(x, y):
    x = x + y
    return x


def run():
    x = torch.tensor([1.0, 2.0])
    yield "result", change(x, torch.tensor([0.5, 0.25]))
    yield "argument", x
    z = torch.tensor([1.0, 2.0])
    yield "new result", rebind(z, z)
    yield "untouched argument", z
    yield "int by float", lambda: change(torch.tensor([1, 2]), torch.tensor([0.5, 0.5]))

"""A script calls another script."""

import torch


@torch.jit.script
def relu_or_double(x, double: bool):
    if double:
        return x * 2
    return torch.relu(x)


@torch.jit.script
def outer(x):
    y = x
    for i in range(3):
        y = relu_or_double(y, i % 2 == 0)
    return y


def run():
    yield "mixed", outer(torch.tensor([-1.0, 0.0, 2.0]))
    yield "ints", outer(torch.tensor([-1, 3]))

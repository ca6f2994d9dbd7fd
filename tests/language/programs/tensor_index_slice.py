"""Slices with optional bounds and a step, on one axis or several."""

import torch


@torch.jit.script
def one(x, i: int, j: int):
    return x[i:j], x[i:], x[:j], x[:]


@torch.jit.script
def step(x, k: int):
    return x[::k], x[1::k], x[:-1:k]


@torch.jit.script
def two(x):
    return x[1:, :2], x[:, 0], x[0, 1:], x[:, -1:]


def run():
    x = torch.arange(6)
    for i, j in [(1, 4), (-4, -1), (4, 1), (0, 100), (-100, 2)]:
        yield f"{i}:{j}", one(x, i, j)
    yield "step 2", step(x, 2)
    yield "step 9", step(x, 9)
    yield "two axes", two(torch.arange(6).reshape(2, 3))
    yield "no rows", one(torch.zeros(0, 2), 0, 1)

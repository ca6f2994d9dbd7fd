"""A scripted function, saved and loaded, gives the same results."""

import torch
import io


@torch.jit.script
def collatz(n: int):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@torch.jit.script
def pieces(x, k: float):
    if k > 0:
        return x * k, [x + 1, x - 1]
    return -x, [x]


def reload(f):
    buffer = io.BytesIO()
    torch.jit.save(f, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


def run():
    f = reload(collatz)
    for n in [1, 27]:
        yield f"collatz {n}", f(n)
    g = reload(pieces)
    yield "positive", g(torch.tensor([1.0, 2.0]), 0.5)
    yield "negative", g(torch.tensor([1.0, 2.0]), -1.0)
    yield "saved twice", reload(g)(torch.ones(1), 3.0)

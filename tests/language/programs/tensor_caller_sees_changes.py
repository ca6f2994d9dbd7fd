"""In-place changes inside branches and loops reach the caller and its views."""

import torch


@torch.jit.script
def change(x, n: int):
    for i in range(n):
        if i % 2 == 0:
            x[i] += 1
        else:
            x[i].mul_(10)
    return n


def run():
    base = torch.arange(6.0)
    view = base[1:5]
    yield "result", change(view, 4)
    yield "base", base
    yield "nothing", (change(view, 0), base)

"""Lists of Tensors: grown in a loop, assigned, and stacked."""

import torch
from typing import List


@torch.jit.script
def powers(x, n: int):
    out: List[torch.Tensor] = []
    y = torch.ones_like(x)
    for i in range(n):
        y = y * x
        out.append(y)
    out[0] = out[0] + 0.5
    return torch.stack(out), out[-1], len(out)


def run():
    yield "three", powers(torch.tensor([2.0, -1.0]), 3)
    yield "one", powers(torch.tensor(3.0), 1)
    yield "none", lambda: powers(torch.tensor(3.0), 0)

"""An Optional Tensor argument, with a default of None."""

import torch
from typing import Optional


@torch.jit.script
def linear(x, w, b: Optional[torch.Tensor] = None):
    y = x @ w
    if b is not None:
        y = y + b
    return y


def run():
    x = torch.tensor([[1.0, 2.0]])
    w = torch.tensor([[1.0, 0.0], [0.5, 2.0]])
    yield "without", linear(x, w)
    yield "with", linear(x, w, torch.tensor([10.0, 20.0]))
    yield "None", linear(x, w, None)

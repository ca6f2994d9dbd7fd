"""forward calls plain and scripted functions, and loops with early return."""

import torch


def halve(x):
    return x / 2


@torch.jit.script
def shrink(x, limit: float):
    while x.abs().max() > limit:
        x = halve(x)
    return x


class Shrink(torch.nn.Module):
    def __init__(self, limit: float):
        super().__init__()
        self.limit = limit

    def forward(self, x, keep: bool = False):
        if keep:
            return x
        return shrink(x, self.limit)


def run():
    m = torch.jit.script(Shrink(1.0))
    yield "shrunk", m(torch.tensor([8.0, -3.0]))
    yield "small", m(torch.tensor([0.5]))
    yield "kept", m(torch.tensor([8.0]), True)

"""int, float, str and bool attributes are read and changed by forward."""

import torch


class Attributes(torch.nn.Module):
    def __init__(self, n: int, scale: float, name: str, add: bool):
        super().__init__()
        self.n = n
        self.scale = scale
        self.name = name
        self.add = add

    def forward(self, x):
        self.n += 1
        y = x * self.scale
        if self.add:
            y = y + self.n
        return y, self.name + str(self.n)


def run():
    m = torch.jit.script(Attributes(1, 0.5, "a", True))
    yield "first", m(torch.ones(2))
    yield "second", m(torch.ones(2))
    yield "attribute", m.n
    m.n = 10
    yield "set from Python", m(torch.ones(2))
    other = torch.jit.script(Attributes(0, 2.0, "b", False))
    yield "another instance", other(torch.ones(2))

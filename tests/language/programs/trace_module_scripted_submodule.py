"""A scripted submodule keeps its control flow in a traced module."""

import torch


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.limit = 2.0

    def forward(self, x):
        while x.max() > self.limit:
            x = x / 2
        return x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = torch.jit.script(Gate())

    def forward(self, x):
        return self.gate(x + 1) * 10


def run():
    m = torch.jit.trace(Net(), torch.ones(2))
    yield "no turn", m(torch.tensor([0.5, 1.0]))
    yield "turns", m(torch.tensor([15.0, 3.0]))

"""A buffer is changed in place and reassigned by forward, and keeps its value."""

import torch


class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        self.total += x
        self.calls = self.calls + 1
        return self.total * 1, self.calls


def run():
    m = torch.jit.script(Counter())
    yield "first", m(torch.ones(2))
    yield "second", m(torch.tensor([1.0, -4.0]))
    yield "total", m.total
    yield "calls", m.calls

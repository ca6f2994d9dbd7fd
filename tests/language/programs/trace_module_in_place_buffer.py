"""A traced module changes its buffer at each call."""

import torch


class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x):
        self.total.add_(x)
        return self.total * 2


def run():
    m = torch.jit.trace(Counter(), torch.zeros(2), check_trace=False)
    yield "first", m(torch.tensor([1.0, 2.0]))
    yield "second", m(torch.tensor([1.0, -2.0]))
    yield "total", m.total

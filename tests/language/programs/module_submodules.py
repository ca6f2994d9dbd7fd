"""Submodules are called, and one that is shared is one module."""

import torch


class Inner(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = torch.nn.Parameter(torch.tensor(k))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.k


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Inner(2.0)
        self.b = Inner(3.0)
        self.c = self.a

    def forward(self, x):
        return self.c(self.b(self.a(x))), self.b.calls


def run():
    m = torch.jit.script(Outer())
    yield "first", m(torch.tensor([1.0, -1.0]))
    yield "second", m(torch.tensor(0.5))
    yield "names", sorted(name for name, p in m.named_parameters())

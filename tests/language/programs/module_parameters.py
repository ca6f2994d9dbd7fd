"""A scripted module computes with its parameters."""

import torch


class Affine(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        self.bias = torch.nn.Parameter(torch.tensor([0.5, -0.5]))

    def forward(self, x):
        return x @ self.weight + self.bias


def run():
    m = torch.jit.script(Affine())
    yield "one row", m(torch.tensor([[1.0, 1.0]]))
    yield "vector", m(torch.tensor([1.0, -1.0]))
    yield "no rows", m(torch.zeros(0, 2))
    yield "names", [name for name, p in m.named_parameters()]
    yield "parameter", m.weight

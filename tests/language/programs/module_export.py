"""A method marked export is callable from Python beside forward."""

import torch


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x):
        return x + self.bias

    @torch.jit.export
    def inverse(self, x):
        return x - self.bias


def run():
    m = torch.jit.script(Two())
    yield "forward", m(torch.zeros(2))
    yield "inverse", m.inverse(torch.zeros(2))

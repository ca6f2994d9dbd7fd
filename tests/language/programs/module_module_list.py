"""A loop over a ModuleList, plain and enumerated, and a literal index."""

import torch


class Scale(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = k

    def forward(self, x):
        return x * self.k


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([Scale(2.0), torch.nn.ReLU(), Scale(-1.0)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) + 1
        for i, layer in enumerate(self.layers):
            x = x + i * layer(x)
        return x, self.layers[0](x), self.layers[-1](x), len(self.layers)


def run():
    m = torch.jit.script(Stack())
    yield "vector", m(torch.tensor([1.0, -2.0]))
    yield "0-d", m(torch.tensor(0.5))

"""Sequential calls its modules in order."""

import torch


def make():
    net = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)
    )
    net.load_state_dict(
        {
            "0.weight": torch.tensor([[1.0, -1.0], [0.5, 0.5], [-1.0, 2.0]]),
            "0.bias": torch.tensor([0.0, 1.0, -1.0]),
            "2.weight": torch.tensor([[1.0, -2.0, 3.0]]),
            "2.bias": torch.tensor([0.25]),
        }
    )
    return net


class Wrapped(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = make()

    def forward(self, x):
        return self.net(x) * 2


def run():
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    yield "alone", torch.jit.script(make())(x)
    yield "inside", torch.jit.script(Wrapped())(x)
    yield "no rows", torch.jit.script(make())(torch.zeros(0, 2))

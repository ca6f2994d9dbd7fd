"""A traced module keeps its parameters and its submodules."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 3)
        self.second = torch.nn.Linear(3, 1)
        self.register_buffer("shift", torch.tensor([0.5]))

    def forward(self, x):
        y = torch.relu(self.first(x))
        return self.second(y) + self.shift


def run():
    net = Net()
    net.load_state_dict(
        {
            "first.weight": torch.tensor([[1.0, -1.0], [0.5, 0.5], [-1.0, 2.0]]),
            "first.bias": torch.tensor([0.0, 1.0, -1.0]),
            "second.weight": torch.tensor([[1.0, -2.0, 3.0]]),
            "second.bias": torch.tensor([0.25]),
            "shift": torch.tensor([1.5]),
        }
    )
    m = torch.jit.trace(net, torch.ones(1, 2))
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.0, 0.0]])
    yield "three rows", m(x)
    yield "no rows", m(torch.zeros(0, 2))
    yield "names", sorted(name for name, p in m.named_parameters())
    yield "keys", sorted(m.state_dict().keys())

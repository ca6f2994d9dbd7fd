"""A Sequential inside a module, traced in eval mode."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(4, 2), torch.nn.Dropout(0.9)
        )

    def forward(self, x):
        return torch.softmax(self.layers(x), -1)


def run():
    net = Net()
    net.load_state_dict(
        {
            "layers.1.weight": torch.arange(8.0).reshape(2, 4) - 3,
            "layers.1.bias": torch.tensor([1.0, -1.0]),
        }
    )
    net.eval()
    g = torch.jit.trace(net, torch.ones(1, 2, 2))
    yield "two", g(torch.arange(8.0).reshape(2, 2, 2) / 8)
    yield "one", g(torch.ones(1, 2, 2))

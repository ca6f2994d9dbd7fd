"""A Sequential with a plain function around it, traced in eval mode."""

import torch


def run():
    net = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(4, 2), torch.nn.Dropout(0.9)
    )
    net.load_state_dict(
        {
            "1.weight": torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.5, 0.0, -0.5, 1.0]]),
            "1.bias": torch.tensor([1.0, -1.0]),
        }
    )
    net.eval()
    g = torch.jit.trace(lambda x: torch.softmax(net(x), -1), torch.ones(1, 2, 2))
    yield "two", g(torch.arange(8.0).reshape(2, 2, 2) / 8)
    yield "one", g(torch.ones(1, 2, 2))

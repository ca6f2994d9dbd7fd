"""Conv2d, BatchNorm2d and MaxPool2d, in eval mode and in train mode."""

import torch


def make():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3, padding=1),
        torch.nn.BatchNorm2d(2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
    )
    net.load_state_dict(
        {
            "0.weight": ((torch.arange(18) % 5) - 2.0).reshape(2, 1, 3, 3),
            "0.bias": torch.tensor([0.5, -0.5]),
            "1.weight": torch.tensor([1.0, 2.0]),
            "1.bias": torch.tensor([0.0, 1.0]),
            "1.running_mean": torch.tensor([0.5, -0.5]),
            "1.running_var": torch.tensor([1.0, 4.0]),
            "1.num_batches_tracked": torch.tensor(0),
        }
    )
    return net


def run():
    x = ((torch.arange(32) * 7) % 11 - 5.0).reshape(2, 1, 4, 4)
    m = torch.jit.script(make())
    m.eval()
    yield "eval", m(x)
    m.train()
    yield "train", m(x)
    m.eval()
    yield "eval after train", m(x)

"""`training` follows train() and eval(), in submodules too."""

import torch


class Noise(torch.nn.Module):
    def forward(self, x):
        if self.training:
            return x + 100
        return x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.noise = Noise()
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, x):
        y = self.noise(x)
        if self.training:
            return y * 2
        return self.drop(y)


def run():
    m = torch.jit.script(Net())
    yield "as made", (m.training, m(torch.ones(2)))
    m.eval()
    yield "eval", (m.training, m(torch.ones(2)))
    m.train()
    yield "train", (m.training, m.noise.training, m(torch.ones(2)))

"""Linear, LayerNorm, Embedding, GELU and Flatten, scripted."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(3, 2)
        self.norm = torch.nn.LayerNorm(2)
        self.act = torch.nn.GELU()
        self.flat = torch.nn.Flatten()
        self.out = torch.nn.Linear(4, 2)

    def forward(self, i):
        x = self.act(self.norm(self.embed(i)))
        return self.out(self.flat(x))


def run():
    net = Net()
    net.load_state_dict(
        {
            "embed.weight": torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 0.5]]),
            "norm.weight": torch.tensor([1.0, 2.0]),
            "norm.bias": torch.tensor([0.0, 0.5]),
            "out.weight": torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.5, 1.0, 1.5, -2.0]]),
            "out.bias": torch.tensor([0.1, -0.1]),
        }
    )
    m = torch.jit.script(net)
    yield "two rows", m(torch.tensor([[0, 1], [2, 2]]))
    yield "one row", m(torch.tensor([[1, 0]]))

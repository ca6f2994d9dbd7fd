"""state_dict of a scripted module, loaded into another."""

import torch


class Affine(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.lin = torch.nn.Linear(2, 1)
        self.lin.load_state_dict(
            {"weight": torch.tensor([[k, 2 * k]]), "bias": torch.tensor([k])}
        )
        self.register_buffer("offset", torch.tensor([3 * k]))

    def forward(self, x):
        return self.lin(x) + self.offset


def run():
    a = torch.jit.script(Affine(1.0))
    b = torch.jit.script(Affine(-5.0))
    x = torch.tensor([[1.0, 1.0]])
    yield "keys", list(a.state_dict().keys())
    yield "before", (a(x), b(x))
    b.load_state_dict(a.state_dict())
    yield "after", (a(x), b(x))

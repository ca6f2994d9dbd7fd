"""A scripted module, saved and loaded, keeps state, methods and mode."""

import torch
import io


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
        self.register_buffer("calls", torch.tensor(0))
        self.name = "net"
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.calls += 1
        y = self.act(x * self.w)
        if self.training:
            y = y + 100
        return y, self.calls * 1, self.name

    @torch.jit.export
    def scaled(self, x):
        return x * 2


def run():
    m = torch.jit.script(Net())
    m.eval()
    yield "before", m(torch.tensor([1.0, -1.0]))
    buffer = io.BytesIO()
    torch.jit.save(m, buffer)
    buffer.seek(0)
    n = torch.jit.load(buffer)
    yield "after", n(torch.tensor([1.0, -1.0]))
    yield "method", n.scaled(torch.ones(1))
    yield "training", n.training
    yield "original", m.calls
    yield "attribute", n.name
    yield "keys", sorted(n.state_dict().keys())

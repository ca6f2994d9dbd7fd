"""Tensors of every dtype, and views, keep dtype and shape in a file."""

import torch
import io


class Store(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.tensor([True, False]))
        self.register_buffer("b", torch.tensor([1, 255], dtype=torch.uint8))
        self.register_buffer("c", torch.tensor([-1, 2], dtype=torch.int32))
        self.register_buffer("d", torch.tensor([1e-300, 0.1], dtype=torch.float64))
        self.register_buffer("e", torch.tensor([0.5, 2.0], dtype=torch.float16))
        self.register_buffer("f", torch.arange(6).reshape(2, 3).t())
        self.register_buffer("g", torch.zeros(0, 3))
        self.register_buffer("h", torch.tensor(float("nan")))

    def forward(self, i: int):
        return self.a, self.b, self.c, self.d, self.e, self.f[i], self.g, self.h


def run():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Store()), buffer)
    buffer.seek(0)
    m = torch.jit.load(buffer)
    yield "forward", m(1)
    yield "transposed", m.f

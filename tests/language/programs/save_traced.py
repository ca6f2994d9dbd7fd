"""A traced function and a traced module, saved and loaded."""

import torch
import io


def f(x):
    return x * 2 + 1, x.sum()


def reload(g):
    buffer = io.BytesIO()
    torch.jit.save(g, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


def run():
    g = reload(torch.jit.trace(f, torch.ones(2)))
    yield "function", g(torch.arange(3.0))
    lin = torch.nn.Linear(2, 1)
    lin.load_state_dict({"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.ones(1)})
    m = reload(torch.jit.trace(lin, torch.ones(1, 2)))
    yield "module", m(torch.tensor([[1.0, 1.0], [0.0, -1.0]]))
    yield "weight", m.weight

"""The method `save` writes to a path what load reads back."""

import torch
import os
import tempfile


@torch.jit.script
def f(x, s: str):
    return x + len(s), s + "!"


def run():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.pt")
        f.save(path)
        g = torch.jit.load(path)
    yield "same", g(torch.ones(2), "abc")
    yield "empty", g(torch.zeros(0), "")

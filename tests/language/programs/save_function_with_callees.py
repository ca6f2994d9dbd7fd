"""A saved function carries its callees."""

import torch
import io


def inner(x, n: int):
    for i in range(n):
        x = x * 2
    return x


@torch.jit.script
def outer(x, n: int):
    if n < 0:
        raise ValueError("negative")
    return inner(x, n) + inner(x, 1)


def run():
    buffer = io.BytesIO()
    torch.jit.save(outer, buffer)
    buffer.seek(0)
    f = torch.jit.load(buffer)
    for n in [0, 3]:
        yield f"{n}", f(torch.ones(2), n)
    yield "raises", lambda: f(torch.ones(2), -1)

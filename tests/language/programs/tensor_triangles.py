"""tril and triu."""

import torch


@torch.jit.script
def triangles(x, k: int):
    return torch.tril(x, k), torch.triu(x, k)


def run():
    for k in [0, 1, -1]:
        yield f"{k}", triangles(torch.arange(1, 10).reshape(3, 3), k)

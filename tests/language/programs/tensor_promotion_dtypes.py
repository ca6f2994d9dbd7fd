"""Two Tensors of different dtypes promote to a common one."""

import torch


@torch.jit.script
def add(x, y):
    return x + y


@torch.jit.script
def divide(x, y):
    return x / y


def run():
    dtypes = [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32]
    dtypes = dtypes + [torch.float64]
    for a in dtypes:
        for b in dtypes:
            x = torch.ones(2, dtype=a)
            y = torch.ones(2, dtype=b)
            yield f"{a} + {b}", add(x, y)
            yield f"{a} / {b}", divide(x, y)

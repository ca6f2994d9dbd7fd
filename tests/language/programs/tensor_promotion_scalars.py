"""A number, or a 0-d Tensor, promotes only across kinds."""

import torch


@torch.jit.script
def int_scalar(x, i: int):
    return x + i, x * i


@torch.jit.script
def float_scalar(x, v: float):
    return x + v, x * v


@torch.jit.script
def tensors(x, y):
    return x + y


def run():
    for dtype in [torch.bool, torch.uint8, torch.int32, torch.float32, torch.float64]:
        x = torch.ones(2, dtype=dtype)
        yield f"{dtype}, int", int_scalar(x, 2)
        yield f"{dtype}, float", float_scalar(x, 0.5)
    small = torch.ones(2, dtype=torch.int32)
    yield "0-d int64", tensors(small, torch.tensor(1))
    yield "0-d float64", tensors(small, torch.tensor(1.0, dtype=torch.float64))
    yield "0-d wide", tensors(torch.ones(2), torch.tensor(1.0, dtype=torch.float64))

"""conv2d and max_pool2d of nn.functional."""

import torch


@torch.jit.script
def convolve(x, w, b):
    return (
        torch.nn.functional.conv2d(x, w),
        torch.nn.functional.conv2d(x, w, b, stride=2, padding=1),
    )


@torch.jit.script
def pool(x):
    return torch.nn.functional.max_pool2d(x, 2)


def run():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    w = torch.tensor([1.0, -1.0, 0.0, 2.0, 0.5, 0.0, -1.0, 1.0]).reshape(2, 1, 2, 2)
    yield "conv2d", convolve(x, w, torch.tensor([1.0, -1.0]))
    yield "max_pool2d", pool(x)

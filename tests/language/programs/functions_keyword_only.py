"""Keyword-only parameters, called from Python and from a script."""

import torch


@torch.jit.script
def scaled(x: int, *, scale: int, shift: int):
    return x * scale + shift


@torch.jit.script
def caller(x: int):
    return scaled(x, shift=1, scale=10)


def run():
    yield "from Python", scaled(2, scale=3, shift=4)
    yield "from a script", caller(5)

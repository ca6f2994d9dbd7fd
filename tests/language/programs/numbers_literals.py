"""Number literals: decimal, hexadecimal, octal, binary, underscores, exponents."""

import torch


@torch.jit.script
def ints():
    return 0xFF, 0o17, 0b1011, 1_000_000, -0x10


@torch.jit.script
def floats():
    return 1.5, 1e3, 2.5e-3, 1_0.0_1, 0.1


def run():
    yield "ints", ints()
    yield "floats", floats()

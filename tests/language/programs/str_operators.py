"""`+`, `in`, `len`, `==`, `!=` and order of strs."""

import torch


@torch.jit.script
def compare(a: str, b: str):
    return a == b, a != b, a < b, a <= b, a > b, a >= b


@torch.jit.script
def contains(a: str, b: str):
    return a in b, a not in b


@torch.jit.script
def concat(a: str, b: str):
    c = a + b
    c += "!"
    return c, len(c)


def run():
    for a, b in [("a", "b"), ("a", "a"), ("", "a"), ("abc", "abd"), ("Z", "a")]:
        yield f"{a!r}, {b!r}", compare(a, b)
        yield f"{a!r} in {b!r}", contains(a, b)
        yield f"{a!r} + {b!r}", concat(a, b)

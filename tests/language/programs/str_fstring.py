"""f-strings with ints, strs, bools and expressions."""

import torch


@torch.jit.script
def text(i: int, s: str, b: bool):
    return f"{i} {s}, {b}; {i + 1}{s.upper()}"


@torch.jit.script
def braces(i: int):
    return f"{i}" + f"a{i}b{i * 2}c"


def run():
    yield "text", text(3, "x", True)
    yield "negative", text(-3, "", False)
    yield "parts", braces(5)

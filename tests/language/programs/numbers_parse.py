"""`int()` and `float()` of a str parse it, and raise where it is no number."""

import torch


@torch.jit.script
def to_int(s: str):
    return int(s)


@torch.jit.script
def to_float(s: str):
    return float(s)


def run():
    for s in ["12", "-7", "0"]:
        yield f"int({s!r})", to_int(s)
    for s in ["1.5", "-2", "1e3", "inf"]:
        yield f"float({s!r})", to_float(s)
    yield "not an int", lambda: to_int("x")
    yield "not a float", lambda: to_float("x")

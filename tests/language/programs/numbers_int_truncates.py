"""`int()` of a float truncates towards zero; of a bool is 0 or 1."""

import torch


@torch.jit.script
def truncate(x: float):
    return int(x)


@torch.jit.script
def from_bool(b: bool):
    return int(b)


def run():
    for x in [0.0, 0.9, -0.9, 1.5, -1.5, 2.999, -2.999, 1e15]:
        yield f"int({x})", truncate(x)
    yield "true", from_bool(True)
    yield "false", from_bool(False)

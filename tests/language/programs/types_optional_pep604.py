"""`int | None` is an Optional."""

import torch


@torch.jit.script
def plus(x: int | None, y: int = 1) -> int:
    if x is None:
        return y
    return x + y


def run():
    yield "None", plus(None)
    yield "given", plus(4, 5)

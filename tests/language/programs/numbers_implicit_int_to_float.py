"""An int is accepted where a float parameter is declared, and becomes a float."""

import torch


@torch.jit.script
def half(x: float):
    return x / 2, x


@torch.jit.script
def calls(i: int):
    return half(float(i) + 1)


def run():
    yield "int", half(3)
    yield "negative int", half(-1)
    yield "float", half(3.0)
    yield "inside", calls(4)
    yield "a str is not", lambda: half("3")

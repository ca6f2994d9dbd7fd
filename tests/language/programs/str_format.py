"""format fills braces in order."""

import torch


@torch.jit.script
def filled(a: int, s: str, b: bool):
    return "{} and {}: {}".format(a, s, b)


@torch.jit.script
def one(a: int):
    return "<{}>".format(a)


def run():
    yield "three", filled(3, "x", True)
    yield "negative", filled(-3, "", False)
    yield "one", one(0)

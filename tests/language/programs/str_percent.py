"""`%` formats ints and strs."""

import torch


@torch.jit.script
def one(s: str):
    return "<%s>" % s


@torch.jit.script
def two(i: int, s: str):
    return "%d of %s" % (i, s)


def run():
    yield "one", one("x")
    yield "empty", one("")
    yield "two", two(3, "y")
    yield "negative", two(-3, "y")

"""str() of ints, bools and strs."""

import torch


@torch.jit.script
def strs(i: int, b: bool, s: str):
    return str(i), str(b), str(s), len(str(i))


def run():
    yield "positive", strs(120, True, "s")
    yield "negative", strs(-5, False, "")

"""Scripting a scripted function gives a function that does the same."""

import torch


@torch.jit.script
def increment(x: int):
    return x + 1


again = torch.jit.script(increment)


def run():
    yield "once", increment(1)
    yield "again", again(1)

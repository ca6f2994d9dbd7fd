"""splitlines."""

import torch


@torch.jit.script
def lines(s: str):
    return s.splitlines()


def run():
    for s in ["a\nb", "a\n", "", "\n\n", "one"]:
        yield f"{s!r}", lines(s)

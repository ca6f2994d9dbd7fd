"""partition and rpartition."""

import torch


@torch.jit.script
def parts(s: str, sep: str):
    return s.partition(sep), s.rpartition(sep)


def run():
    for s in ["a=b=c", "abc", "=", ""]:
        yield f"{s!r}", parts(s, "=")

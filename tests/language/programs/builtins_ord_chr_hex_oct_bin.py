"""ord and chr; hex, oct and bin of ints."""

import torch


@torch.jit.script
def code(s: str):
    return ord(s), chr(ord(s) + 1)


@torch.jit.script
def bases(i: int):
    return hex(i), oct(i), bin(i)


def run():
    for s in ["a", "Z", " "]:
        yield f"{s!r}", code(s)
    for i in [0, 1, 255, 4096]:
        yield f"{i}", bases(i)

"""upper, lower, capitalize, title and swapcase."""

import torch


@torch.jit.script
def cases(s: str):
    return s.upper(), s.lower(), s.capitalize(), s.title(), s.swapcase()


def run():
    for s in ["", "hello World", "ABC", "a1 b2"]:
        yield f"{s!r}", cases(s)

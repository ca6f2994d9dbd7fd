"""for over a str gives its characters."""

import torch


@torch.jit.script
def vowels(s: str):
    n = 0
    for c in s:
        if c in "aeiou":
            n += 1
    return n


@torch.jit.script
def backwards(s: str):
    r = ""
    for c in s:
        r = c + r
    return r


def run():
    for s in ["", "x", "education"]:
        yield f"{s!r}", (vowels(s), backwards(s))

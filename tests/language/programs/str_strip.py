"""strip, lstrip and rstrip, of white space and of given characters."""

import torch


@torch.jit.script
def spaces(s: str):
    return s.strip(), s.lstrip(), s.rstrip()


@torch.jit.script
def characters(s: str, c: str):
    return s.strip(c), s.lstrip(c), s.rstrip(c)


def run():
    for s in ["  a b ", "\t\n", "", "x"]:
        yield f"{s!r}", spaces(s)
    yield "characters", characters("xxhixyx", "xy")
    yield "none of them", characters("hi", "z")

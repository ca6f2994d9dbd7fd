"""center, ljust, rjust, zfill and expandtabs."""

import torch


@torch.jit.script
def pad(s: str, n: int):
    return s.center(n), s.ljust(n), s.rjust(n), s.zfill(n)


@torch.jit.script
def fill(s: str, n: int):
    return s.center(n, "*"), s.ljust(n, "."), s.rjust(n, "-")


@torch.jit.script
def tabs(s: str):
    return s.expandtabs(4)


def run():
    for s, n in [("ab", 6), ("abc", 2), ("", 3), ("7", 1)]:
        yield f"{s!r}, {n}", pad(s, n)
        yield f"{s!r}, {n}, filled", fill(s, n)
    yield "tabs", tabs("a\tbc\td")

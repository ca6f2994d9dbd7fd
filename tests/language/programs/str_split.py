"""split and rsplit, at white space or a separator, with a limit."""

import torch


@torch.jit.script
def white(s: str):
    return s.split()


@torch.jit.script
def at(s: str, sep: str):
    return s.split(sep), s.rsplit(sep)


@torch.jit.script
def limited(s: str, sep: str, n: int):
    return s.split(sep, n), s.rsplit(sep, n)


def run():
    for s in ["a b  c", " a ", "", "one"]:
        yield f"{s!r}", white(s)
    for s in ["a,b,,c", ",", "", "one"]:
        yield f"{s!r} at ','", at(s, ",")
    yield "limit 1", limited("a,b,c", ",", 1)
    yield "limit 0", limited("a,b,c", ",", 0)

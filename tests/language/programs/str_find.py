"""find, rfind, index and rindex; the last two raise where the first two give -1."""

import torch


@torch.jit.script
def find(s: str, t: str):
    return s.find(t), s.rfind(t)


@torch.jit.script
def find_from(s: str, t: str, i: int, j: int):
    return s.find(t, i, j), s.rfind(t, i, j)


@torch.jit.script
def index(s: str, t: str):
    return s.index(t), s.rindex(t)


def run():
    yield "twice", find("banana", "an")
    yield "absent", find("banana", "x")
    yield "longer", find("a", "abc")
    yield "bounds", find_from("banana", "an", 2, 6)
    yield "index", index("banana", "na")
    yield "index absent", lambda: index("banana", "x")

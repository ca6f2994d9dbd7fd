"""count, startswith and endswith, also with bounds."""

import torch


@torch.jit.script
def tests(s: str, t: str):
    return s.count(t), s.startswith(t), s.endswith(t)


@torch.jit.script
def bounded(s: str, t: str, i: int, j: int):
    return s.count(t, i, j), s.startswith(t, i, j), s.endswith(t, i, j)


def run():
    for t in ["a", "ba", "na", "x", "bananas"]:
        yield f"{t!r}", tests("banana", t)
    yield "bounds", bounded("banana", "an", 1, 5)
    yield "inner", bounded("banana", "n", 3, 6)

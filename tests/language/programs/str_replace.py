"""replace, of all and of the first few."""

import torch


@torch.jit.script
def every(s: str, a: str, b: str):
    return s.replace(a, b)


@torch.jit.script
def some(s: str, a: str, b: str, n: int):
    return s.replace(a, b, n)


def run():
    yield "all", every("banana", "an", "AN")
    yield "absent", every("banana", "x", "y")
    yield "to nothing", every("banana", "a", "")
    yield "one", some("banana", "a", "o", 1)
    yield "zero", some("banana", "a", "o", 0)

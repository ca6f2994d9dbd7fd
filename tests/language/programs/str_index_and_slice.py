"""Indexing and slicing of strs, from both ends; outside raises."""

import torch


@torch.jit.script
def get(s: str, i: int):
    return s[i]


@torch.jit.script
def slices(s: str, i: int, j: int):
    return s[i:j], s[i:], s[:j], s[:]


@torch.jit.script
def step(s: str):
    return s[::2], s[1::2]


def run():
    for i in [0, 2, -1, -3]:
        yield f"get {i}", get("xyz", i)
    yield "outside", lambda: get("xyz", 3)
    for i, j in [(1, 3), (-2, 9), (3, 1), (0, 0)]:
        yield f"{i}:{j}", slices("hello", i, j)
    yield "step", step("abcdef")
    yield "step of empty", step("")

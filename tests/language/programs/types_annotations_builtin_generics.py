"""Annotations with built-in generics."""

import torch


@torch.jit.script
def typed(a: list[int], t: tuple[str, list[float]]) -> list[str]:
    out: list[str] = []
    for i in a:
        out.append(t[0] + str(i))
    out.append(str(len(t[1])))
    return out


def run():
    yield "two", typed([1, 2], ("n", [0.5]))
    yield "empty", typed([], ("", []))

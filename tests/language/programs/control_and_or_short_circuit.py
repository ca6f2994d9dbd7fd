"""`and` and `or` evaluate the right operand only when it decides."""

import torch
from typing import List


@torch.jit.script
def seen(log: List[int], n: int, answer: bool) -> bool:
    log.append(n)
    return answer


@torch.jit.script
def both(a: bool, b: bool):
    log: List[int] = []
    r = seen(log, 1, a) and seen(log, 2, b)
    return r, log


@torch.jit.script
def either(a: bool, b: bool):
    log: List[int] = []
    r = seen(log, 1, a) or seen(log, 2, b)
    return r, log


@torch.jit.script
def guarded(a: List[int], i: int):
    return i < len(a) and a[i] > 0


def run():
    for a in [True, False]:
        for b in [True, False]:
            yield f"{a} and {b}", both(a, b)
            yield f"{a} or {b}", either(a, b)
    yield "inside", guarded([1, -1], 0)
    yield "outside", guarded([1, -1], 5)

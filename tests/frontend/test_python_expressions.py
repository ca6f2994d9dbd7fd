"""What Python has and TorchScript has not: chains, ranges, numbers, formats, `math`."""

# The programs are written as users write them.

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from jit import torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


@case((3,))
def ischain(x: int):
    a: int | None = x
    return None is not a, a is not None and a == x == 3


@case((3,))
def ctx(x: int):
    with torch.no_grad():
        y = x + 1
    with torch.autograd.profiler.record_function("a"):
        y += 1
    with torch.set_grad_enabled(False):
        y += 1
    return y


@case((3,))
def asr(x: int):
    torch._assert(x > 2, "small")
    return x


@case((3,))
def mathf(x: int):
    return (
        math.prod([x, 2]),
        math.hypot(3.0, 4.0),
        math.log2(8.0),
        math.trunc(2.5),
        math.isqrt(17),
        math.comb(5, x),
        math.perm(5, 2),
        math.isclose(1.0, 1.0),
        math.dist([1.0], [2.0]),
        math.fsum([0.1, 0.2]),
        math.cbrt(27.0),
        math.exp2(3.0),
        math.lcm(4, 6),
        math.gcd(12, 18),
        math.tau,
    )


@case((3,))
def rng(x: int):
    r = range(x)
    return len(r), 2 in r, list(r), r[1], r == range(3), r.start, r.stop


@case((3,))
def lits(x: Literal[1, 2, 3]):
    return x


@case(([1, 2],))
def seq(x: Sequence[int]):
    return len(x)


@case((3,))
def unpackstr(x: int):
    a, b = "xy"
    (c, d), e = ("pq", 1)
    f, *g = "hello"
    return a, b, c, d, e, f, g


@case((3,))
def ternchain(x: int):
    return "a" if x < 1 else "b" if x < 2 else "c"


@case((3,), (0,))
def numbers(x: int):
    return (
        (2.5).is_integer(),
        float(x).is_integer(),
        x.bit_length(),
        x.bit_count(),
        x.real,
        x.imag,
        (1.5).imag,
        x.conjugate(),
        x.denominator,
    )


@case((3,))
def formats(x: int):
    return (
        "{a} {} {b:>{w}}".format(x, a=1, b="q", w=5),
        "{0}{x!r}".format(2, x="s"),
        "Straße".casefold(),
    )


@case(([1, 2],), ([1],), ([1, 2, 3],))
def zips(a: list[int]):
    return list(zip(a, [3, 4], strict=True))


@case((3, 1), (0, 5), (9, 0))
def conds(a: int, b: int):
    if a > 0 and (y := b + 1) > 1:
        return y
    if a == 0 or (z := b - 1) > 3:
        return -1
    while a > 5 and (w := a - 1) != 3:
        a = w
    return z + a


@case(([1, 2, 3, 4],))
def slices(x: list[int]):
    del x[1:3]
    x += range(3)
    x[1:2] += [5]
    x.extend((7, 8))
    return x


@case(((1, 2, 3),))
def tupn(x: tuple[int, ...]):
    return len(x), x[0], sum(x)


@case((torch.tensor([1.0, 2.0]), 2.0), (torch.tensor([1.0, 2.0]), 5.0))
def element_in_a_tensor(x: torch.Tensor, value: float):
    return value in x, value not in x


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_an_expression_gives_what_python_gives(function, arguments, same_everywhere):
    same_everywhere(function, arguments)

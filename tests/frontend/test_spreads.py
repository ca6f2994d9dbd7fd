"""`*` and `**` in calls, definitions and displays; imports inside of functions."""

# The programs are written as users write them.
# ruff: noqa: C408, F401, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

from __future__ import annotations

from typing import Any

import pytest

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


@case((3,))
def star(x: int):
    return (
        sumall(1, 2, x),
        sumall(),
        sumall(*[x, x, x]),
        sumall(1, *range(x)),
        kws(a=1, b=x),
        kws(),
        mixed(1, 2, 3, c=4, d=5),
    )


def sumall(*xs: int):
    s = 0
    for v in xs:
        s += v
    return s, len(xs)


def kws(**kw: int):
    return sorted(kw.items()), kw.get("a", -1)


def mixed(a: int, *r: int, c: int = 0, **k: int):
    return a, len(r), c, k


def cal(a: int, b: int = 2, *, c: int = 3):
    return a * 100 + b * 10 + c


@case((7,))
def dcall(x: int):
    d = {"b": x, "c": 1}
    return cal(x, b=5, c=1), cal(1, **d), mixed(1, **d)


@case((7,))
def dcallbad(x: int):
    d = {"zz": x}
    return cal(1, **d)


@case((7,))
def displays(x: int):
    items = [1, *range(x), 2]
    return (
        items,
        [*items, *items],
        {"a": 1, "b": x, **dict(a=3)},
        (1, *(2, 3)),
        sorted({1, *items}),
    )


@case((3,))
def imp(x: int):
    import collections.abc
    import math
    import os.path as osp
    from math import pi
    from math import sqrt as s

    return math.floor(2.5), s(4.0), pi


@case((4,))
def import_as(x: int):
    import numpy as np

    return float(np.sum(np.arange(x)))


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_arguments_and_items_are_spread_as_in_python(
    function, arguments, same_everywhere
):
    same_everywhere(function, arguments)

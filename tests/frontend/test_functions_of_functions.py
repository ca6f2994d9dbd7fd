"""`key=`, `map`, `filter`, `reduce`, `partial`, and callables as parameters."""

# The programs are written as users write them.
# ruff: noqa: C416, C417, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import pytest

from jit import torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


@case(([3, 1, 2],))
def so(xs: list[int]):
    a = sorted(xs, key=lambda v: -v)
    b = sorted(xs, key=lambda v: v % 2, reverse=True)
    xs.sort(key=lambda v: (v % 2, v))
    ys = [(1, "b"), (0, "c")]
    ys.sort(key=lambda p: p[1], reverse=True)
    return (
        a,
        b,
        xs,
        ys,
        sorted(["b", "A"], key=str.lower),
        sorted([(1, 2), (0, 3)], key=operator.itemgetter(1)),
    )


@case(([3, 1, -2],))
def mm(xs: list[int]):
    n = 1
    return (
        min(xs, key=abs),
        max(xs, key=lambda v: -v * n),
        max([v for v in xs if v > 9], default=-1),
        min(3, -4, key=abs),
        min("bca", default="z"),
        max({1, 2}, key=lambda v: -v),
    )


@case(([],))
def mme(xs: list[int]):
    return min(xs, key=abs)


@case(([3, 1, -2],))
def mf(xs: list[int]):
    t = 0
    for a, b in zip(map(abs, xs), filter(lambda v: v > 0, xs)):
        t += a * b
    return (
        list(map(str, xs)),
        list(map(lambda a, b: a + b, xs, [1, 2, 3])),
        list(filter(None, [0, 1, 2])),
        t,
        sum(map(abs, xs)),
        sorted(map(lambda v: v * v, xs)),
        [x for x in map(float, xs)],
        ",".join(map(str, xs)),
        set(map(abs, xs)),
        any(map(lambda v: v > 2, xs)),
        dict(zip(map(str, xs), xs)),
    )


@case(([3, 1, -2],))
def red(xs: list[int]):
    return (
        functools.reduce(lambda a, b: a * b, xs),
        functools.reduce(operator.add, xs, 10),
        functools.partial(cal, 1, c=9)(5),
        list(map(functools.partial(operator.mul, 3), xs)),
    )


def cal(a: int, b: int = 2, *, c: int = 3):
    return a * 100 + b * 10 + c


@case(([3, 1, -2],))
def dels(xs: list[int]):
    del xs[0:2]
    ys = [1, 2, 3, 4]
    ys[1:3] += [7, 8]
    ys[::2] = [0, 0]
    return xs, ys


@case((3,))
def pr(x: int):
    print(x, "a", sep="-", end="!\n")
    print(end="")
    print(1, 2, sep=None)
    return x


def compose(f: Callable[[int], int], g: Callable[[int], int], x: int) -> int:
    return f(g(x))


def dbl(x: int):
    return 2 * x


@case((3,))
def co(x: int):
    k = 5
    return (
        compose(lambda v: v + k, dbl, x),
        compose(dbl, lambda v: v - x, 9),
        outer(dbl, x),
    )


def outer(f, x: int):
    return compose(f, f, x)


@case((3.0,))
def tfn(x: float):
    y = torch.ones(2) * x
    fs = torch.relu
    return apply_t(torch.sin, y), apply_t(fs, y), apply_t(lambda q: q * x, y)


def apply_t(f, t):
    return f(t)


@case(("b a c b",))
def words(t: str):
    c: dict[str, int] = {}
    for w in t.split():
        c[w] = c.get(w, 0) + 1
    return (
        sorted(c.items(), key=lambda kv: (-kv[1], kv[0])),
        max(c, key=lambda k: c[k]),
        sorted(c, key=c.get) if False else 0,
    )


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_functions_of_functions_do_what_python_does(
    function, arguments, same_everywhere
):
    same_everywhere(function, arguments)

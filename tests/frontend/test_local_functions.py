"""Functions inside of functions, lambdas, and functions as arguments."""

# The programs are written as users write them.
# ruff: noqa: E731, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

from __future__ import annotations

from collections.abc import Callable
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
def lam(x: int):
    f = lambda y: y + x
    x = 10
    return f(2), (lambda a, b=5: a * b + x)(2)


@case((3,))
def nested(x: int):
    def g(y: int, *, k: int = 2):
        return y * x + k

    return g(3), g(4, k=0)


@case((3,))
def nested_early(x: int):
    out: list[int] = []

    def g(y: int):
        if y > 2:
            return "big"
        out.append(y)
        return "small"

    return [g(i) for i in range(5)], out


@case((5,))
def fact(x: int):
    def go(n: int) -> int:
        return 1 if n <= 1 else n * go(n - 1)

    return go(x)


@case((6,))
def mutual(x: int):
    def even(n: int) -> bool:
        return True if n == 0 else odd(n - 1)

    def odd(n: int) -> bool:
        return False if n == 0 else even(n - 1)

    return even(x), odd(x)


@case((3,))
def deep(x: int):
    def a(y: int):
        def b(z: int):
            return x + y + z

        return b(1) + b(2)

    return a(4)


def apply(f: Callable[[int], int], x: int):
    return f(f(x))


def apply2(f, x: int):
    return f(f(x))


def double(x: int):
    return x * 2


@case((3,))
def ap(x: int):
    n = 7
    return apply(double, x), apply(lambda v: v + n, x), apply2(lambda v: v - x, 1)


@case((3,))
def defarg(x: int):
    fs = 0
    for i in range(x):
        g = lambda v, i=i: v * i
        fs += g(2)
    return fs


@case((3,))
def lamcomp(x: int):
    return [(lambda v: v + i)(1) for i in range(x)]


@case((3,))
def shadow(x: int):
    f = lambda: x
    return [f() for x in range(2)]


@case((3,))
def latebind(x: int):
    f = lambda: y
    y = 5
    a = f()
    y = 7
    return a + f()


@case((3,))
def branchdef(x: int):
    def h():
        return acc

    acc = 1
    if x > 2:
        acc = 2
    for i in range(3):
        acc += h()
    return h()


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_a_function_inside_reads_what_python_reads(
    function, arguments, same_everywhere
):
    same_everywhere(function, arguments)

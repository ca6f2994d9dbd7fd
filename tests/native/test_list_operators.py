"""Sums, extremes and slices of lists of numbers in machine code, and math of ints."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.runtime.executor import enable_native


def sums(n: int, big: int) -> int:
    values: list[int] = []
    for i in range(n):
        values.append(i * i % 11 - 3)  # noqa: PERF401
    values.append(big)
    values.append(big)
    values.append(-big)
    return sum(values)


def extremes(n: int) -> tuple[int, int, bool, bool]:
    values: list[int] = []
    for i in range(n):
        values.append(i * 7 % 13)  # noqa: PERF401
    return min(values), max(values), any(values), all(values)


def float_extremes(x: float) -> tuple[float, float]:
    values = [2.5, x, -1.5]
    values.append(0.5)
    return min(values), max(values)


def membership(n: int, x: int) -> tuple[bool, int]:
    values: list[int] = []
    for i in range(n):
        values.append(i % 4)  # noqa: PERF401
    return x in values, values.count(x)


def backwards(n: int) -> tuple[int, int, int]:
    values: list[int] = []
    for i in range(n):
        values.append(i)  # noqa: PERF402
    values.reverse()
    values.extend(values)
    part = values[1:-1:2]
    rest = values[n:]
    return values[0] + len(values), sum(part), len(rest) + rest[-1]


def of_ints(a: int, b: int) -> tuple[int, int]:
    return math.lcm(a, b), math.isqrt(a * a)


def root(a: int) -> int:
    return math.isqrt(a)


def logarithm(a: float, b: float) -> float:
    return math.log(a, b)


def nearest(a: float, b: float) -> float:
    return math.remainder(a, b)


TOP = 2**63 - 1
CASES: list[tuple[Any, tuple[Any, ...]]] = [
    (sums, (0, 5)),
    (sums, (100, TOP - 1)),
    (sums, (100, TOP)),
    (sums, (100, -TOP)),
    (extremes, (20,)),
    (extremes, (1,)),
    (extremes, (0,)),
    (float_extremes, (7.0,)),
    (float_extremes, (math.nan,)),
    (membership, (9, 0)),
    (membership, (9, 5)),
    (backwards, (5,)),
    (backwards, (1,)),
    (of_ints, (4, 6)),
    (of_ints, (-21, 6)),
    (of_ints, (0, -(2**63))),
    (of_ints, (3037000499, 2)),
    (of_ints, (2**31, 2**33 - 1)),
    (root, (TOP,)),
    (root, (0,)),
    (root, (-1,)),
    (root, (2**52 + 1,)),
    (root, (3037000499**2,)),
    (root, (3037000499**2 - 1,)),
    (root, (3037000498**2 - 1,)),
    (logarithm, (8.0, 2.0)),
    (logarithm, (math.inf, 2.0)),
    (logarithm, (0.0, 2.0)),
    (logarithm, (2.0, 1.0)),
    (logarithm, (2.0, -1.0)),
    (nearest, (7.0, 4.0)),
    (nearest, (7.0, 0.0)),
    (nearest, (math.inf, 1.0)),
    (nearest, (3.0, math.inf)),
]


def result_of(function: Any, given: tuple[Any, ...]) -> Any:
    try:
        return repr(function(*given))
    except (OverflowError, ZeroDivisionError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    ("function", "given"), CASES, ids=lambda x: getattr(x, "__name__", "")
)
def test_machine_code_does_what_the_interpreter_does(
    function: Any, given: tuple[Any, ...]
) -> None:
    native = jit.script(function)
    explanation = native.explain(*given)
    assert explanation.is_native, str(explanation)
    actual = result_of(native, given)
    enable_native(False)
    assert result_of(jit.script(function), given) == actual

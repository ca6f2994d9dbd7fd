"""Where ints are known to lie, and that nothing is left unchecked which could overflow."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.runtime.codegen.numbers import ranges
from jit.runtime.codegen.numbers.ranges import INT_MAX, INT_MIN
from jit.runtime.executor import enable_native


def interval_of_result(function: Any, *arguments: Any) -> ranges.Interval:
    graph = jit.script(function).graph_for(*arguments)
    (result,) = graph.outputs
    return ranges.interval_of(result)


def masked(n: int) -> int:
    return (n & 255) * 3 + 1


def shifted(n: int) -> int:
    return (n >> 60) + (n % 7) // 2


def halved(n: int) -> int:
    x = n % 1000
    while x > 1:
        x = x // 2
    return x


def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, (a + b) & 1023
    return a


def counted(n: int) -> int:
    total = 0
    for i in range(n):
        if i % 3 == 0:
            total += 2
    return total


def summed(n: int) -> int:
    values: list[int] = []
    for i in range(n):
        values.append(i % 5 - 1)  # noqa: PERF401
    total = 0
    for value in values:
        total += value
    return total


def doubled(n: int) -> int:
    x = 1
    for _ in range(n):
        x = x + x
    return x


def placed(n: int) -> int:
    last = 0
    for i in range(10, 20):
        last = i
    return last


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (masked, (1, 766)),
        (shifted, (-8, 10)),
        (fibonacci, (0, 1023)),
        (doubled, (1, INT_MAX)),
    ],
)
def test_an_interval_holds_all_that_can_be(
    function: Any, expected: ranges.Interval
) -> None:
    assert expected == interval_of_result(function, 5)


def argument_or_one(a: int, c: int, xs: list[int]) -> int:
    for d in range(4, 2, -1):
        if a // d - 2 > c:
            a = 1
        else:
            xs.append(d)
    return a


def test_an_argument_may_be_any_number_where_ways_meet() -> None:
    made = jit.script(argument_or_one)
    for a in (-3, 5, 40, -(2**62)):
        assert argument_or_one(a, -2, []) == made(a, -2, [])
    low, high = interval_of_result(argument_or_one, -3, -2, [])
    assert (INT_MIN, INT_MAX) == (low, high)


def test_what_is_halved_stays_below_where_it_began() -> None:
    assert interval_of_result(halved, 5) == (0, 999)


@pytest.mark.parametrize("function", [counted, summed])
def test_what_grows_by_small_steps_does_not_reach_the_end(function: Any) -> None:
    low, high = interval_of_result(function, 5)
    assert INT_MIN < low <= 0 < high < INT_MAX


def test_a_range_ends_where_it_says() -> None:
    low, high = interval_of_result(placed, 5)
    assert low == 0
    assert high >= 19


# the checks that are left ---------------------------------------------------------------

EDGES = [0, 1, -1, 2, -2, 3, 7, 255, 2**31, 2**32 - 1, -(2**53), 2**61, 2**62,
         -(2**62), INT_MAX, INT_MAX - 1, INT_MIN, INT_MIN + 1, INT_MAX // 3]  # fmt: skip


def first(a: int, b: int, c: int) -> int:
    x = a * 3 + (b & 255)
    y = (x // 5) % 1000 - (c >> 3)
    if y > 10:
        x = x - y * 7
    else:
        x = -y
    return x + abs(c % 17) * (b // 2)


def second(a: int, b: int, c: int) -> int:
    x, y = a % 1000, b
    for i in range(c % 50):
        x = (x * 5 + i) & 4095
        y = y + (x >> 2)
        if x % 3 == 0:
            y = y * 2
    return x + y


def third(a: int, b: int, c: int) -> int:
    total, n = 0, a
    for i in range(b % 40):
        total += i * 7 % 13
        n = n // 2 if n % 2 == 0 else n * 3 + 1
        total -= n % 11
    return total * (c % 9) + n


def fourth(a: int, b: int, c: int) -> int:
    values = [a % 100, b & 15]
    for i in range(c % 30):
        values.append(values[i] * 2 + values[-1] % 9)
    total = 0
    for value in values:
        total += value
    values[0] = c
    return total + values[0]


def fifth(a: int, b: int, c: int) -> int:
    low = min(a, 1000)
    high = max(b, -1000)
    x = low - high
    for i in range(low, low + c % 20, 3):
        x = x ^ i
        x = max(min(x, 1 << 40), -(1 << 40)) * (i % 4)
    return x // (1 + (c & 3)) - (x % -7) + (abs(high) >> (c % 64))


PROGRAMS = [first, second, third, fourth, fifth]
INTS = st.one_of(st.sampled_from(EDGES), st.integers(INT_MIN, INT_MAX))


def result_of(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (OverflowError, ZeroDivisionError, ValueError) as error:
        return type(error), str(error)


@pytest.fixture(scope="module")
def both_ways() -> dict[Any, tuple[Any, Any]]:
    """Each program in machine code and on the interpreter."""
    made = {}
    for program in PROGRAMS:
        ways = []
        for native in (True, False):
            before = enable_native(native)
            way = jit.script(program)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                way(1, 2, 3)
            enable_native(before)
            ways.append(way)
        made[program] = ways[0], ways[1]
    return made


@settings(max_examples=300)
@given(program=st.sampled_from(PROGRAMS), a=INTS, b=INTS, c=INTS)
def test_ints_overflow_where_the_interpreter_says(
    both_ways: dict[Any, tuple[Any, Any]], program: Any, a: int, b: int, c: int
) -> None:
    native, interpreted = both_ways[program]
    assert result_of(interpreted, a, b, c) == result_of(native, a, b, c)

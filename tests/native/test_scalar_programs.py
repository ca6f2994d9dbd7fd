"""Scripted functions of numbers: the interpreter and machine code agree on everything."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.runtime.executor import Executor, enable_native


def fib(n: int) -> int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def fib_loop(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def logistic(x: float, r: float, n: int) -> float:
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def newton(a: float, start: float) -> float:
    x = start
    for _ in range(60):
        x = 0.5 * (x + a / x)
    return x


def triangle(n: int) -> int:
    total = 0
    for i in range(n):
        for j in range(i, n, 2):
            if (i + j) % 3 == 0:
                continue
            if j > 40:
                break
            total += i * j
    return total


def early(n: int, limit: int) -> int:
    for i in range(n):
        if i * i > limit:
            return i
    return -1


def is_prime(n: int) -> bool:
    if n < 2:
        return False
    k = 2
    while k * k <= n:
        if n % k == 0:
            return False
        k += 1
    return True


def is_even(n: int) -> bool:
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n: int) -> bool:
    if n == 0:
        return False
    return is_even(n - 1)


def power(a: int, b: int) -> int:
    return a**b


def mean_speed(distance: int, hours: int) -> float:
    return distance / hours


def outer(a: int, b: int) -> int:
    return inner(a + 1, b)


def inner(a: int, b: int) -> int:
    c = a * 2
    return c // b


def shout(a: int, x: float) -> float:
    if a > 10:
        raise ValueError(f"{a} is more than {10}: {x}")
    if a < -10:
        raise IndexError("too small: %d and %s" % (a, x))  # noqa: UP031
    assert a != 3, "three"
    return x / a


def pair(a: int, x: float) -> tuple[int, float, bool, tuple[int, None]]:
    low, high = min(a, 3), max(x, 0.5)
    return low, high, a > x, (abs(a), None)


def sines(x: float, n: int) -> float:
    total = 0.0
    for i in range(n):
        total += math.sin(x * i) * math.exp(-x) + math.sqrt(abs(x)) + x**2
    return total


def bits(a: int, b: int) -> int:
    return ((a << 3) ^ (b >> 1)) & ~(a | b)


def chosen(a: int, b: int) -> int:
    if a > b:
        c = a * 3 + 1
        d = c - b
    else:
        c = b * b
        d = c + a // 4
    return c ^ d


def always_raises(a: int) -> int:
    for i in range(a):
        raise ValueError(f"{i}")
    return a


def nothing(a: int) -> None:
    assert a > 0


CASES = [
    (fib, [(0,), (1,), (15,), (-3,), (2000,)]),
    (fib_loop, [(10,), (92,), (93,), (0,), (-1,)]),
    (collatz, [(1,), (27,), (97,), (2**62 + 1,)]),
    (logistic, [(0.3, 3.9, 100), (0.3, 3.9, 0), (2.0, 4.0, 50)]),
    (newton, [(2.0, 1.0), (2.0, 0.0), (-1.0, 1.0), (math.nan, 1.0)]),
    (triangle, [(0,), (1,), (50,)]),
    (early, [(10, 20), (10, 2000), (0, 0)]),
    (is_prime, [(1,), (2,), (97,), (7917,), (7919,)]),
    (is_even, [(0,), (101,), (5000,)]),
    (power, [(2, 10), (2, 62), (2, 63), (-2, 63), (3, 100), (7, -1), (0, 0), (-1, 99)]),
    (mean_speed, [(1, 3), (5, 0), (2**63 - 1, 3), (-(2**63), -7)]),
    (outer, [(3, 2), (3, 0), (2**62, 1), (2**63 - 1, 1)]),
    (shout, [(1, 2.0), (11, 0.5), (-11, 0.5), (3, 1.0), (0, 1.0)]),
    (pair, [(5, 0.25), (-5, -2.0), (-(2**63), 1.0)]),
    (sines, [(0.5, 10), (-1e300, 3), (math.inf, 2), (800.0, 1), (-800.0, 1)]),
    (bits, [(1, 2), (2**60, 5), (-5, 7)]),
    (nothing, [(1,), (0,)]),
    (always_raises, [(3,), (0,)]),
    (chosen, [(5, 1), (1, 5), (2**62, 1), (1, 2**62), (2**61, -(2**63)), (-4, -4)]),
]


def outcome(executor, name, args):
    try:
        value = executor.call(name, args)
    except Exception as error:
        return type(error), str(error), getattr(error, "__notes__", [])
    return type(value), repr(value)


@pytest.fixture
def native():
    before = enable_native(True)
    yield
    enable_native(before)


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=lambda c: getattr(c, "__name__", "")
)
def test_machine_code_does_what_the_interpreter_does(function, calls, native):
    scripted = jit.script(function)
    fast, slow = Executor(scripted.program), Executor(scripted.program)
    name = scripted.qualified_name
    enable_native(False)
    expected = [outcome(slow, name, args) for args in calls]
    enable_native(True)
    assert expected == [outcome(fast, name, args) for args in calls]
    explanation = fast.explain(name, calls[0])
    assert explanation.is_native, str(explanation)


@pytest.mark.parametrize("function", [fib, collatz, logistic, pair])
def test_results_are_those_of_python(function, native):
    scripted = jit.script(function)
    calls = dict(CASES)[function]
    fast = Executor(scripted.program)
    args = calls[1]
    assert function(*args) == fast.call(scripted.qualified_name, args)
    assert not slow_calls(fast, scripted.qualified_name, args)


def slow_calls(executor, name, args):
    """Calls that the entry hands to the interpreter."""
    compiled = executor.compiled_for(name, args)
    seen = []
    compiled.native.slow = lambda *given: seen.append(given)
    compiled.native(*args)
    return seen


def test_arguments_that_do_not_fit_take_the_slow_path(native):
    scripted = jit.script(fib_loop)
    compiled = Executor(scripted.program).compiled_for(scripted.qualified_name, (3,))
    compiled.native.slow = lambda *args, **kwargs: ("slow", args, kwargs)
    assert 55 == compiled.native(10)
    assert ("slow", (True,), {}) == compiled.native(True)
    assert ("slow", (2**70,), {}) == compiled.native(2**70)
    assert ("slow", (1, 2), {}) == compiled.native(1, 2)
    assert ("slow", (), {"n": 1}) == compiled.native(n=1)


def test_machine_code_is_off_unless_it_is_asked_for():
    scripted = jit.script(fib_loop)
    executor = Executor(scripted.program)
    before = enable_native(False)
    try:
        assert 55 == executor.call(scripted.qualified_name, (10,))
        assert executor.compiled_for(scripted.qualified_name, (10,)).native is None
    finally:
        enable_native(before)


def test_what_the_interpreter_does_is_told(native):
    def text(a: int) -> str:
        return hex(a)

    scripted = jit.script(text)
    executor = Executor(scripted.program)
    explanation = executor.explain(scripted.qualified_name, (3,))
    assert explanation.is_native
    assert ["aten::hex"] == [reason.kind for reason in explanation.boxed]
    assert "aten::hex" in str(explanation)
    assert "0x3" == executor.call(scripted.qualified_name, (3,))

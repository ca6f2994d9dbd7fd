"""Scripted functions give what plain Python gives: values, types, exceptions, effects."""

# The programs are written as users write them.
# ruff: noqa: PERF402, RET504, UP031

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

import jit
from jit import torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


@case((3,), (0,), (-2,), (10,))
def while_continue(n: int):
    s = 0
    while n > 0:
        n -= 1
        if n % 2:
            continue
        s += n
    return s


@case((5,), (1,), (0,))
def while_else(n: int):
    while n > 0:
        n -= 2
        if n == 1:
            break
    else:
        return "else"
    return f"broke {n}"


@case(([1, 2, 3],), ([],), ([5, 0, 7],))
def for_else(a: list[int]):
    r = "zero"
    for x in a:
        if x == 0:
            break
    else:
        r = "none"
    return r


@case(("12",), ("x",), ("",))
def try_int(s: str):
    try:
        r = int(s)
    except ValueError as e:
        return str(e)
    return f"ok {r}"


@case((1, 0), (4, 2), (-7, 2))
def try_div(a: int, b: int):
    out: list[str] = []
    x = 0
    try:
        x = 1
        out.append("start")
        x = a // b
        out.append("done")
    except ZeroDivisionError:
        out.append("zero")
    else:
        out.append("else")
        x = x * 10
    return x, out


@case((1, 0), (4, 2), (-7, 2))
def try_finally(a: int, b: int):
    out: list[int] = []
    x = 0
    try:
        try:
            x = a // b
        finally:
            out.append(x)
    except ZeroDivisionError:
        x = -1
    return x, out


@case((0,), (1,), (2,), (3,))
def try_multi(k: int):
    try:
        if k == 0:
            raise ValueError("v")
        if k == 1:
            raise KeyError("k")
        if k == 2:
            raise IndexError("i")
        r = "none"
    except (ValueError, IndexError) as e:
        r = "VI " + str(e)
    except LookupError as e:
        r = "L " + str(e)
    return r


@case((5,), (0,))
def try_in_loop(n: int):
    s = 0
    for i in range(n):
        try:
            if i == 3:
                break
            if i == 1:
                continue
            s += 10 // (2 - i)
        except ZeroDivisionError:
            s += 1000
    return s


@case((3,), (-1,))
def nested_ret(n: int):
    for i in range(5):
        for j in range(5):
            if i * j == n:
                return i, j
            if j > i:
                break
    return -1, -1


@case((7,), (27,))
def while_true_late(n: int):
    k = 0
    while True:
        last = n
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        k += 1
        if n == 1:
            break
    return last, k


@case((3, 4), (0, 0), (-5, 2))
def ints(a: int, b: int):
    r = a**2 + b * a - (a - b)
    if b != 0:
        r += a // b + a % b
    return r, -a, ~b, a << 2, a & b, a | b, a ^ b, a / 7


@case((1, 2, 3), (3, 2, 1), (2, 2, 2))
def chain(a: int, b: int, c: int):
    return a < b < c, a <= b <= c, a == b == c, not a < b, a if a > b else b


@case((0, 5), (3, 5))
def and_or(a: int, b: int):
    return a or b, a and b, (a or 0) + (b and 2)


@case((None,), (4,))
def optional(x: int | None):
    if x is None:
        x = 7
    y = x + 1
    return y


@case((None,), (4,), (0,))
def optional_or(x: int | None):
    return (x or 9) + 1


@case((None,), (4,), (0,))
def optional_truth(x: int | None):
    if x:
        return x + 1
    return 0


@case(([3, 1, 2],), ([],))
def comp(a: list[int]):
    return (
        [x * 2 for x in a if x > 1],
        sum(x for x in a),
        any(x > 2 for x in a),
        all(x > 0 for x in a),
    )


@case((3,))
def comp2(n: int):
    return [(i, j) for i in range(n) for j in range(i)], {i: i * i for i in range(n)}


@case((1.5, 3, "ab", True))
def fmt(x: float, n: int, s: str, b: bool):
    return (
        f"{x:.3f} {n:>5} {s!r} {b} {{}} {n:{n}}",
        "%d %s %.2f" % (n, s, x),
        f"{s} {n}",
        f"{x}",
    )


@case(([1, 2, 3, 4],))
def star(a: list[int]):
    x, *y = a
    *u, v = a
    p, *q, r = a
    return x, y, u, v, p, q, r


@case((1, 2))
def swap(a: int, b: int):
    a, b = b, a
    (c, d), e = (a, b), a
    return a, b, c, d, e


@case((5,))
def walrus(n: int):
    out: list[int] = []
    while (n := n - 1) > 0:
        out.append(n)
    if (m := n * 2) > -5:
        return m, out
    return 0, out


@case(([1, 2, 3],))
def growing(a: list[int]):
    n = 0
    for x in a:
        n += 1
        if x < 4:
            a.append(x + 2)
    return a, n


@case(([3, 4], ["a", "b"]))
def enum_zip(a: list[int], b: list[str]):
    out = ""
    for i, (x, s) in enumerate(zip(a, b)):
        out += f"{i}{x}{s} "
    for i, x in enumerate(reversed(a), 5):
        out += f"{i}:{x} "
    return out


@case((10, 0, -3), (0, 10, 4))
def rng(a: int, b: int, c: int):
    out = []
    for i in range(a, b, c):
        out.append(i)
    return out, list(range(a, b, c)), len(range(a, b, c))


def helper(x, k=3):
    return x * k


def fact(n: int) -> int:
    return 1 if n <= 1 else n * fact(n - 1)


def even(n: int) -> bool:
    return True if n == 0 else odd(n - 1)


def odd(n: int) -> bool:
    return False if n == 0 else even(n - 1)


@case((4, 2.5, "s"))
def callees(n: int, x: float, s: str):
    return helper(n), helper(x, 2), helper(s, k=2), fact(n), even(n), odd(n)


K = 5
NAME = "nm"
TUP = (1, 2.5, "x")
DT = torch.float32


@case((1,))
def consts(n: int):
    return n + K, NAME, TUP, TUP[1], math.pi


@case((2,))
def dele(n: int):
    x = n
    del x
    x = "s"
    return x


class MyError(Exception):
    pass


@case((1,), (2,))
def user_exc(n: int):
    try:
        if n == 1:
            raise MyError(f"n is {n}")
        return "no"
    except MyError as e:
        return "caught " + str(e)


@case(({"a": 1, "b": 2},))
def dicts(d: dict[str, int]):
    out = []
    for k in d:
        out.append(k)
    for k, v in d.items():
        out.append(k + str(v))
    d["c"] = 3
    return out, len(d), "c" in d, d.get("z", 9), list(d.keys()), d


@case((1,), (3,), (5,), (9,))
def elif_ret(n: int):
    if n < 2:
        return "a"
    if n < 4:
        x = "b"
    elif n < 6:
        return "c"
    else:
        x = "d"
    return x + "!"


@case((2.7, -3), (-2.7, 4))
def mathy(x: float, n: int):
    return (
        math.floor(x),
        math.ceil(x),
        math.sqrt(abs(x)),
        int(x),
        round(x),
        float(n),
        x // 1.5,
        x % 1.5,
        abs(n),
        min(n, 2),
        max(x, 0.5),
        divmod(n, 3),
        math.isnan(x),
        round(x, 1),
        2**3,
        n**2,
        2**-1,
        x**2,
    )


@case(("hello world",))
def strs(s: str):
    return (
        s.upper(),
        s[1:4],
        s[::-1],
        s[-1],
        "wor" in s,
        s.split(),
        s.replace("l", "L"),
        len(s),
        ",".join(s.split()),
        s.find("o"),
        s * 2,
        s == "x",
        s < "z",
        [c for c in s if c in "aeiou"],
    )


@case((3,))
def nested_lists(n: int):
    m = [[i * j for j in range(n)] for i in range(n)]
    m[0][1] += 5
    return m, m[1:], [r[0] for r in m]


@case(([1, 2],), ([],))
def truthy(a: list[int]):
    if a and a[0] == 1:
        return "one"
    return "other" if a else "empty"


@case((0,), (5,))
def rebinding(n: int):
    x: int | None = None
    for i in range(n):
        if x is None:
            x = i
        else:
            x = x + i
    return x


@case((4,))
def while_opt(n: int):
    best = None
    for i in range(n):
        if best is None or i > best:
            best = i
    return best


@case((True, 1), (False, 1))
def union_ret(c: bool, n: int):
    if c:
        return None
    return n


@case((6,))
def assert_ok(n: int):
    assert n > 5, "small"
    assert isinstance(n, int)
    return n


def outcome(function, arguments):
    """What a call gives or raises, and what it leaves of its arguments."""
    given = copy.deepcopy(arguments)
    try:
        return ("gives", repr(function(*given)))
    except Exception as error:
        return ("raises", type(error).__name__, str(error))


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_a_script_gives_what_python_gives(function, arguments):
    assert outcome(function, arguments) == outcome(jit.script(function), arguments)

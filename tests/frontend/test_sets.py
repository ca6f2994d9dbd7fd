"""Sets: methods, operators, comprehensions, as arguments and results."""

# The programs are written as users write them.
# ruff: noqa: C405, C414, C416, C417, F841, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

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
def s1(x: int):
    s = {1, 2, x}
    s.add(4)
    s.discard(9)
    s.remove(1)
    t = set([3, 4, 7])
    return (
        sorted(s),
        sorted(s | t),
        sorted(s & t),
        sorted(s - t),
        sorted(s ^ t),
        s <= t,
        s < t,
        s >= t,
        s == t,
        s != t,
        3 in s,
        9 not in s,
        len(s),
    )


@case((3,))
def s2(x: int):
    s = set()
    for i in range(x):
        s.add(i * i)
    u = set()
    u |= {5}
    s.update([7, 8], {9})
    a = s.union([1, 2], {100})
    b = s.intersection(range(5))
    c = s.difference([1])
    d = s.symmetric_difference({7, 1000})
    return (
        sorted(list(s)),
        sorted(a),
        sorted(b),
        sorted(c),
        sorted(d),
        u,
        s.issubset(a),
        s.issuperset({7}),
        s.isdisjoint({55}),
    )


@case(({1, 2, 3},))
def s3(s: set[int]):
    s.add(7)
    t = 0
    for q in s:
        t += q
    return s, t, sum(s), max(s), min(s), any(s), all(s), bool(s), len(s)


@case(({1, 2, 3},))
def s4(s: set[int]):
    c = s.copy()
    c.clear()
    s -= {1}
    s &= {2, 9}
    s ^= {8}
    d: dict[str, set[int]] = {"a": s}
    d["a"].add(3)
    items = [s, c]
    return d, items, not c


@case(("hello world",))
def s5(t: str):
    seen: set[str] = set()
    out: list[str] = []
    for ch in t:
        if ch not in seen:
            seen.add(ch)
            out.append(ch)
    return out, {w[0] for w in t.split()}, {len(w) for w in t.split() if w}


@case((3,))
def s6(x: int):
    s = {x}
    s.remove(99)
    return s


@case((3,))
def s7(x: int):
    s = {x}
    a = s.pop()
    try:
        s.pop()
    except KeyError as e:
        a += 100
    return a


@case((3,))
def s8(x: int):
    s = {(1, "a"), (x, "b")}
    return (3, "b") in s, sorted(s), isinstance(s, set)


@case((3,))
def s9(x: int):
    s = {1, 2}
    t = s
    t.add(x)
    return (
        s,
        s is not None,
        [i for i in {5}],
        list(map(lambda a: a + 1, s)) if False else 1,
    )


@case((None,))
def s10(s: set[int] | None):
    if s is None:
        s = set()
    s.add(1)
    return s


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_sets_are_those_of_python(function, arguments, same_everywhere):
    same_everywhere(function, arguments)

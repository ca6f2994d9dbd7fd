"""`match` chooses as Python does: values, captures, sequences, mappings, classes."""

# The programs are written as users write them.

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
def match_(x: int):
    match x:
        case 1:
            return "one"
        case 2 | 3:
            return "two"
        case _ if x > 10:
            return "big"
        case y:
            return f"many {y}"


@case(((1, 2),))
def match_t(x: tuple[int, int]):
    match x:
        case (0, 0):
            return 0
        case (0, y):
            return y
        case (x0, y) if x0 == y:
            return x0
        case (x0, y):
            return x0 * 10 + y


@case(([1, 2, 3],))
def match_l(x: list[int]):
    match x:
        case []:
            return [0]
        case [a]:
            return [a]
        case [1, *rest]:
            return rest
        case [a, *_, b]:
            return [a, b]


@case(({"k": 3, "z": 4},))
def match_d(x: dict[str, int]):
    match x:
        case {"q": v}:
            return v, 0
        case {"k": v, **rest}:
            return v, len(rest)
        case _:
            return 0, 0


@case(("a",))
def match_u(x: int | str | list[int] | None):
    match x:
        case None:
            return "none"
        case int():
            return f"int {x + 1}"
        case str(s):
            return s + "!"
        case [a, *_]:
            return f"list {a}"
        case list():
            return "empty"


@case((2,))
def match_o(x: int | None):
    match x:
        case None:
            return -1
        case 2:
            return 20
        case n:
            return n


@case((2.0,))
def match_f(x: float):
    match x:
        case 1:
            return "one"
        case 2:
            return "two"
    return "no"


@case(([(1, 2), (3, 0)],))
def match_nested(x: list[tuple[int, int]]):
    r = 0
    for q in x:
        match q:
            case (a, 0) | (0, a):
                r += a * 100
            case (a, b):
                r += a + b
    return r


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_a_match_chooses_as_python_does(function, arguments, same_everywhere):
    same_everywhere(function, arguments)

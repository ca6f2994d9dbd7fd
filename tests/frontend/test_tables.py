"""Lists, dicts and sets from outside: constants, and functions to choose from."""

# The programs are written as users write them.
# ruff: noqa: C416, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

from __future__ import annotations

from typing import Any

import pytest

import jit

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


TAB = {"a": 1, "b": 2}


LST = [1, 2, 3]


NESTED = {"x": [1, 2], "y": [3]}


SETC = {1, 5}


def add(a: int, b: int):
    return a + b


def mul(a: int, b: int):
    return a * b


OPS = {"+": add, "*": mul}


FNS = [add, mul]


@case(("a",))
def gdict(x: str):
    return (
        TAB[x] + LST[0] + len(LST) + sum(LST),
        x in TAB,
        NESTED["x"],
        [k for k in TAB],
        5 in SETC,
        TAB.get("zz", 9),
        sorted(TAB.items()),
    )


@case(("+",))
def gops(x: str):
    return (
        OPS[x](2, 3),
        OPS["*"](2, 3),
        x in OPS,
        [f(2, 5) for f in FNS],
        FNS[1](3, 4),
        len(OPS),
        {k: f(1, 2) for k, f in OPS.items()},
    )


@case(("?",))
def gops2(x: str):
    return OPS[x](2, 3)


@case((1,))
def gfn(i: int):
    return FNS[i](3, 4)


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_a_table_is_read_as_in_python(function, arguments, same_everywhere):
    same_everywhere(function, arguments)


def change_by_a_name(x: int):
    y = LST
    if x > 1:
        y.append(x)
    return y


def change_an_item(x: int):
    NESTED["x"].append(x)
    return NESTED


@pytest.mark.parametrize("function", [change_by_a_name, change_an_item])
def test_a_table_is_not_changed(function):
    with pytest.raises(jit.CompileError, match="which is outside of it") as caught:
        jit.script(function)

    assert "E0203" == caught.value.code

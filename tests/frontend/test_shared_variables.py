"""`nonlocal`, and functions that return functions."""

# The programs are written as users write them.

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


@case((3,))
def nonl(x: int):
    c = 0
    log: list[int] = []

    def inc(k: int = 1):
        nonlocal c
        c += k
        log.append(c)
        return c

    inc()
    inc(5)
    for i in range(x):
        inc(i)
    return c, log


@case((3,))
def closure_ret(x: int):
    def make(n: int):
        def f(y: int):
            return y + n

        return f

    g = make(x)
    return g(1), make(5)(1)


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_functions_share_what_python_lets_them_share(
    function, arguments, same_everywhere
):
    same_everywhere(function, arguments)


def test_a_shared_variable_keeps_its_type():
    def f(x: int):
        c = 0

        def g():
            nonlocal c
            c = "a"

        g()
        return c

    with pytest.raises(jit.CompileError, match="`c`, which several") as caught:
        jit.script(f)

    assert "E0302" == caught.value.code


def test_python_gets_no_function_from_a_script():
    def f(x: int):
        return lambda y: x + y

    with pytest.raises(jit.CompileError, match="returns a lambda") as caught:
        jit.script(f)

    assert "E0203" == caught.value.code

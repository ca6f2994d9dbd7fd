"""`finally` and `__exit__` run once, whatever leaves: a return, a break, an exception."""

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


@case((0,), (1,), (2,), (3,), (7,))
def in_loop(x: int):
    log: list[str] = []
    for i in range(5):
        try:
            if i == x:
                return i, log
            if i == 1:
                continue
            log.append(f"b{i}")
        finally:
            log.append(f"f{i}")
    return -1, log


@case((0,), (1,), (2,), (3,), (7,))
def breaks(x: int):
    log: list[int] = []
    n = 0
    while n < 10:
        n += 1
        try:
            if n == x:
                break
        finally:
            log.append(n)
    return n, log


@case((0,), (1,), (2,), (3,), (7,))
def raises(x: int):
    log: list[str] = []
    try:
        try:
            try:
                return 1 // x, log
            except ZeroDivisionError:
                log.append("caught")
                return -1, log
            finally:
                log.append("inner")
        finally:
            log.append("outer")
    finally:
        log.append("last")


@case((0,), (1,), (2,), (3,), (7,))
def final_raises(x: int):
    log: list[str] = []
    try:
        try:
            if x > 0:
                return "returned", log
            log.append("went on")
        finally:
            log.append("final")
            if x > 0:
                raise ValueError("from final")
    except ValueError as e:
        log.append(str(e))
    return "end", log


@case((0,), (1,), (2,), (3,), (7,))
def final_returns(x: int):
    try:
        if x > 0:
            raise ValueError("lost")
        return 1
    finally:
        return 2  # noqa: SIM107


@case((0,), (1,), (2,), (3,), (7,))
def nested_loop(x: int):
    out: list[int] = []
    for i in range(3):
        try:
            for j in range(3):
                if j == 2:
                    break
                if i + j == x:
                    return out
                out.append(i * 10 + j)
        finally:
            out.append(100 + i)
    return out


@case((0,), (1,), (2,), (3,), (7,))
def changed_after(x: int):
    y = 1
    try:
        y = 2
        if x > 1:
            return y
        y = 3
    finally:
        y += 10
    return y


@case((0,), (1,))
def final_raises_after_a_return(x: int):
    log: list[str] = []
    try:
        try:
            return "returned", log
        except ValueError as error:
            log.append(f"handled {error}")
        finally:
            log.append("final")
            raise ValueError(x)
    except ValueError as error:
        log.append(f"outside {error}")
    return "raised", log


@case((0,), (1,))
def handlers_within_do_not_see_the_final_part(x: int):
    log: list[str] = []
    try:
        try:
            try:
                return "returned", log
            except ValueError:
                log.append("handled within")
        finally:
            raise ValueError(x)
    except ValueError as error:
        log.append(f"outside {error}")
    return "raised", log


@case((0,), (1,))
def handlers_around_see_the_final_part(x: int):
    log: list[str] = []
    try:
        try:
            return "returned", log
        finally:
            raise KeyError(x)
    except KeyError as error:
        log.append(f"handled {error}")
    return "raised", log


class Refusing:
    """A context that raises when it is left."""

    def __init__(self, log: list[str]):
        self.log = log

    def __enter__(self):
        self.log.append("enter")

    def __exit__(self, kind, value, trace):
        self.log.append("exit with one" if value is not None else "exit")
        raise ValueError("not now")


@case((0,), (1,), (2,), (9,))
def contexts_that_raise_are_left_once(x: int):
    log: list[str] = []
    for i in range(2):
        try:
            with Refusing(log):
                if i == x:
                    continue
                if x == 9:
                    break
                if x == 2:
                    raise KeyError(x)
                return "returned", log
        except ValueError as error:
            log.append(str(error))
    return "at the end", log


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_the_final_part_runs_once(function, arguments, same_everywhere):
    same_everywhere(function, arguments)


FUNCTIONS = {
    f.__name__: f for f, _ in CASES if f is not contexts_that_raise_are_left_once
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_code_with_handlers_compiles_again(name):
    again = getattr(jit.CompilationUnit(jit.script(FUNCTIONS[name]).code), name)

    for function, arguments in CASES:
        if function is FUNCTIONS[name]:
            assert function(*arguments) == again(*arguments)


def test_a_handler_of_all_exceptions_may_name_their_class():
    def f(x: int) -> str:
        try:
            return str(1 // x)
        except BaseException as error:
            return str(error)

    assert f(0) == jit.script(f)(0) == "integer division or modulo by zero"

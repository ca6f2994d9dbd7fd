"""Calls from Python with `*args`, `**kwargs` and functions as arguments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import jit


def count(*xs: int):
    return sum(xs), len(xs)


def several(a: int, *rest: int, b: int = 5, **options: int):
    return a, rest, b, sorted(options.items())


def apply(f: Callable[[int], int], x: int):
    return f(x)


def double(x: int):
    return 2 * x


def forms(call):
    yield call
    yield jit.script(call)
    yield jit.script(call).interpret


def test_further_arguments_are_gathered():
    scripted = jit.script(count)
    for function in forms(count):
        for given in ((1, 2, 3), (), (5,)):
            assert count(*given) == function(*given)
            assert count(*given) == scripted(*given)

    loaded = jit.load(scripted.save_to_buffer())

    for given in ((1, 2, 3), (), (5,)):
        assert count(*given) == loaded(*given)


def test_further_keywords_are_gathered():
    scripted = jit.script(several)
    calls = [
        ((1,), {}),
        ((1, 2, 3), {"b": 7, "z": 9, "q": 1}),
        ((), {"a": 4, "c": 1}),
    ]
    for args, kwargs in calls:
        assert several(*args, **kwargs) == scripted(*args, **kwargs)

    loaded = jit.load(scripted.save_to_buffer())

    for args, kwargs in calls:
        assert several(*args, **kwargs) == loaded(*args, **kwargs)


def test_a_required_argument_is_missed():
    with pytest.raises(TypeError, match="missing arguments: 'a'"):
        jit.script(several)(b=1)


def test_each_function_makes_a_version():
    scripted = jit.script(apply)

    assert [6, 4, 10] == [scripted(double, 3), scripted(abs, -4), scripted(double, 5)]


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="'f' is a function that no script can call"):
        jit.script(apply)(3, 3)

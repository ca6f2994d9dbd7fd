"""What Python refuses is refused while compiling, or raises the same when it runs."""

from __future__ import annotations

import pytest

import jit
from jit import torch


def plus(x: list[int]):
    return x + 1


def equals(x: list[int]):
    return x == 1


def length(x: int):
    return len(x)


def total(x: int):
    return sum(x)


def some(x: int):
    return any(x)


def every(x: float):
    return all(x)


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        (plus, "E0301", "cannot add `int\\[]` and `int`"),
        (length, "E0306", "an `int` has no items"),
        (total, "E0306", "an `int` has no items"),
        (some, "E0306", "an `int` has no items"),
        (every, "E0306", "a `float` has no items"),
        (equals, "E0301", "cannot compare"),
    ],
)
def test_a_number_is_no_list_and_no_tensor(function, code, message):
    with pytest.raises(jit.CompileError, match=message) as error:
        jit.script(function)

    assert code == error.value.code


def sizes_one_by_one(n: int):
    return torch.zeros(n, 2).view(2, n).permute(1, 0).shape


def test_sizes_may_be_given_one_by_one():
    assert [3, 2] == jit.script(sizes_one_by_one)(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: torch.zeros(2, dtype="float32"), "argument `dtype` is `str`"),
        (lambda: torch.zeros(2.5), "argument `size` is `float`, expected `int\\[]`"),
        (lambda: torch.zeros(2, "a"), "argument `size` is `\\(int, str\\)`"),
    ],
)
def test_an_eager_call_names_the_argument_that_does_not_fit(call, message):
    with pytest.raises(TypeError, match=message):
        call()

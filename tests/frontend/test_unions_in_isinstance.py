"""`isinstance(x, A | B)` in scripts."""

from __future__ import annotations

from typing import Union

import pytest

import jit


def doubled(x: Union[int, float, str]):  # noqa: UP007
    if isinstance(x, int | float):
        return x * 2.0
    return -1.0


def is_one_of(x: Union[int, float, str, None]):  # noqa: UP007
    return isinstance(x, int | (str | None))


@pytest.mark.parametrize("value", [1, 2.5, "a"])
@pytest.mark.parametrize("function", [doubled, is_one_of])
def test_a_union_of_types_is_looked_for(function, value):
    assert function(value) == jit.script(function)(value)


def test_a_dtype_is_no_int():
    def f(n: int):
        return n + 1

    with pytest.raises(TypeError):
        jit.script(f)(jit.torch.int64)

"""`jit.check_finite` names the first value that became nan or infinite."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch


def ratio(x, y):
    z = x - y
    log = z.log()
    return log.sum() / y.sum()


def test_the_first_bad_value_is_named_with_its_line():
    checked = jit.check_finite(ratio)
    x, y = torch.tensor([3.0, 1.0]), torch.tensor([1.0, 2.0])

    with pytest.raises(FloatingPointError) as caught:
        checked(x, y)

    text = str(caught.value)
    assert "`log` became nan at [1] (1 of 2 elements): aten::log" in text
    assert "[-1, 2]" in text
    assert "test_check_finite.py" in text
    assert "log = z.log()" in text


def test_a_clean_call_gives_what_the_function_gives():
    checked = jit.check_finite(jit.script(ratio))
    x, y = np.array([3.0, 4.0]), np.array([1.0, 2.0])

    np.testing.assert_allclose(
        checked(x, y), ratio(torch.tensor(x), torch.tensor(y)).numpy()
    )


def test_what_comes_in_bad_is_not_blamed_on_an_operator():
    def f(x):
        y = x + 1
        return y, 1 / (y - y)

    checked = jit.check_finite(f)
    with pytest.raises(FloatingPointError, match=r"aten::(reciprocal|div)"):
        checked(torch.tensor([1.0]))
    assert checked(torch.tensor([float("nan")]))[0].isnan().all()


def test_branches_loops_and_calls_are_searched():
    def inner(x):
        return x.exp()

    def outer(x, n: int):
        for _ in range(n):
            x = inner(x)
        return x

    with pytest.raises(FloatingPointError, match=r"became infinite.*aten::exp"):
        jit.check_finite(outer)(torch.tensor([2.0]), 5)


def test_modules_are_searched():
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    with torch.no_grad():
        module[0].weight.fill_(float("inf"))

    with pytest.raises(FloatingPointError):
        jit.check_finite(module)(torch.zeros(1, 2))

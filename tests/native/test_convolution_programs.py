"""Convolutions of compiled programs: results and exceptions are the interpreter's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir import dtypes
from jit.runtime.codegen import memory
from jit.runtime.executor import Executor, enable_native
from jit.runtime.tensor import wrap

F = torch.nn.functional
Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def native() -> Iterator[None]:
    before = enable_native(True)
    yield
    enable_native(before)


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def outcome(executor: Executor, name: str, args: list[Any]) -> Any:
    try:
        return executor.call(name, args)
    except Exception as error:
        return type(error), str(error)


def check(function: Any, *arrays: Array, tolerance: float = 2e-5) -> None:
    """The results of the machine code are those of the interpreter."""
    scripted = jit.script(function)
    name = scripted.qualified_name
    args = [wrap(x) for x in arrays]
    enable_native(False)
    expected = outcome(Executor(scripted.program), name, args)
    enable_native(True)
    fast = Executor(scripted.program)
    assert fast.explain(name, args).is_native, fast.explain(name, args)
    used = memory.statistics().current
    found = outcome(fast, name, args)
    if isinstance(expected, tuple):
        assert expected == found
    else:
        assert expected.array.dtype == found.array.dtype
        assert expected.array.shape == found.array.shape
        np.testing.assert_allclose(
            expected.array.astype(np.float64),
            found.array.astype(np.float64),
            rtol=tolerance,
            atol=tolerance,
        )
    del found
    assert used == memory.statistics().current


def plain(x, w):
    return F.conv2d(x, w)


def with_bias(x, w, b):
    return F.conv2d(x, w, b, stride=2, padding=1)


def grouped(x, w):
    return F.conv2d(x, w, None, 1, 1, 1, 4)


def uneven(x, w):
    return F.conv2d(x, w, None, (1, 3), (2, 4), (3, 2))


def one_axis(x, w, b):
    return F.conv1d(x, w, b, padding=2)


def three_axes(x, w):
    return F.conv3d(x, w, None, (1, 2, 1), 1)


def test_two_axes() -> None:
    x, w, bias = numbers(2, 3, 13, 11), numbers(40, 3, 3, 3, seed=1), numbers(40)
    check(plain, x, w)
    check(plain, x[0], w)
    check(plain, x[:0], w)
    check(with_bias, x, w, bias)
    check(with_bias, x[:, :, ::2, ::-1], w, np.repeat(bias, 2)[::2])
    check(uneven, numbers(1, 8, 15, 15), numbers(16, 8, 3, 5, seed=1))


def test_groups() -> None:
    x = numbers(2, 8, 9, 9)
    check(grouped, x, numbers(12, 2, 3, 3, seed=1))
    check(grouped, x[:, :4], numbers(4, 1, 3, 3, seed=1))
    check(grouped, x[:, :4], numbers(8, 1, 3, 3, seed=1))


def test_other_numbers_of_axes() -> None:
    check(one_axis, numbers(2, 3, 25), numbers(7, 3, 5, seed=1), numbers(7))
    check(three_axes, numbers(1, 3, 5, 6, 7), numbers(4, 3, 3, 2, 3, seed=1))


def test_other_dtypes() -> None:
    check(
        plain,
        numbers(1, 3, 9, 9, dtype=np.float64),
        numbers(4, 3, 3, 3, dtype=np.float64),
    )
    half = dtypes.bfloat16.numpy
    x, w = numbers(1, 3, 9, 9, dtype=half), numbers(4, 3, 3, 3, dtype=half)
    check(plain, x, w, tolerance=2e-2)


def test_on_all_threads() -> None:
    x, w, bias = numbers(2, 32, 56, 56), numbers(64, 32, 3, 3, seed=1), numbers(64)
    check(with_bias, x, w, bias, tolerance=1e-4)


def test_operands_that_do_not_fit() -> None:
    x, w, bias = numbers(1, 3, 9, 9), numbers(4, 3, 3, 3, seed=1), numbers(4)
    check(plain, x[:, :2], w)
    check(plain, x[:, :, :2], w)
    check(with_bias, x, w, bias[:3])
    check(grouped, numbers(1, 8, 9, 9), numbers(6, 2, 3, 3))
    check(grouped, numbers(1, 8, 9, 9), numbers(8, 3, 3, 3))

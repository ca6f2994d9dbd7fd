"""Padding, resampling and pooling of compiled programs: results are the interpreter's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir.registry import find_card
from jit.runtime.tensor import wrap
from tests.native.agreement import Array, Both
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

F = torch.nn.functional


def numbers(*shape: int, dtype: Any = np.float32) -> Array:
    values = np.random.default_rng(0).standard_normal(shape)
    return (10 * values).astype(dtype)


def check(function: Any, x: Array, tolerance: float = 0.0) -> None:
    """The results of the machine code are those of the interpreter."""
    Both(function).check(x, relative=tolerance, absolute=tolerance)


def constant(x):
    return F.pad(x, (1, 2), value=1.5)


def constant_of_all(x):
    return F.pad(x, (0, 3, 2, -1, -1, 4))


def reflected(x):
    return F.pad(x, (2, 1, 0, 3), mode="reflect")


def replicated(x):
    return F.pad(x, (4, 1), mode="replicate")


def circular(x):
    return F.pad(x, (2, 3, 1, 0, 2, 2), mode="circular")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.int64, np.bool_])
def test_constants(dtype: Any) -> None:
    for size in ((3,), (0,), (2, 5), (4, 3, 70)):
        check(constant, numbers(*size, dtype=dtype))
    check(constant_of_all, numbers(3, 4, 5, dtype=dtype))
    check(constant_of_all, numbers(2, 2, 3, 4, 40, dtype=dtype)[..., ::-1, ::2])


def test_constants_that_cut_off_too_much() -> None:
    check(constant_of_all, numbers(3, 0, 5))
    check(constant_of_all, numbers(0, 3, 5))


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_elements_of_the_tensor(dtype: Any) -> None:
    x = numbers(2, 3, 5, 37, dtype=dtype)
    check(reflected, x)
    check(reflected, x[0, :, :4, ::-1])
    check(replicated, x[0])
    check(replicated, x[0, :, 1::2, ::3])
    check(circular, x)
    check(circular, numbers(2, 2, 3, 4, 5, dtype=dtype))


def test_too_little_to_reflect_or_repeat() -> None:
    check(reflected, numbers(2, 3, 5, 2))
    check(circular, numbers(2, 3, 1, 5))
    check(replicated, numbers(2, 3, 0))


def check_trace(function: Any, x: Array, tolerance: float = 1e-6) -> None:
    """The same of a traced function, whose sizes and factors are constants."""
    given = wrap(x)
    expected = function(given)
    traced = jit.trace(function, (given,))
    assert traced.explain(given).is_native, traced.explain(given)
    found = traced(given)
    if not isinstance(expected, tuple):
        expected, found = (expected,), (found,)
    for one, other in zip(expected, found, strict=True):
        assert one.array.dtype == other.array.dtype
        assert one.array.shape == other.array.shape
        np.testing.assert_allclose(
            one.array.astype(np.float64),
            other.array.astype(np.float64),
            rtol=tolerance,
            atol=tolerance,
        )


RESAMPLED = {
    "nearest": lambda x: F.interpolate(x, (11, 5)),
    "nearest by factors": lambda x: F.interpolate(x, scale_factor=(2.5, 0.7)),
    "bilinear": lambda x: F.interpolate(x, (11, 5), mode="bilinear"),
    "bilinear corners": lambda x: F.interpolate(
        x, (1, 17), mode="bilinear", align_corners=True
    ),
    "bilinear by factors": lambda x: F.interpolate(
        x, scale_factor=(2.5, 0.7), mode="bilinear"
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RESAMPLED)
def test_images_are_resampled(name: str, dtype: Any) -> None:
    for size in ((4, 9), (22, 33), (3, 2)):
        x = numbers(2, 3, *size, dtype=dtype)
        tolerance = 1e-5 if dtype is np.float32 else 1e-6
        check_trace(RESAMPLED[name], x, tolerance)
        check_trace(RESAMPLED[name], x[:, :, ::-1, ::-1], tolerance)


def test_lines_are_resampled() -> None:
    x = numbers(2, 3, 9)
    check_trace(lambda x: F.interpolate(x, (7,)), x)
    check_trace(lambda x: F.interpolate(x, (20,), mode="linear"), x, 1e-5)


MAXIMA = {
    "windows": lambda x: F.max_pool2d(x, 2, return_indices=True),
    "windows with margins": lambda x: F.max_pool2d(
        x, (3, 2), (2, 1), (1, 0), (1, 2), True, True
    ),
    "bins": lambda x: F.adaptive_max_pool2d(x, (3, 5), return_indices=True),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAXIMA)
def test_maxima_and_their_places(name: str, dtype: Any) -> None:
    x = numbers(2, 3, 9, 12, dtype=dtype)
    check_trace(MAXIMA[name], x)
    check_trace(MAXIMA[name], x[0, :, ::-1])
    # equal elements and nan
    x = np.round(x / 8)
    check_trace(MAXIMA[name], x)
    x[:, :, 3:5, ::4] = np.nan
    check_trace(MAXIMA[name], x)
    check_trace(MAXIMA[name], np.full_like(x, -np.inf))


def test_maxima_of_lines_and_their_places() -> None:
    x = numbers(2, 3, 19)
    check_trace(lambda x: F.max_pool1d(x, 3, 2, 1, return_indices=True), x)
    check_trace(lambda x: F.adaptive_max_pool1d(x, 4, return_indices=True), x)


POOLS = {
    "max 3/2": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max 2": lambda x: F.max_pool2d(x, 2),
    "max 5x2/1": lambda x: F.max_pool2d(x, (5, 2), 1, (2, 1)),
    "max up": lambda x: F.max_pool2d(x, (2, 3), (3, 2), (1, 0), ceil_mode=True),
    "mean 3/2": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "mean inside": lambda x: F.avg_pool2d(x, (3, 4), (1, 2), (1, 2), True, False),
    "mean by 5": lambda x: F.avg_pool2d(x, 2, (2, 1), 1, True, divisor_override=5),
    "mean far": lambda x: F.avg_pool2d(x, 2, 3),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", POOLS)
def test_vectors_of_windows(name: str, dtype: Any) -> None:
    for size in ((5, 6), (9, 33), (16, 70)):
        x = numbers(2, 3, *size, dtype=dtype)
        check_trace(POOLS[name], x)
        check_trace(POOLS[name], x[..., ::-1])
    x[:, :, 2:4, ::9] = np.nan
    check_trace(POOLS[name], x)


def test_vectors_of_windows_of_lines() -> None:
    x = numbers(2, 3, 70)
    check_trace(lambda x: F.max_pool1d(x, 3, 2, 1), x)
    check_trace(lambda x: F.avg_pool1d(x, 4, 1, 2, True, False), x)


@pytest.mark.parametrize("name", ["reflection_pad3d", "replication_pad3d"])
def test_volumes_have_margins(name: str) -> None:
    card = find_card(f"aten::{name}")
    check_samples(card, lambda why: False)
    x = numbers(2, 3, 5, 4, 6)
    for given in (x, x[0], x[:0], x.swapaxes(2, 4)[..., ::-1]):
        arguments = [given, [1, 2, 0, 3, 1, 0]]
        found = outcome(native_of(graph_of(card, arguments)), [wrap(given)])
        assert_agree(outcome(card.kernel, arguments), found, given.shape)

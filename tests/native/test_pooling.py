"""Pooling of compiled programs: results and exceptions are the interpreter's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.ir import dtypes
from tests.native.agreement import Array, Both, numbers

F = torch.nn.functional


def check(function: Any, *arrays: Array, tolerance: float = 1e-5) -> None:
    """The results of the machine code are those of the interpreter."""
    both = Both(function)
    for x in arrays:
        both.check(x, relative=tolerance, absolute=tolerance / 10)


IMAGES = [
    numbers(2, 3, 13, 18),
    numbers(2, 3, 40, 50),
    numbers(1, 1, 3, 3),
    numbers(0, 3, 8, 8),
    numbers(4, 13, 8, 20).transpose(0, 2, 1, 3)[..., ::-1],
    # windows do not fit
    numbers(1, 2, 1, 1),
    numbers(1, 0, 8, 8),
]


def max_plain(x):
    return F.max_pool2d(x, 2)


def max_padded(x):
    return F.max_pool2d(x, 3, 2, 1)


def max_spread(x):
    return F.max_pool2d(x, [3, 2], 2, 1, [2, 1], True)


def mean_plain(x):
    return F.avg_pool2d(x, 2)


def mean_padded(x):
    return F.avg_pool2d(x, [3, 2], 2, 1, True)


def mean_inside(x):
    return F.avg_pool2d(x, [3, 2], 2, 1, True, False)


def mean_divided(x):
    return F.avg_pool2d(x, 3, 1, 0, False, True, 2)


def bins(x):
    return F.adaptive_avg_pool2d(x, [3, 5])


def one_bin(x):
    return F.adaptive_avg_pool2d(x, 1)


def max_line(x):
    return F.max_pool1d(x, 3, 2, 1)


def mean_line(x):
    return F.avg_pool1d(x, 3, 2, 1, True, False)


def max_volume(x):
    return F.max_pool3d(x, 2)


def mean_volume(x):
    return F.avg_pool3d(x, [2, 1, 3], 1)


def max_volume_and_places(x):
    values, places = F.max_pool3d(x, [2, 1, 3], 2, [1, 0, 1], return_indices=True)
    return values + places


def bins_of_volume(x):
    return F.adaptive_avg_pool3d(x, [3, 1, 5])


def best_of_bins_of_volume(x):
    values, places = torch.ops.aten.adaptive_max_pool3d(x, [3, 1, 5])
    return values + places


@pytest.mark.parametrize(
    "function",
    [max_plain, max_padded, max_spread, mean_plain, mean_padded, mean_inside,
     mean_divided, bins, one_bin],
)  # fmt: skip
def test_two_axes(function: Any) -> None:
    check(function, *IMAGES)
    check(function, *(x[0] for x in IMAGES if len(x)))


@pytest.mark.parametrize("function", [max_line, mean_line])
def test_one_axis(function: Any) -> None:
    check(function, numbers(2, 3, 21), numbers(1, 1, 1), numbers(2, 3, 300))


@pytest.mark.parametrize(
    "function",
    [max_volume, mean_volume, max_volume_and_places, bins_of_volume,
     best_of_bins_of_volume],
)  # fmt: skip
def test_three_axes(function: Any) -> None:
    x = numbers(2, 3, 4, 5, 6)
    check(function, x, x[0, :, ::-1].swapaxes(1, 2), numbers(1, 2, 2, 9, 40), x[:0])
    check(function, np.round(x), x.astype(np.float64), x[:, :0])


def slope_plain(x):
    g = F.max_pool2d(x, 2).sin()
    return torch.ops.aten.max_pool2d_backward(g, x, [2, 2], [2, 2], [0, 0], [1, 1])


def slope_turned(x):
    g = F.max_pool2d(x.transpose(-1, -2), 2).transpose(-1, -2).sin()
    return torch.ops.aten.max_pool2d_backward(g, x, [2, 2])


def slope_overlapping(x):
    g = F.max_pool2d(x, 3, 2, 1).sin()
    return torch.ops.aten.max_pool2d_backward(g, x, [3, 3], [2, 2], [1, 1])


def slope_spread(x):
    g = F.max_pool2d(x, [3, 2], 2, 1, [2, 1], True).sin()
    return torch.ops.aten.max_pool2d_backward(
        g, x, [3, 2], [2, 2], [1, 1], [2, 1], True
    )


def slope_of_other_sizes(x):
    g = F.max_pool2d(x, 2)
    return torch.ops.aten.max_pool2d_backward(g, x, [3, 3])


SLOPES = [slope_plain, slope_turned, slope_overlapping, slope_spread]


@pytest.mark.parametrize("function", [*SLOPES, slope_of_other_sizes])
def test_gradients_of_maxima(function: Any) -> None:
    check(function, *IMAGES)
    check(function, *(x[0] for x in IMAGES if len(x)))
    check(function, np.round(IMAGES[1]), numbers(2, 3, 9, 8, dtype=np.float64))


@pytest.mark.parametrize("function", SLOPES)
def test_gradients_of_maxima_that_are_nan(function: Any) -> None:
    x = numbers(1, 2, 20, 40)
    x[0, 0, 3, ::5] = np.nan
    x[0, 0, 9:11, 6:9] = np.nan
    x[0, 1, ::4] = -np.inf
    check(function, x)


@pytest.mark.parametrize("function", [max_padded, mean_padded, bins])
def test_other_dtypes(function: Any) -> None:
    check(function, numbers(2, 3, 13, 18, dtype=np.float64))
    check(function, numbers(2, 3, 13, 18, dtype=np.float16), tolerance=2e-3)
    half = dtypes.bfloat16.numpy
    check(function, numbers(2, 3, 13, 18, dtype=half), tolerance=1e-2)


def test_nan_is_the_largest_number() -> None:
    x = numbers(1, 2, 20, 40)
    x[0, 0, 3, ::5] = np.nan
    x[0, 1, ::4] = -np.inf
    check(max_plain, x)
    check(max_padded, x)


def test_on_all_threads() -> None:
    check(max_padded, numbers(4, 64, 56, 57))
    check(one_bin, numbers(4, 512, 7, 9))
    check(slope_overlapping, numbers(4, 64, 56, 57))

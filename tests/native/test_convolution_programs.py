"""Convolutions of compiled programs: results and exceptions are the interpreter's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir import dtypes
from jit.runtime.tensor import wrap
from tests.native.agreement import Array, Both, numbers

F = torch.nn.functional


def check(function: Any, *arrays: Array, tolerance: float = 2e-5) -> None:
    """The results of the machine code are those of the interpreter."""
    Both(function).check(*arrays, relative=tolerance, absolute=tolerance)


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


def same(x, w):
    return F.conv2d(x, w, padding="same", dilation=(2, 1))


def valid(x, w, b):
    return F.conv1d(x, w, b, stride=2, padding="valid")


def test_named_padding() -> None:
    x = numbers(2, 3, 11, 9)
    check(same, x, numbers(5, 3, 3, 4, seed=1))
    check(same, x[0], numbers(5, 3, 2, 1, seed=1))
    check(valid, numbers(2, 3, 20), numbers(5, 3, 4, seed=1), numbers(5))


def transposed_1d(x, w, b):
    return F.conv_transpose1d(x, w, b, stride=3, padding=1, output_padding=2)


def transposed(x, w):
    return F.conv_transpose2d(x, w)


def transposed_2d(x, w, b):
    return F.conv_transpose2d(
        x, w, b, stride=(2, 1), padding=(1, 3), output_padding=(1, 0), groups=2
    )


def transposed_far(x, w):
    return F.conv_transpose2d(x, w, stride=3, dilation=(2, 1), groups=4)


def test_transposed() -> None:
    check(transposed_1d, numbers(2, 3, 7), numbers(3, 5, 4, seed=1), numbers(5))
    x = numbers(2, 4, 5, 6)
    check(transposed, x, numbers(4, 3, 3, 2, seed=1))
    check(transposed, x[0], numbers(4, 40, 1, 1, seed=1))
    check(transposed_2d, x, numbers(4, 3, 3, 5, seed=1), numbers(6))
    # more padding than windows reach
    check(transposed_2d, numbers(1, 4, 9, 9), numbers(4, 2, 1, 2, seed=1), numbers(4))
    check(transposed_far, x, numbers(4, 1, 2, 3, seed=1))
    check(transposed_far, x, numbers(4, 2, 2, 3, seed=1))
    check(transposed_2d, x, numbers(6, 3, 3, 5, seed=1), numbers(6))


def depthwise(x, w, b):
    return F.conv2d(x, w, b, padding=1, groups=5)


def depthwise_2(x, w):
    return F.conv2d(x, w, None, 2, 1, 1, 5)


def wide_depthwise(x, w):
    return F.conv2d(x, w, None, 1, (2, 0), 1, 5)


def test_depthwise_of_planes() -> None:
    w, bias = numbers(5, 1, 3, 3, seed=1), numbers(5, seed=2)
    for size in ((1, 1), (3, 2), (7, 7), (9, 16), (13, 33), (6, 50)):
        x = numbers(2, 5, *size)
        check(depthwise, x, w, bias)
        check(depthwise_2, x, w)
    check(depthwise, x[:, :, ::2, ::-1], w, bias)
    check(depthwise, x[:, :, 1:, 3:], w[..., ::-1, :], bias)
    check(
        depthwise, x.astype(np.float64), w.astype(np.float64), bias.astype(np.float64)
    )
    check(wide_depthwise, numbers(2, 5, 9, 21), numbers(5, 1, 5, 5, seed=1))
    half = dtypes.bfloat16.numpy
    check(depthwise_2, x.astype(half), w.astype(half), tolerance=2e-2)


class Layers(torch.nn.Module):
    """Convolutions with constant weights, of every kind of kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 40, 3, stride=2, padding=1)
        self.narrow = torch.nn.Conv2d(40, 6, 1)
        self.alone = torch.nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.wide = torch.nn.Conv2d(6, 6, 5, stride=2, padding=2, groups=6)
        self.grouped = torch.nn.Conv2d(6, 9, (1, 3), groups=3)
        self.skipping = torch.nn.Conv2d(9, 33, 1, stride=2)
        self.back = torch.nn.ConvTranspose2d(33, 4, 3, stride=2, bias=False)
        self.same = torch.nn.Conv2d(4, 20, 3, padding="same")

    def forward(self, x):
        x = self.alone(self.narrow(self.first(x)))
        x = self.skipping(self.grouped(self.wide(x)))
        return self.same(self.back(x))


@pytest.mark.parametrize("size", [(41, 39), (16, 90)])
def test_constant_weights(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layers = Layers().eval()
    x = wrap(numbers(2, 3, *size))
    with torch.no_grad():
        expected = layers(x).array
        # weights that a trace captures are constants
        traced = jit.trace(lambda x: layers(x), (wrap(numbers(1, 3, 16, 16)),))
    assert traced.explain(x).is_native, traced.explain(x)

    for _ in range(2):
        np.testing.assert_allclose(expected, traced(x).array, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2, (3, 2), 3])
@pytest.mark.parametrize("channels", [1, 3, 4, 5])
def test_few_channels(channels: int, stride: Any) -> None:
    w = wrap(numbers(37, channels, 5, 3, seed=1))
    bias = wrap(numbers(37, seed=2))

    def layer(x):
        y = F.conv2d(x, w, bias, stride, (2, 4), dilation=(1, 3))
        return F.relu(y)

    x = numbers(2, channels, 21, 50)
    traced = jit.trace(layer, (wrap(x),))
    assert traced.explain(wrap(x)).is_native, traced.explain(wrap(x))
    for case in (x, x[:1, :, :, :17], x[:, :, ::2, ::-1], x[1]):
        expected = layer(wrap(case)).array
        found = traced(wrap(case)).array
        np.testing.assert_allclose(expected, found, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("channels", [32, 45])
@pytest.mark.parametrize("padding", [0, 1, (2, 3)])
def test_transformed_patches(channels: int, padding: Any) -> None:
    w = wrap(numbers(70, channels, 3, 3, seed=1) / np.float32(channels**0.5))
    bias = wrap(numbers(70, seed=2))

    def layer(x, r):
        return F.relu(F.conv2d(x, w, bias, 1, padding) + r)

    traced = None
    for size in ((9, 12), (20, 33), (5, 5), (3, 130)):
        x = wrap(numbers(2, channels, *size))
        shape = F.conv2d(x, w, bias, 1, padding).shape
        for residual in (wrap(numbers(*shape, seed=3)), wrap(numbers(70, 1, 1))):
            if traced is None:
                traced = jit.trace(layer, (x, residual))
            assert traced.explain(x, residual).is_native
            expected = layer(x, residual).array
            found = traced(x, residual).array
            np.testing.assert_allclose(expected, found, rtol=1e-5, atol=1e-5)


def test_transformed_patches_are_accurate() -> None:
    x = np.random.default_rng(0).uniform(0.5, 1, (1, 256, 14, 14))
    w = np.random.default_rng(1).uniform(0.5, 1, (256, 256, 3, 3))
    weight = wrap(w.astype(np.float32))
    expected = F.conv2d(wrap(x), wrap(w), None, 1, 1).array

    single = wrap(x.astype(np.float32))
    traced = jit.trace(lambda x: F.conv2d(x, weight, None, 1, 1), (single,))

    np.testing.assert_allclose(expected, traced(single).array, rtol=1e-5)


def products(x, w, b):
    return F.conv2d(x, w, b)


def skipping(x, w, b):
    return F.conv2d(x, w, b, stride=(2, 3))


def test_windows_of_one_element() -> None:
    for size in ((3, 3), (12, 13), (30, 40)):
        x, w, bias = numbers(2, 5, *size), numbers(7, 5, 1, 1, seed=1), numbers(7)
        check(products, x, w, bias)
        check(products, x[:, :, ::2, 1:], w, bias)
        check(skipping, x, w, bias)


def with_tail(x, w, b, r):
    return torch.relu(F.conv2d(x, w, b, padding=1) * 0.5 + r)


def depthwise_tail(x, w, b, r):
    return torch.sigmoid(F.conv2d(x, w, b, padding=1, groups=5)) * r


def product_tail(x, w, b, r):
    y = F.conv2d(x, w, b)
    return y * torch.sigmoid(y) + r


def other_dtype(x, w, b):
    return F.conv2d(x, w, b, padding=1) > 0.25


@pytest.mark.parametrize("function", [with_tail, depthwise_tail, product_tail])
def test_operators_behind_convolutions(function: Any) -> None:
    for size in ((3, 3), (13, 12), (17, 40)):
        x, bias = numbers(2, 5, *size), numbers(5)
        w = numbers(5, 5, 3, 3, seed=1)
        w = w[:, :1] if function is depthwise_tail else w
        w = w[:, :, :1, :1] if function is product_tail else w
        full = numbers(2, 5, *size, seed=3)
        check(function, x, w, bias, full)
        check(function, x, w, bias, full[:1, :, :1, :1])
        check(function, x, w, bias, full[:1, :1, :1])
        check(function, x, w, bias, full[0])
        # turned around, with gaps, and making the result larger
        check(function, x, w, bias, full[..., ::-1, ::-1])
        check(function, x, w, bias, numbers(2, 5, size[0], 2 * size[1])[..., ::2])
        check(function, x[:1], w, bias, full)
        check(function, x[0], w, bias, full)


def test_operators_that_change_the_dtype() -> None:
    x, w = numbers(2, 5, 9, 20), numbers(4, 5, 3, 3, seed=1)
    check(other_dtype, x, w, numbers(4))


def residual_blocks(x, w, r):
    y = torch.relu(F.conv2d(x, w, None, padding=1))
    return torch.relu(F.conv2d(y, w, None, padding=1) + r)


def test_half_types_behind_convolutions() -> None:
    half = dtypes.bfloat16.numpy
    x, w = numbers(1, 4, 9, 9, dtype=half), numbers(4, 4, 3, 3, dtype=half)
    check(residual_blocks, x, w, x, tolerance=5e-2)

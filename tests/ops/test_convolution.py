"""Convolutions against loops over every element, and as adjoints of one another."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import float64
from jit.ir.registry import find_card


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def whole_numbers(seed, shape):
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float64)


def slow_convolution(x, weight, stride, padding, dilation, groups):
    """One product and sum at a time."""
    batch, _, *space = x.shape
    out_channels, group_channels, *kernel = weight.shape
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(space, padding, dilation, kernel, stride, strict=True)
    ]
    out = np.zeros((batch, out_channels, *counts))
    for n, o in product(range(batch), range(out_channels)):
        group = o // (out_channels // groups)
        for place in product(*map(range, counts)):
            for c in range(group_channels):
                for inner in product(*map(range, kernel)):
                    source = [
                        i * s + k * d - p
                        for i, s, k, d, p in zip(
                            place, stride, inner, dilation, padding, strict=True
                        )
                    ]
                    if all(0 <= i < m for i, m in zip(source, space, strict=True)):
                        element = x[(n, group * group_channels + c, *source)]
                        out[(n, o, *place)] += element * weight[(o, c, *inner)]
    return out


@st.composite
def convolutions(draw, axes):
    """Operands of whole numbers, so that sums are exact, and a geometry that fits."""

    def numbers(low, high):
        return [draw(st.integers(low, high)) for _ in range(axes)]

    groups = draw(st.integers(1, 2))
    kernel, stride, dilation = numbers(1, 3), numbers(1, 2), numbers(1, 2)
    padding = numbers(0, 2)
    space = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3))
        for d, k, p in zip(dilation, kernel, padding, strict=True)
    ]
    seed = draw(st.integers(0, 1000))
    x = whole_numbers(seed, (draw(st.integers(1, 2)), 2 * groups, *space))
    weight = whole_numbers(seed + 1, (groups * draw(st.integers(1, 2)), 2, *kernel))
    return x, weight, stride, padding, dilation, groups


@pytest.mark.parametrize("axes", [1, 2, 3])
@settings(max_examples=25)
@given(data=st.data())
def test_convolution_is_the_sum_of_products_under_the_window(axes, data):
    x, weight, *geometry = data.draw(convolutions(axes))
    bias = np.arange(float(len(weight)))
    expected = slow_convolution(x, weight, *geometry)

    made = card(f"conv{axes}d").kernel(x, weight, bias, *geometry)

    shaped = bias.reshape(-1, *(1,) * axes)
    assert np.array_equal(expected + shaped, made)
    facts = [T.TensorType(float64, a.shape) for a in (x, weight, bias)]
    inferred = card(f"conv{axes}d").infer(*facts, *geometry)
    assert T.TensorType(float64, made.shape) == inferred


@pytest.mark.parametrize("axes", [1, 2])
@settings(max_examples=25)
@given(data=st.data())
def test_transposed_convolution_is_the_adjoint(axes, data):
    x, weight, stride, padding, dilation, groups = data.draw(convolutions(axes))
    y = card(f"conv{axes}d").kernel(x, weight, None, stride, padding, dilation, groups)
    rest = [
        (n + 2 * p - d * (k - 1) - 1) % s
        for n, p, d, k, s in zip(
            x.shape[2:], padding, dilation, weight.shape[2:], stride, strict=True
        )
    ]
    if any(r >= s and r >= d for r, s, d in zip(rest, stride, dilation, strict=True)):
        return
    probe = whole_numbers(7, y.shape)
    overload = "conv_transpose1d" if axes == 1 else "conv_transpose2d.input"

    back = card(overload).kernel(
        probe, weight, None, stride, padding, rest, groups, dilation
    )

    assert x.shape == back.shape
    assert np.sum(y * probe) == np.sum(x * back)


@settings(max_examples=20)
@given(convolutions(2), st.booleans())
def test_general_convolution_is_the_named_one(call, transposed):
    x, weight, stride, padding, dilation, groups = call
    if transposed:
        x = whole_numbers(3, (1, len(weight), 4, 4))
        padding = [0, 0]
        expected = card("conv_transpose2d.input").kernel(
            x, weight, None, stride, padding, [0, 0], groups, dilation
        )
    else:
        expected = card("conv2d").kernel(
            x, weight, None, stride, padding, dilation, groups
        )

    made = card("convolution").kernel(
        x, weight, None, stride, padding, dilation, transposed, [0, 0], groups
    )

    assert np.array_equal(expected, made)


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 6))
def test_padding_same_keeps_the_length(kernel, dilation, length):
    x, weight = whole_numbers(1, (1, 2, length)), whole_numbers(2, (3, 2, kernel))

    made = card("conv1d.padding").kernel(x, weight, None, [1], "same", [dilation], 1)

    assert (1, 3, length) == made.shape


def test_a_missing_batch_stays_missing():
    x, weight = whole_numbers(1, (2, 5, 5)), whole_numbers(2, (3, 2, 3, 3))

    made = card("conv2d").kernel(x, weight, None, [1, 1], [0, 0], [1, 1], 1)

    assert (3, 3, 3) == made.shape


@pytest.mark.parametrize(
    ("x", "weight", "bias", "message"),
    [
        ((1, 3, 4, 4), (2, 4, 3, 3), None, "to have 4 channels, but got 3 channels"),
        ((1, 3, 4, 4), (2, 3, 5, 5), None, "Kernel size can't be greater than actual"),
        ((1, 3, 4, 4), (2, 3, 3, 3), (3,), "1-dimensional with 2 elements"),
        ((3, 4), (2, 3, 3, 3), None, "Expected 3D (unbatched) or 4D (batched) input"),
    ],
)
def test_operands_that_do_not_fit_are_told_with_their_sizes(x, weight, bias, message):
    geometry = [1, 1], [0, 0], [1, 1], 1
    arrays = [None if s is None else np.zeros(s) for s in (x, weight, bias)]
    facts = [None if s is None else T.TensorType(float64, s) for s in (x, weight, bias)]

    with pytest.raises(RuntimeError) as caught:
        card("conv2d").kernel(*arrays, *geometry)
    with pytest.raises(ShapeError) as inferred:
        card("conv2d").infer(*facts, *geometry)

    assert message in str(caught.value)
    assert str(caught.value) == str(inferred.value)


def test_unknown_sizes_stay_unknown_and_channels_known():
    facts = [
        T.TensorType(float64, (None, 3, None, 8)),
        T.TensorType(float64, (4, 3, 3, 3)),
        None,
    ]

    made = card("conv2d").infer(*facts, [1, 1], [1, 1], [1, 1], 1)

    assert (None, 4, None, 8) == made.sizes
    assert card("conv2d").raises(*facts, [1, 1], [1, 1], [1, 1], 1)


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 2), st.integers(0, 1), st.integers(3, 6))
def test_columns_of_windows_and_their_sum_are_adjoint(kernel, stride, padding, size):
    x = whole_numbers(1, (2, 3, size, size))
    geometry = [kernel] * 2, [1, 1], [padding] * 2, [stride] * 2
    columns = card("im2col").kernel(x, *geometry)
    probe = whole_numbers(2, columns.shape)

    back = card("col2im").kernel(probe, [size, size], *geometry)

    assert np.sum(columns * probe) == np.sum(x * back)

"""Pooling and padding against loops over windows and bins."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir.registry import find_card


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def shuffled(seed, shape):
    count = int(np.prod(shape))
    return np.random.default_rng(seed).permutation(count).reshape(shape).astype(float)


@st.composite
def windows(draw):
    """An image and a window that fits, perhaps past the end."""
    kernel = [draw(st.integers(1, 3)) for _ in range(2)]
    stride = [draw(st.integers(1, 3)) for _ in range(2)]
    dilation = [draw(st.integers(1, 2)) for _ in range(2)]
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    space = [
        d * (k - 1) + 1 + draw(st.integers(0, 4))
        for k, d in zip(kernel, dilation, strict=True)
    ]
    x = shuffled(draw(st.integers(0, 99)), (2, *space))
    return x, kernel, stride, padding, dilation, draw(st.booleans())


def elements(x, place, kernel, stride, padding, dilation):
    """The places of a window that lie inside of an image."""
    found = []
    for inner in product(*map(range, kernel)):
        at = tuple(
            i * s + k * d - p
            for i, s, k, d, p in zip(
                place, stride, inner, dilation, padding, strict=True
            )
        )
        if all(0 <= i < n for i, n in zip(at, x.shape[1:], strict=True)):
            found.append(at)
    return found


@settings(max_examples=60)
@given(windows())
def test_max_pool_is_the_largest_under_the_window_and_where_it_is(call):
    x, kernel, stride, padding, dilation, ceil = call

    made, where = card("max_pool2d_with_indices").kernel(
        x, kernel, stride, padding, dilation, ceil
    )

    for c, *place in np.ndindex(*made.shape):
        inside = elements(x, place, kernel, stride, padding, dilation)
        best = max(inside, key=lambda at: x[(c, *at)])
        assert x[(c, *best)] == made[(c, *place)]
        assert best[0] * x.shape[2] + best[1] == where[(c, *place)]
    plain = card("max_pool2d").kernel(x, kernel, stride, padding, dilation, ceil)
    assert np.array_equal(plain, made)


@settings(max_examples=60)
@given(windows(), st.booleans())
def test_avg_pool_is_the_mean_under_the_window(call, count_padding):
    x, kernel, stride, padding, _, ceil = call

    made = card("avg_pool2d").kernel(
        x, kernel, stride, padding, ceil, count_padding, None
    )

    for c, *place in np.ndindex(*made.shape):
        inside = elements(x, place, kernel, stride, padding, [1, 1])
        total = sum(x[(c, *at)] for at in inside)
        count = len(inside)
        if count_padding:
            ends = [
                min(i * s - p + k, n + p) - (i * s - p)
                for i, s, p, k, n in zip(
                    place, stride, padding, kernel, x.shape[1:], strict=True
                )
            ]
            count = ends[0] * ends[1]
        assert total / count == pytest.approx(made[(c, *place)], rel=1e-12)


def test_nan_wins_the_maximum():
    x = np.array([[[1.0, np.nan], [3.0, 2.0]]])

    made, where = card("max_pool2d_with_indices").kernel(
        x, [2, 2], [2, 2], [0, 0], [1, 1], False
    )

    assert np.isnan(made[0, 0, 0])
    assert 1 == where[0, 0, 0]


def test_minus_infinity_everywhere_has_a_place():
    x = np.full((1, 2, 2), -np.inf)

    _, where = card("max_pool2d_with_indices").kernel(
        x, [2, 2], [1, 1], [1, 1], [1, 1], False
    )

    assert where.min() >= 0
    assert [[0, 0, 1], [0, 0, 1], [2, 2, 3]] == where[0].tolist()


@settings(max_examples=40)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 5), st.integers(0, 5))
def test_adaptive_pools_divide_the_space_into_bins(rows, columns, high, wide):
    x = shuffled(5, (2, rows, columns))

    mean = card("adaptive_avg_pool2d").kernel(x, [high, wide])
    best, where = card("adaptive_max_pool2d").kernel(x, [high, wide])

    assert (2, high, wide) == mean.shape == best.shape
    for c, i, j in np.ndindex(*mean.shape):
        box = x[
            c,
            i * rows // high : -(-(i + 1) * rows // high),
            j * columns // wide : -(-(j + 1) * columns // wide),
        ]
        assert box.mean() == pytest.approx(mean[c, i, j], rel=1e-12)
        assert box.max() == best[c, i, j]
        assert x[c].reshape(-1)[where[c, i, j]] == best[c, i, j]


def test_a_window_without_room_is_told_with_both_sizes():
    with pytest.raises(RuntimeError) as caught:
        card("max_pool2d").kernel(
            np.zeros((1, 4, 4)), [5, 5], [], [0, 0], [1, 1], False
        )

    assert "Given input size: (1x4x4). Calculated output size: (1x0x0)" in str(
        caught.value
    )


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(-2, 3), st.integers(-2, 3)), max_size=3),
)
def test_constant_padding_adds_and_cuts(sizes, pairs):
    pairs = pairs[: len(sizes)]
    x = shuffled(1, sizes) + 1
    fits = all(
        n + min(a, 0) + min(b, 0) >= 0 and n + a + b >= 0
        for n, (a, b) in zip(sizes[::-1], pairs, strict=False)
    )
    flat = [n for pair in pairs for n in pair]
    if not fits:
        with pytest.raises(RuntimeError, match="length must be non-negative"):
            card("constant_pad_nd").kernel(x, flat, 0)
        return
    full = [(0, 0)] * (len(sizes) - len(pairs)) + pairs[::-1]
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(sizes, full, strict=True)
    )
    grown = [(max(a, 0), max(b, 0)) for a, b in full]
    expected = np.pad(x[cut], grown, constant_values=0.5)

    assert np.array_equal(expected, card("constant_pad_nd").kernel(x, flat, 0.5))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("reflect", [2, 1, 0, 1, 2, 1]),
        ("replicate", [0, 0, 0, 1, 2, 2]),
        ("circular", [1, 2, 0, 1, 2, 0]),
    ],
)
def test_other_paddings_repeat_the_elements(mode, expected):
    x = np.array([[0.0, 1.0, 2.0]])

    assert expected == card("pad").kernel(x, [2, 1], mode, None)[0].tolist()


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_pixel_unshuffle_undoes_pixel_shuffle(channels, factor, rows, columns):
    x = shuffled(2, (channels * factor**2, rows, columns))

    wide = card("pixel_shuffle").kernel(x, factor)

    assert (channels, rows * factor, columns * factor) == wide.shape
    assert np.array_equal(x, card("pixel_unshuffle").kernel(wide, factor))

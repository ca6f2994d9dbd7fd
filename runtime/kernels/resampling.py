"""Resampling along one axis after another, each element a sum of some of the input's.

A rule says for each element of the result which elements of the axis it is made of, and
with which weights: `(places, weights)`, both `[count, taps]`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels.products import widened

Array = np.ndarray[Any, Any]
Rule = Callable[[int, int, "float | None", np.dtype[Any], bool], tuple[Array, Any]]


def _step(size: int, count: int, scale: float | None, align_corners: bool) -> float:
    if align_corners:
        return (size - 1) / (count - 1) if count > 1 else 0.0
    return 1 / scale if scale else size / count


def nearest(
    size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
) -> tuple[Array, Any]:
    """The element at the rounded-down place."""
    step = np.float32(1 / scale) if scale else np.float32(size) / np.float32(count)
    places = np.floor(np.arange(count, dtype=np.float32) * step).astype(np.int64)
    return np.minimum(places, size - 1)[:, None], None


def nearest_exact(
    size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
) -> tuple[Array, Any]:
    """The element whose middle is nearest."""
    step = np.float32(1 / scale) if scale else np.float32(size) / np.float32(count)
    middles = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * step
    return np.minimum(np.floor(middles).astype(np.int64), size - 1)[:, None], None


def _middles(
    size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
) -> Array:
    """Where each element of the result lies along the axis, in its elements."""
    step = dtype.type(_step(size, count, scale, align_corners))
    index = np.arange(count, dtype=dtype)
    half = dtype.type(0.0 if align_corners else 0.5)
    return (index + half) * step - half


def linear(
    size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
) -> tuple[Array, Any]:
    """The two neighbours."""
    at = np.maximum(_middles(size, count, scale, dtype, align_corners), 0)
    low = np.minimum(at.astype(np.int64), size - 1)
    far = np.clip(at - low, 0, 1).astype(dtype)
    places = np.stack((low, np.minimum(low + 1, size - 1)), 1)
    return places, np.stack((1 - far, far), 1)


def cubic(
    size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
) -> tuple[Array, Any]:
    """Four neighbours, by cubic convolution."""
    at = _middles(size, count, scale, dtype, align_corners)
    low = np.floor(at)
    far = np.clip(at - low, 0, 1).astype(dtype)
    places = low.astype(np.int64)[:, None] + np.arange(-1, 3)
    distances = np.abs(far[:, None] - np.arange(-1, 3, dtype=dtype))
    return np.clip(places, 0, size - 1), cubic_weight(distances, -0.75)


def cubic_weight(d: Array, a: float) -> Array:
    """The weight of an element at a distance."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    distant = ((d - 5) * d + 8) * d * a - 4 * a
    made = np.where(d < 1, near, np.where(d < 2, distant, 0))
    return made.astype(d.dtype)


def antialiased(reach: float, weigh: Callable[[Array], Array]) -> Rule:
    """A rule whose weights are stretched where the result is smaller."""

    def rule(
        size: int, count: int, scale: float | None, dtype: Any, align_corners: bool
    ) -> tuple[Array, Any]:
        step = _step(size, count, scale, align_corners)
        stretch = max(step, 1.0)
        support = reach * stretch
        middles = step * (np.arange(count) + 0.5)
        first = np.maximum((middles - support + 0.5).astype(np.int64), 0)
        last = np.minimum((middles + support + 0.5).astype(np.int64), size)
        taps = max(int((last - first).max(initial=1)), 1)
        places = first[:, None] + np.arange(taps)
        distances = np.abs((places - middles[:, None] + 0.5) / stretch)
        weights = np.where(places < last[:, None], weigh(distances), 0.0)
        total = weights.sum(1, keepdims=True)
        weights = weights / np.where(total == 0, 1, total)
        return np.minimum(places, size - 1), weights.astype(dtype)

    return rule


RULES: dict[str, Rule] = {
    "nearest": nearest,
    "nearest_exact": nearest_exact,
    "linear": linear,
    "cubic": cubic,
    "linear_aa": antialiased(1.0, lambda d: np.maximum(1 - d, 0)),
    "cubic_aa": antialiased(2.0, lambda d: cubic_weight(d, -0.5)),
}


def resample(
    x: Array,
    wanted: Sequence[int],
    scales: Sequence[float | None],
    rule: str,
    align_corners: bool,
) -> Array:
    """`x[N, C, *space]` resampled to the wanted sizes."""
    out = x if rule.startswith("nearest") else widened(x)
    kind = np.dtype(np.float64) if x.dtype == np.uint8 else out.dtype
    # the last axis first, as rows are summed before columns
    for axis in reversed(range(2, x.ndim)):
        count, scale = wanted[axis - 2], scales[axis - 2]
        places, weights = RULES[rule](
            out.shape[axis], count, scale, kind, align_corners
        )
        if weights is None:
            out = out.take(places[:, 0], axis)
        elif x.dtype == np.uint8:
            out = _fixed_point(out, axis, places, weights)
        else:
            out = _weighted(out, axis, places, weights)
    return out.astype(x.dtype, copy=False)


def _weighted(x: Array, axis: int, places: Array, weights: Array) -> Array:
    parts = (
        x.take(places[:, tap], axis) * _along(weights[:, tap], axis, x.ndim)
        for tap in range(places.shape[1])
    )
    return functools.reduce(np.add, parts)


def _fixed_point(x: Array, axis: int, places: Array, weights: Array) -> Array:
    """Sums of bytes, by weights of as many binary places as fit 16 bits; Pillow's way."""
    digits = 22
    while digits and np.floor(weights.max(initial=0) * 2**digits + 0.5) >= 2**15:
        digits -= 1
    whole = np.trunc(weights * 2**digits + np.copysign(0.5, weights)).astype(np.int32)
    sums = _weighted(x.astype(np.int32), axis, places, whole)
    return np.clip((sums + (1 << digits >> 1)) >> digits, 0, 255)


def _along(weights: Array, axis: int, rank: int) -> Array:
    """Weights of places along an axis, to be multiplied with a tensor."""
    return weights.reshape(-1, *(1,) * (rank - 1 - axis))


def resample_gradient(
    g: Array,
    shape: Sequence[int],
    scales: Sequence[float | None],
    rule: str,
    align_corners: bool,
) -> Array:
    """The gradient of `resample` to an input of this shape."""
    made = widened(g)
    for axis in range(2, g.ndim):
        size, scale = shape[axis], scales[axis - 2]
        places, weights = RULES[rule](
            size, g.shape[axis], scale, made.dtype, align_corners
        )
        parts = (
            gathered(
                made
                if weights is None
                else made * _along(weights[:, tap], axis, g.ndim),
                axis,
                places[:, tap],
                size,
            )
            for tap in range(places.shape[1])
        )
        made = functools.reduce(np.add, parts)
    return made.astype(g.dtype, copy=False)


def gathered(x: Array, axis: int, places: Array, size: int) -> Array:
    """The sums of the elements along an axis that belong to each of `size` places."""
    made = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
    if not len(places):
        return made
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    rest: Any = (slice(None),) * axis
    sums = np.add.reduceat(x[(*rest, order)], starts, axis)
    made[(*rest, ordered[starts])] = sums
    return made

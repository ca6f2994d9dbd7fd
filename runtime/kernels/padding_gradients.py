"""Gradients of padding with own elements and of resampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels import padding as A
from jit.runtime.kernels.products import widened

Array = np.ndarray[Any, Any]


def mode_pad_gradient(
    g: Array, shape: Sequence[int], pad: Sequence[int], mode: str
) -> Array:
    """What was repeated around a tensor of this shape, added where it came from."""
    made = widened(g)
    for i in range(len(pad) // 2):
        axis = g.ndim - 1 - i
        sources = A.sources_along(shape[axis], pad[2 * i], pad[2 * i + 1], mode)
        made = _gathered(made, axis, sources, shape[axis])
    return made.astype(g.dtype, copy=False)


def nearest_gradient(
    g: Array, shape: Sequence[int], scales: Sequence[float | None]
) -> Array:
    """The gradient of `nearest` to an input of this shape."""
    made = widened(g)
    for axis, scale in enumerate(scales, 2):
        places = A.nearest_places(shape[axis], made.shape[axis], scale)
        made = _gathered(made, axis, places, shape[axis])
    return made.astype(g.dtype, copy=False)


def linear_gradient(
    g: Array,
    shape: Sequence[int],
    scales: Sequence[float | None],
    *,
    align_corners: bool,
) -> Array:
    """The gradient of `linear` to an input of this shape."""
    made = widened(g)
    for axis, scale in enumerate(scales, 2):
        size = shape[axis]
        low, high, weight = A.linear_places(
            size, made.shape[axis], scale, made.dtype, align_corners=align_corners
        )
        weight = weight.reshape(-1, *(1,) * (made.ndim - 1 - axis))
        below = _gathered(made * (made.dtype.type(1) - weight), axis, low, size)
        made = below + _gathered(made * weight, axis, high, size)
    return made.astype(g.dtype, copy=False)


def _gathered(x: Array, axis: int, places: Array, size: int) -> Array:
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

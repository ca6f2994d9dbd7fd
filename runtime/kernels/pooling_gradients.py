"""Gradients of pooling: what each window got goes back to where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels import pooling as P
from jit.runtime.kernels.pooling import Window
from jit.runtime.kernels.products import widened
from jit.runtime.kernels.sizes import shown

Array = np.ndarray[Any, Any]


def _cut(padded: Array, window: Window, space: Sequence[int]) -> Array:
    """Without the padding."""
    ends = zip(window.padding, space, strict=True)
    inner: Any = (..., *(slice(p, p + n) for p, n in ends))
    return np.ascontiguousarray(padded[inner])


def _check(name: str, g: Array, shape: Sequence[int], window: Window) -> None:
    """RuntimeError unless a gradient has the sizes that the result had."""
    wanted = P.pooled_sizes(name, tuple(shape), window)
    if g.shape != wanted:
        raise RuntimeError(
            f"{name}_backward: expected grad_output of shape {shown(wanted)}, but got"
            f" {shown(g.shape)}"
        )


def max_pool_gradient(name: str, g: Array, x: Array, window: Window) -> Array:
    """Each gradient goes to the first of the largest elements of its window."""
    axes = len(window.size)
    _check(name, g, x.shape, window)
    space, counts = x.shape[-axes:], g.shape[-axes:]
    best = P.max_pool(name, x, window)
    if x.dtype.kind not in "iu" and not np.isfinite(best).all():
        # nan equals nothing, and minus infinity equals the padding
        _, indices = P.max_pool_with_indices(name, x, window)
        return at_places(g, indices, x.shape, axes)
    padded = P.padded(x, window, counts, P.lowest(x.dtype))
    wide = widened(g)
    made = np.zeros(padded.shape, wide.dtype)
    waiting: Array = np.ones(g.shape, np.bool_)
    nothing = wide.dtype.type(0)
    overlap = max(window.dilation) > 1 or any(
        s < k for s, k in zip(window.stride, window.size, strict=True)
    )
    for _, index in P.places(window, counts):
        chosen = padded[index] == best
        chosen &= waiting
        waiting ^= chosen
        share = np.where(chosen, wide, nothing)
        if overlap:
            made[index] += share
        else:
            made[index] = share
    return _cut(made, window, space).astype(g.dtype, copy=False)


def at_places(g: Array, indices: Array, shape: Sequence[int], axes: int) -> Array:
    """Gradients summed at the places in the flattened space that indices name."""
    size = int(np.prod(shape[-axes:]))
    rows = int(np.prod(shape[:-axes]))
    starts = np.arange(rows).reshape(*shape[:-axes], *(1,) * axes) * size
    flat = (indices + starts).reshape(-1)
    weights = g.reshape(-1).astype(np.float64)
    made = np.bincount(flat, weights, rows * size)
    return made.astype(g.dtype).reshape(shape)


def average_pool_gradient(
    g: Array,
    shape: Sequence[int],
    window: Window,
    *,
    count_padding: bool,
    divisor: int | None,
) -> Array:
    """Each gradient is divided among the elements of its window."""
    axes = len(window.size)
    _check("avg_pool", g, shape, window)
    space, counts = shape[-axes:], g.shape[-axes:]
    wide = widened(g)
    elements = P.element_counts(space, counts, window, count_padding)
    share = wide / np.asarray(elements if divisor is None else divisor, wide.dtype)
    reach = [
        max((c - 1) * s + k, n + p)
        for c, s, k, n, p in zip(
            counts, window.stride, window.size,
            (n + p for n, p in zip(space, window.padding, strict=True)),
            window.padding, strict=True,
        )
    ]  # fmt: skip
    made = np.zeros((*shape[:-axes], *reach), wide.dtype)
    for _, index in P.places(window, counts):
        made[index] += share
    return _cut(made, window, space).astype(g.dtype, copy=False)


def adaptive_average_pool_gradient(g: Array, space: Sequence[int]) -> Array:
    """Each gradient is divided among the elements of its bin."""
    made = widened(g)
    for axis, size in zip(range(-len(space), 0), space, strict=True):
        rest: Any = (slice(None),) * (-axis - 1)
        out = np.zeros(
            (*made.shape[:axis], size, *made.shape[made.ndim + axis + 1 :]), made.dtype
        )
        for i, part in enumerate(P.bins(size, made.shape[axis])):
            count = out.dtype.type(part.stop - part.start)
            out[(..., part, *rest)] += made[(..., slice(i, i + 1), *rest)] / count
        made = out
    return made.astype(g.dtype, copy=False)

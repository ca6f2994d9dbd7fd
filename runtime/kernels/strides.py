"""Views of arrays by shape and strides: reshape without copy, expand, windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array = np.ndarray[Any, Any]


def reshape_view(x: Array, sizes: Sequence[int]) -> Array | None:
    """`x` with other sizes over the same storage; None if it cannot be."""
    y = x.reshape(sizes)
    if x.size and not np.may_share_memory(x, y):
        return None
    return y


def expand(x: Array, sizes: Sequence[int]) -> Array:
    """`x` repeated along new and one-element axes, by strides of zero."""
    lead = len(sizes) - x.ndim
    strides = [0] * lead + [
        0 if old == 1 and new != 1 else stride
        for old, new, stride in zip(x.shape, sizes[lead:], x.strides, strict=True)
    ]
    return as_strided(x, tuple(sizes), strides)


def root(x: Array) -> Array:
    """The array that holds the storage of `x`."""
    while True:
        base: Any = x.base
        if not isinstance(base, np.ndarray):
            # `as_strided` puts an object of its own between
            base = getattr(base, "base", None)
            if not isinstance(base, np.ndarray):
                return x
        x = base


def restride(
    x: Array, sizes: Sequence[int], strides: Sequence[int], offset: int | None
) -> Array:
    """A view of the storage below `x`, as `torch.as_strided`; counted in elements.

    Raises RuntimeError where the view would leave the storage.
    """
    if len(sizes) != len(strides):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {len(strides)} and {len(sizes)}"
        )
    if any(s < 0 for s in strides):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got"
            f" strides: {list(strides)}"
        )
    if any(s < 0 for s in sizes):
        raise RuntimeError(f"as_strided: negative sizes are invalid: {list(sizes)}")
    base = root(x)
    item = x.itemsize
    flat = as_strided(base, (base.nbytes // base.itemsize,), (base.itemsize,))
    flat = flat.view(x.dtype)
    if offset is None:
        offset = (_address(x) - _address(base)) // item
    reach = offset + 1 + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
    if 0 in sizes:
        reach = offset
    if offset < 0 or reach > flat.size:
        raise RuntimeError(
            f"setStorage: sizes {list(sizes)}, strides {list(strides)}, storage offset"
            f" {offset}, and itemsize {item} requiring a storage size of"
            f" {reach * item} are out of bounds for storage of size {base.nbytes}"
        )
    return as_strided(flat[offset:], tuple(sizes), [s * item for s in strides])


def copy_in_storage(x: Array) -> Array:
    """A copy of `x` at its place in a storage as large as the one below it.

    What lies around it there is zero: pages that nobody asks for cost nothing.
    """
    base, item = root(x), x.itemsize
    if base.nbytes <= x.nbytes or any(s < 0 or s % item for s in x.strides):
        return x.copy()
    around = np.zeros(base.nbytes // item, x.dtype)
    offset = (_address(x) - _address(base)) // item
    made = restride(around, x.shape, [s // item for s in x.strides], offset)
    made[...] = x
    return made


def _address(x: Array) -> int:
    address: int = x.__array_interface__["data"][0]
    return address


def windows(
    x: Array,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    count: Sequence[int],
) -> Array:
    """Windows over the last axes of `x`: `[..., *count, *kernel]`, read only.

    The caller has padded `x` so that every window fits.
    """
    axes = len(kernel)
    lead = x.ndim - axes
    steps = x.strides[lead:]
    return as_strided(
        x,
        (*x.shape[:lead], *count, *kernel),
        (
            *x.strides[:lead],
            *(s * n for s, n in zip(steps, stride, strict=True)),
            *(s * n for s, n in zip(steps, dilation, strict=True)),
        ),
        writeable=False,
    )

"""The gradients of convolutions to their input and to their weight, by products.

`g` is the gradient of the result. For a transposed convolution the two exchange places:
its result is as large as the input of a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jit.runtime.kernels import convolution as C
from jit.runtime.kernels.convolution import Geometry
from jit.runtime.kernels.products import widened
from jit.runtime.kernels.strides import windows

Array = np.ndarray[Any, Any]

MOST_COLUMNS = 1 << 22
"""So many elements of windows are gathered at once: more than that leaves the caches."""


def input_gradient(
    g: Array, weight: Array, space: Sequence[int], geometry: Geometry, transposed: bool
) -> Array:
    """The gradient to the input, whose axes behind the channels have sizes `space`."""
    if transposed:
        made = C.convolve(g, weight, None, replace(geometry, output_padding=()))
        # a long output padding leaves room for more windows than there were elements
        cut: Any = (..., *(slice(n) for n in space))
        return made[cut]
    rest = tuple(
        n + 2 * p - ((c - 1) * s + d * (k - 1) + 1)
        for n, c, k, s, p, d in zip(
            space, g.shape[2:], weight.shape[2:], geometry.stride, geometry.padding,
            geometry.dilation, strict=True,
        )
    )  # fmt: skip
    return C.convolve_transposed(
        g, weight, None, replace(geometry, output_padding=rest)
    )


def weight_gradient(
    g: Array, x: Array, kernel: Sequence[int], geometry: Geometry, transposed: bool
) -> Array:
    """The gradient to the weight, whose last axes have sizes `kernel`."""
    large, small = (g, x) if transposed else (x, g)
    dtype = x.dtype
    large, small = widened(large), widened(small)
    groups, counts = geometry.groups, small.shape[2:]
    batch, channels = large.shape[:2]
    rows = channels // groups * int(np.prod(kernel))
    positions = int(np.prod(counts))
    total = np.zeros((groups, small.shape[1] // groups, rows), small.dtype)
    step = max(1, MOST_COLUMNS // max(1, rows * groups * positions))
    axes = len(kernel)
    order = (1, *range(2 + axes, 2 + 2 * axes), 0, *range(2, 2 + axes))
    for start in range(0, batch, step):
        part = slice(start, start + step)
        after = [
            max(0, (c - 1) * s + d * (k - 1) + 1 - n - p)
            for c, k, s, p, d, n in zip(
                counts, kernel, geometry.stride, geometry.padding, geometry.dilation,
                large.shape[2:], strict=True,
            )
        ]  # fmt: skip
        padded = C.pad_ends(large[part], geometry.padding, after)
        seen = windows(padded, kernel, geometry.stride, geometry.dilation, counts)
        length = len(padded) * positions
        columns = seen.transpose(order).reshape(groups, rows, length)
        points = small[part].swapaxes(0, 1).reshape(groups, -1, length)
        total += np.matmul(points, columns.swapaxes(1, 2))
    shape = (small.shape[1], channels // groups, *kernel)
    return total.reshape(shape).astype(dtype, copy=False)

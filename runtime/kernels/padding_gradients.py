"""Gradients of padding with own elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels import padding as A
from jit.runtime.kernels.products import widened
from jit.runtime.kernels.resampling import gathered

Array = np.ndarray[Any, Any]


def mode_pad_gradient(
    g: Array, shape: Sequence[int], pad: Sequence[int], mode: str
) -> Array:
    """What was repeated around a tensor of this shape, added where it came from."""
    made = widened(g)
    for i in range(len(pad) // 2):
        axis = g.ndim - 1 - i
        sources = A.sources_along(shape[axis], pad[2 * i], pad[2 * i + 1], mode)
        made = gathered(made, axis, sources, shape[axis])
    return made.astype(g.dtype, copy=False)

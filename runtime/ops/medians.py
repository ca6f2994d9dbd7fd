"""The middle one of sorted elements; of two, the lower."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.runtime.ops.extremes import with_indices
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.reduction import evenly, placed
from jit.runtime.ops.samples import (
    case,
    f32,
    i64,
    nan,
    u8,
)  # fmt: skip


def middle(x, axis):
    """Where the lower median along an axis is; the first nan where there is one."""
    order = np.argsort(x, axis=axis, kind="stable")
    found = np.take(order, [(x.shape[axis] - 1) // 2], axis)
    missing = np.isnan(x)
    first = np.argmax(missing, axis=axis, keepdims=True)
    return np.where(np.any(missing, axis=axis, keepdims=True), first, found)


DISTINCT = case(f32.of([[3, 1, 2, 4], [0, 5, 7, 6]]), 1)


@op("aten::median(Tensor self) -> Tensor")
class median(Reduction):
    """The middle element of all, the lower one of two; nan if there is one."""

    saves = ("self", "out")
    accepts = "if"
    extra_samples = [case(f32.of([1, nan, 0])), case(i64.of([4, 1, 3, 2])), case(u8[5])]

    def reduce(x, axes, keepdim):
        line = x.reshape(-1)
        if line.size == 0:
            return np.asarray(np.nan)
        return line[middle(line, 0)[0]]

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op(
    "aten::median.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class median_dim(Reduction):
    """The middle elements along a dim, the lower one of two, and where they are."""

    saves = ("out",)
    accepts = "if"
    needs_elements = True
    results = (None, dtypes.int64)
    samples = [DISTINCT, case(f32.of([1, nan, 0]), 0), case(i64.of([3, 1, 2]), 0, True),
               case(f32[()], 0)]  # fmt: skip

    def reduce(x, axes, keepdim):
        def find(y, axis, keepdims):
            return middle(y, axis)

        return with_indices(find, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)

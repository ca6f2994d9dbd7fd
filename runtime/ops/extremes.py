"""The largest and the smallest elements, and where they are."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.reduction import evenly, placed
from jit.runtime.ops.samples import (
    case,
    f32,
    inf,
    nan,
)  # fmt: skip

EXTREMES = [case(f32.of([1, nan, 3])), case(f32.of([-inf, inf]))]


@op("aten::max(Tensor self) -> Tensor")
class max(Reduction):
    """The largest element; nan if there is one."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return np.maximum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op("aten::min(Tensor self) -> Tensor")
class min(Reduction):
    """The smallest element; nan if there is one."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return np.minimum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op("aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor")
class amax(Reduction):
    """The largest elements along dims."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = [*EXTREMES, case(f32[2, 3], [], True)]

    def reduce(x, axes, keepdim):
        return np.maximum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return evenly(t, g, out, x, dim, keepdim)


@op("aten::amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor")
class amin(Reduction):
    """The smallest elements along dims."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = [*EXTREMES, case(f32[2, 3], [], True)]

    def reduce(x, axes, keepdim):
        return np.minimum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return evenly(t, g, out, x, dim, keepdim)


def along(function, x, axes, keepdim):
    """An arg function of NumPy along one axis, or of the flattened array."""
    if len(axes) == 1:
        return function(x, axis=axes[0], keepdims=keepdim)
    found = function(x.reshape(-1))
    return found.reshape((1,) * x.ndim) if keepdim else found


def taken(x, indices, axes):
    """The elements that an arg function has found, with the axis kept."""
    if x.ndim == 0:
        return x.reshape(())
    return np.take_along_axis(x, indices, axes[0])


def with_indices(function, x, axes, keepdim):
    """Values and indices of an arg function."""
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    indices = function(x, axis=axes[0], keepdims=True)
    values = np.take_along_axis(x, indices, axes[0])
    if keepdim:
        return values, indices
    return values.squeeze(axes[0]), indices.squeeze(axes[0])


@op(
    "aten::max.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class max_dim(Reduction):
    """The largest elements along a dim, and where they are."""

    saves = ("out",)
    needs_elements = True
    results = (None, dtypes.int64)
    extra_samples = [case(f32.of([1, nan, 3]), 0), case(f32.of([[1, 3], [3, 1]]), 1)]

    def reduce(x, axes, keepdim):
        return with_indices(np.argmax, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


@op(
    "aten::min.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class min_dim(Reduction):
    """The smallest elements along a dim, and where they are."""

    saves = ("out",)
    needs_elements = True
    results = (None, dtypes.int64)
    extra_samples = [case(f32.of([1, nan, 3]), 0), case(f32.of([[1, 3], [3, 1]]), 1)]

    def reduce(x, axes, keepdim):
        return with_indices(np.argmin, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


@op("aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
class argmax(Reduction):
    """Where the largest element is, the first of equals."""

    accepts = "if"
    refusal = "argmax(): does not support {dtype} input"
    needs_elements = True
    results = (dtypes.int64,)
    extra_samples = [case(f32.of([1, nan, 3])), case(f32.of([2, 3, 3]))]

    def reduce(x, axes, keepdim):
        return along(np.argmax, x, axes, keepdim)


@op("aten::argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
class argmin(Reduction):
    """Where the smallest element is, the first of equals."""

    accepts = "if"
    refusal = "argmin(): does not support {dtype} input"
    needs_elements = True
    results = (dtypes.int64,)
    extra_samples = [case(f32.of([1, nan, 3])), case(f32.of([2, 1, 1]))]

    def reduce(x, axes, keepdim):
        return along(np.argmin, x, axes, keepdim)


@op("aten::aminmax(Tensor self, *, int? dim=None, bool keepdim=False)"
    " -> (Tensor min, Tensor max)")  # fmt: skip
class aminmax(Reduction):
    """The smallest and the largest elements."""

    saves = ("self", "out")
    needs_elements = True
    results = (None, None)
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return (
            np.minimum.reduce(x, axis=axes, keepdims=keepdim),
            np.maximum.reduce(x, axis=axes, keepdims=keepdim),
        )

    def grad(t, g, out, x, dim, keepdim):
        smallest = evenly(t, g[0], out[0], x, dim, keepdim)
        return smallest + evenly(t, g[1], out[1], x, dim, keepdim)

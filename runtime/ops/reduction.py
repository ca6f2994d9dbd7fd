"""Reductions: sum, mean, max, std, norm ... over all elements or over dims."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.samples import (
    boolean,
    case,
    f32,
    f64,
    i32,
    i64,
    inf,
    nan,
)  # fmt: skip
from jit.runtime.promotion import to_floating

REAL = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


def to_integer(dtype):
    """int64 for bools and integers: what they are summed in."""
    return dtype if dtype.category >= FLOATING else dtypes.int64


def total(x, axes, keepdim):
    """The sum over axes; float32 in double precision where NumPy sums naively."""
    if x.dtype == np.float32 and axes != (x.ndim - 1,):
        return np.add.reduce(x, axis=axes, keepdims=keepdim, dtype=np.float64)
    return np.add.reduce(x, axis=axes, keepdims=keepdim)


def kept(t, g, x, dim, keepdim):
    """What was reduced over dims of x, as with `keepdim`."""
    if not keepdim and x.ndim:
        for d in sorted(d % x.ndim for d in dims_of(x, dim)):
            g = t.unsqueeze(g, d)
    return g


def spread(t, g, x, dim, keepdim):
    """What was reduced over dims, spread over the sizes that x had."""
    return t.expand(kept(t, g, x, dim, keepdim), x.shape)


def evenly(t, g, out, x, dim, keepdim):
    """The gradient of an extreme, in equal parts to all elements that reach it."""
    top = spread(t, out, x, dim, keepdim)
    reach = t.logical_or(t.eq(x, top), t.logical_and(t.isnan(x), t.isnan(top)))
    count = t.sum(reach, dims_of(x, dim), True)
    return t.where(reach, spread(t, g, x, dim, keepdim) / count, 0.0)


def dims_of(x, dim):
    """The dims of a reduction as a list; all of them where none is given."""
    if dim is None or dim == []:
        return list(range(x.ndim))
    return [dim] if isinstance(dim, int) else list(dim)


def count_along(x, dim):
    """How many elements of x are reduced to one."""
    count = 1
    if x.ndim:
        for d in dims_of(x, dim):
            count = count * x.shape[d]
    return count


def placed(t, g, indices, x, dim, keepdim):
    """The gradient at the places along a dim where elements were taken, else zero."""
    if x.ndim and not keepdim:
        g, indices = t.unsqueeze(g, dim), t.unsqueeze(indices, dim)
    return t.scatter(t.new_zeros(g, x.shape), dim, indices, g)


DTYPED = [case(f32[2, 3], dtype=f64), case(i64[2, 3], dtype=f32)]


@op("aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class sum(Reduction):
    """The sum of all elements."""

    accepts = "bifc"
    common = to_integer
    extra_samples = [*DTYPED, case(f32[4], dtype=i32), case(boolean[3], dtype=boolean)]

    def reduce(x, axes, keepdim):
        return total(x, axes, keepdim)

    def grad(t, g, out, x, dtype):
        return t.expand(g, x.shape)


@op(
    "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class sum_dims(Reduction):
    """The sum along dims."""

    accepts = "bifc"
    common = to_integer
    extra_samples = [case(f32[2, 3], 1, dtype=f64), case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return total(x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g, x, dim, keepdim)


@op("aten::nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor")  # fmt: skip
class nansum(Reduction):
    """The sum along dims, nan counted as 0."""

    saves = ("self",)
    common = to_integer
    extra_samples = [case(f32.of([1, nan, 2]))]

    def reduce(x, axes, keepdim):
        return total(np.where(np.isnan(x), x.dtype.type(0), x), axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g, x, dim, keepdim) * t.logical_not(t.isnan(x))


NO_MEAN = (
    "mean(): could not infer output dtype. Input dtype must be either a floating point"
    " or complex dtype. Got: {dtype}"
)


def average(x, axes, keepdim):
    """The mean over axes; nan of no elements."""
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    return np.true_divide(total(x, axes, keepdim), count)


@op("aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class mean(Reduction):
    """The mean of all elements."""

    accepts = "fc"
    refusal = NO_MEAN
    extra_samples = DTYPED

    def reduce(x, axes, keepdim):
        return average(x, axes, keepdim)

    def grad(t, g, out, x, dtype):
        return t.expand(g / x.numel(), x.shape)


@op(
    "aten::mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class mean_dims(Reduction):
    """The mean along dims."""

    accepts = "fc"
    refusal = NO_MEAN
    extra_samples = [case(i64[2, 3], 1, dtype=f64), case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return average(x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g / count_along(x, dim), x, dim, keepdim)


@op("aten::nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor")  # fmt: skip
class nanmean(Reduction):
    """The mean along dims of the elements that are not nan."""

    saves = ("self",)
    accepts = "f"
    refusal = (
        "nanmean(): expected input to have floating point or complex dtype but got"
        " {dtype}"
    )
    extra_samples = [case(f32.of([1, nan, 2]))]

    def reduce(x, axes, keepdim):
        missing = np.isnan(x)
        count = np.add.reduce(~missing, axis=axes, keepdims=keepdim, dtype=np.int64)
        return np.true_divide(total(np.where(missing, 0, x), axes, keepdim), count)

    def grad(t, g, out, x, dim, keepdim, dtype):
        there = t.logical_not(t.isnan(x))
        count = t.sum(there, dims_of(x, dim), keepdim)
        return spread(t, g / count, x, dim, keepdim) * there


def others_multiplied(t, x, dim):
    """For each element the product of all others along a dim, also where some are 0."""

    def before(y):
        one = t.ones_like(t.slice(y, dim, 0, 1))
        return t.slice(t.cumprod(t.cat([one, y], dim), dim), dim, 0, -1)

    return before(x) * t.flip(before(t.flip(x, [dim])), [dim])


@op("aten::prod(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class prod(Reduction):
    """The product of all elements."""

    saves = ("self",)
    accepts = "bifc"
    common = to_integer
    extra_samples = DTYPED

    def reduce(x, axes, keepdim):
        return np.multiply.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dtype):
        line = t.to(t.reshape(x, [-1]), g.dtype)
        return g * t.reshape(others_multiplied(t, line, 0), x.shape)


@op(
    "aten::prod.dim_int(Tensor self, int dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class prod_dim(Reduction):
    """The product along a dim."""

    saves = ("self",)
    accepts = "bifc"
    common = to_integer

    def reduce(x, axes, keepdim):
        return np.multiply.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        if not x.ndim:
            return g
        wide = t.to(x, g.dtype)
        return spread(t, g, x, dim, keepdim) * others_multiplied(t, wide, dim)


@op("aten::logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor")
class logsumexp(Reduction):
    """log(sum(exp(self))) along dims, without overflow on the way."""

    saves = ("self", "out")
    common = to_floating
    accepts = "f"
    extra_samples = [case(f32.of([-inf, -inf]), 0), case(f32.of([1000, inf, 0]), 0)]

    def reduce(x, axes, keepdim):
        if 0 in x.shape:
            return np.log(total(np.exp(x), axes, keepdim))
        top = np.maximum.reduce(x, axis=axes, keepdims=True)
        top = np.where(np.isfinite(top), top, x.dtype.type(0))
        result = np.log(total(np.exp(x - top), axes, True)) + top
        return result if keepdim else np.squeeze(result, axes)

    def grad(t, g, out, x, dim, keepdim):
        top = spread(t, out, x, dim, keepdim)
        return spread(t, g, x, dim, keepdim) * t.exp(x - top)

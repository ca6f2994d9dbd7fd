"""Operators along one dim that keep all sizes: cumulative sums, softmax."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.runtime.ops.families import Scan, op
from jit.runtime.ops.reduction import to_integer
from jit.runtime.ops.samples import case, f32, f64, i64, inf, nan


def sums_from_here(t, g, dim):
    """The sums of the elements from each place on."""
    return t.flip(t.cumsum(t.flip(g, [dim]), dim), [dim])


@op("aten::cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor")
class cumsum(Scan):
    """The sums of the elements so far."""

    accepts = "bifc"
    common = to_integer
    inplace = True
    extra_samples = [case(i64[3], 0, dtype=f32), case(f32[2, 3], 1, dtype=f64)]

    def scan(x, axis):
        return np.add.accumulate(x, axis)

    def grad(t, g, out, x, dim, dtype):
        return sums_from_here(t, g, dim)


@op("aten::cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor")
class cumprod(Scan):
    """The products of the elements so far."""

    saves = ("self", "out")
    accepts = "bifc"
    common = to_integer
    inplace = True
    extra_samples = [case(i64[3], 0, dtype=f32), case(f32[2, 3], 1, dtype=f64)]

    def scan(x, axis):
        return np.multiply.accumulate(x, axis)

    def grad(t, g, out, x, dim, dtype):
        zero = t.eq(x, 0)
        zeros_so_far = t.cumsum(zero, dim)
        slope = sums_from_here(t, g * out, dim) / t.masked_fill(x, zero, 1)
        # at a zero the others are multiplied anew; a third zero leaves nothing to any
        for number in (1, 2):
            here = t.logical_and(zero, t.eq(zeros_so_far, number))
            others = t.cumprod(t.masked_fill(x, here, 1), dim)
            slope = t.where(here, sums_from_here(t, g * others, dim), slope)
        return slope


def running(accumulate, x, axis):
    """A running extreme, and where its last appearance is."""
    values = accumulate(x, axis)
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    places = np.arange(x.shape[axis]).reshape(shape)
    reached = np.where(np.isnan(x) | (x == values), places, 0)
    return values, np.maximum.accumulate(reached, axis)


RUNS = [case(f32.of([1, 3, 3, 2, nan, 5]), 0), case(i64.of([2, 2, 1, 1, 3]), 0)]


@op("aten::cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)")
class cummax(Scan):
    """The largest elements so far, and where they are."""

    saves = ("out",)
    results = (None, dtypes.int64)
    extra_samples = RUNS

    def scan(x, axis):
        return running(np.maximum.accumulate, x, axis)

    def grad(t, g, out, x, dim):
        return t.scatter_add(t.new_zeros(g[0], x.shape), dim, out[1], g[0])


@op("aten::cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)")
class cummin(Scan):
    """The smallest elements so far, and where they are."""

    saves = ("out",)
    results = (None, dtypes.int64)
    extra_samples = RUNS

    def scan(x, axis):
        return running(np.minimum.accumulate, x, axis)

    def grad(t, g, out, x, dim):
        return t.scatter_add(t.new_zeros(g[0], x.shape), dim, out[1], g[0])


@op("aten::logcumsumexp(Tensor self, int dim) -> Tensor")
class logcumsumexp(Scan):
    """The logarithms of the sums of the exponentials so far."""

    saves = ("self", "out")
    accepts = "f"
    extra_samples = [case(f32.of([-inf, 1000, 1000, nan]), 0)]

    def scan(x, axis):
        return np.logaddexp.accumulate(x, axis)

    def grad(t, g, out, x, dim):
        def part(wanted, size):
            logs = t.where(wanted, t.log(size) - out, -inf)
            backwards = t.logcumsumexp(t.flip(logs, [dim]), dim)
            return t.exp(t.flip(backwards, [dim]) + x)

        return part(t.gt(g, 0), g) - part(t.lt(g, 0), -g)


SHIFTED = [case(f32.of([1000, 1001]), 0), case(f32.of([-inf, 0]), 0)]


def softmax_slope(t, g, out, dim):
    """The gradient through a softmax whose result is `out`."""
    if not out.ndim:
        return t.zeros_like(g)
    shares = g * out
    return shares - out * t.sum(shares, [dim], True)


@op("aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")
class softmax(Scan):
    """exp(self), scaled to sum to one along dim."""

    saves = ("out",)
    accepts = "f"
    extra_samples = [*SHIFTED, case(i64[2, 3], 1, f32), case(f32[2, 3], -1, f64)]

    def scan(x, axis):
        if x.size == 0:
            return x
        powers = np.exp(x - np.maximum.reduce(x, axis, keepdims=True))
        return powers / np.add.reduce(powers, axis, keepdims=True)

    def grad(t, g, out, x, dim, dtype):
        return softmax_slope(t, g, out, dim)


@op("aten::_safe_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")
class _safe_softmax(Scan):
    """As `softmax`, but zeros along dim where all is minus infinity."""

    saves = ("out",)
    accepts = "f"
    extra_samples = [*SHIFTED, case(f32.of([[-inf, -inf], [0, 1]]), 1)]

    def scan(x, axis):
        if x.size == 0:
            return x
        top = np.maximum.reduce(x, axis, keepdims=True)
        powers = np.exp(x - np.where(np.isneginf(top), 0, top).astype(x.dtype))
        total = np.add.reduce(powers, axis, keepdims=True)
        return powers / np.where(total == 0, 1, total).astype(x.dtype)

    def grad(t, g, out, x, dim, dtype):
        return softmax_slope(t, g, out, dim)


@op("aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")
class log_softmax(Scan):
    """log(softmax(self)), without rounding on the way."""

    saves = ("out",)
    accepts = "f"
    extra_samples = [*SHIFTED, case(i64[2, 3], 1, f32), case(f32[2, 3], -1, f64)]

    def scan(x, axis):
        if x.size == 0:
            return x
        shifted = x - np.maximum.reduce(x, axis, keepdims=True)
        return shifted - np.log(np.add.reduce(np.exp(shifted), axis, keepdims=True))

    def grad(t, g, out, x, dim, dtype):
        if not x.ndim:
            return t.zeros_like(g)
        return g - t.exp(out) * t.sum(g, [dim], True)

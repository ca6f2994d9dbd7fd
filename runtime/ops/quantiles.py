"""Quantiles, the median of what is not nan, and the most frequent element."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.card import UNKNOWN
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.extremes import with_indices
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.reduction import evenly, placed
from jit.runtime.ops.samples import boolean, case, f32, f64, i64, nan
from jit.runtime.ops.shaped import VALUES
from jit.runtime.tensor import Tensor

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def check_interpolation(interpolation):
    """RuntimeError for a way between two elements that there is not."""
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or"
            f" nearest, but got {interpolation}"
        )


def check_quantile(x, q):
    """RuntimeError for dtypes, sizes and shares that do not fit."""
    if x.numel() == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(
            "quantile() input tensor must be either float or double dtype"
        )
    if isinstance(q, float | int):
        if not 0 <= q <= 1:
            raise RuntimeError(
                f"quantile() q must be in the range [0, 1] but got {float(q):g}"
            )
        return
    if q.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if q.dtype is not x.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if isinstance(q, Tensor) and not ((q.array >= 0) & (q.array <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")


def quantiles(t, x, q, dim, keepdim, interpolation, ignore_nan):
    """The elements at shares of the order along a dim, one for each share."""
    check_quantile(x, q)
    check_interpolation(interpolation)
    rank = x.ndim
    whole = dim is None or not rank
    if whole:
        line = t.reshape(x, [-1])
    else:
        dim = S.wrap_dim(dim, rank)
        line = t.movedim(x, dim, -1)
    line = t.sort(line)[0]
    if isinstance(q, float | int):
        q, one = t.full([1], float(q), dtype=x.dtype), True
    else:
        one = not q.ndim
        q = t.reshape(q, [-1])
    missing = t.isnan(line)
    if ignore_nan:
        count = t.sum(t.logical_not(missing), [-1], True)
        ranks = t.clamp_min(q * (t.to(count, x.dtype) - 1), 0)
    else:
        last = line.shape[-1] - 1
        ranks = t.where(t.any(missing, -1, True), last, q * last)
    if interpolation == "lower":
        ranks = t.floor(ranks)
    elif interpolation == "higher":
        ranks = t.ceil(ranks)
    elif interpolation == "nearest":
        ranks = t.round(ranks)
    below = t.to(ranks, dtypes.int64)
    found = t.gather(line, -1, below)
    if interpolation in ("linear", "midpoint"):
        above = t.gather(line, -1, t.to(t.ceil(ranks), dtypes.int64))
        if interpolation == "midpoint":
            found = t.lerp(found, above, 0.5)
        else:
            found = t.lerp(found, above, ranks - below)
    if keepdim:
        # a size of one where the elements were, the shares behind
        if whole:
            found = t.reshape(found, [1] * rank + [-1])
        else:
            found = t.movedim(t.unsqueeze(found, -2), -2, dim)
    return t.squeeze(found, -1) if one else t.movedim(found, -1, 0)


def quantile_sizes(x, q, dim, keepdim, interpolation):
    """The sizes of quantiles: the shares first, then what is left."""
    if keepdim is UNKNOWN:
        return None
    if dim is None or not x:
        rest = (1,) * len(x) if keepdim else ()
    else:
        dim = S.wrap_dim(dim, len(x))
        rest = (*x[:dim], *((1,) if keepdim else ()), *x[dim + 1 :])
    return (*q, *rest) if isinstance(q, tuple) else rest


class Quantile(Composed):
    """Base: linear interpolation unless another is named."""

    domain = (0.05, 0.95)
    unknown = ("q", "keepdim", "interpolation")
    fails = VALUES

    def sizes(x, q, dim, keepdim, interpolation):
        return quantile_sizes(x, q, dim, keepdim, interpolation)


SHARES = {
    "": [
        case(f64[7], f64.of([0.0, 0.3, 0.5, 1.0])),
        case(f64[3, 4], f64.of(0.7), 1),
        case(f64[3, 4], f64.of([0.2, 0.9]), 0, True),
        case(f32[3, 4], f32.of([0.2, 0.9]), None, True, interpolation="midpoint"),
        case(f64.of([1, nan, 3]), f64.of([0.2, 0.9])),
        case(f32[()], f32.of([0.2])),
    ],
    "scalar": [case(f64[6], 0.3)]
    + [case(f64[3, 4], 0.4, 1, interpolation=i) for i in INTERPOLATIONS],
}


@op(
    "aten::quantile(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *,"
    ' str interpolation="linear") -> Tensor',
    "aten::quantile.scalar(Tensor self, float q, int? dim=None, bool keepdim=False, *,"
    ' str interpolation="linear") -> Tensor',
)
class quantile(Quantile):
    """The elements below which lie given shares of all, between two by interpolation."""

    samples = SHARES

    def composite(t, x, q, dim, keepdim, interpolation):
        return quantiles(t, x, q, dim, keepdim, interpolation, False)


@op(
    "aten::nanquantile(Tensor self, Tensor q, int? dim=None, bool keepdim=False, *,"
    ' str interpolation="linear") -> Tensor',
    "aten::nanquantile.scalar(Tensor self, float q, int? dim=None, bool keepdim=False,"
    ' *, str interpolation="linear") -> Tensor',
)
class nanquantile(Quantile):
    """As `quantile`, of the elements that are not nan."""

    samples = SHARES

    def composite(t, x, q, dim, keepdim, interpolation):
        return quantiles(t, x, q, dim, keepdim, interpolation, True)


def middle_number(x, axis):
    """Where the lower median of what is not nan is along an axis."""
    order = np.argsort(x, axis=axis, kind="stable")
    count = np.sum(~np.isnan(x), axis=axis, keepdims=True)
    return np.take_along_axis(order, np.maximum(count - 1, 0) // 2, axis)


@op("aten::nanmedian(Tensor self) -> Tensor")
class nanmedian(Reduction):
    """The middle element of those that are not nan, the lower one of two."""

    saves = ("self", "out")
    accepts = "if"
    extra_samples = [case(f32.of([1, nan, 0])), case(i64.of([4, 1, 3, 2]))]

    def reduce(x, axes, keepdim):
        line = x.reshape(-1)
        if line.size == 0:
            return np.asarray(np.nan)
        return line[middle_number(line, 0)[0]]

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op(
    "aten::nanmedian.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class nanmedian_dim(Reduction):
    """The middle elements of those along a dim that are not nan, and their places."""

    saves = ("out",)
    accepts = "if"
    needs_elements = True
    results = (None, dtypes.int64)
    samples = [
        case(f32.of([[3, 1, 2, 4], [0, nan, 7, 6]]), 1),
        case(f64.of([nan, nan]), 0),
        case(i64.of([3, 1, 2]), 0, True),
        case(f32[()], 0),
    ]

    def reduce(x, axes, keepdim):
        def find(y, axis, keepdims):
            return middle_number(y, axis)

        return with_indices(find, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


def most_frequent(x, axis):
    """Where the least of the most frequent elements last appears along an axis."""
    order = np.argsort(x, axis=axis, kind="stable")
    line = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    places = np.arange(line.shape[-1])
    starts = np.ones(line.shape, bool)
    starts[..., 1:] = line[..., 1:] != line[..., :-1]
    run = places - np.maximum.accumulate(np.where(starts, places, 0), -1)
    found = np.argmax(run, axis=-1, keepdims=True)
    return np.take_along_axis(order, np.moveaxis(found, -1, axis), axis)


@op(
    "aten::mode(Tensor self, int dim=-1, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class mode(Reduction):
    """The most frequent elements along a dim, the least of several, and their places."""

    saves = ("out",)
    accepts = "bif"
    needs_elements = True
    results = (None, dtypes.int64)
    samples = [
        case(f32.of([[3, 1, 1, 3], [0, 5, 7, 6]])),
        case(i64.of([3, 1, 3]), 0, True),
        case(boolean[2, 3], 0),
        case(f64.of([1, nan, nan])),
        case(f32[()], 0),
    ]

    def reduce(x, axes, keepdim):
        def find(y, axis, keepdims):
            return most_frequent(y, axis)

        return with_indices(find, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)

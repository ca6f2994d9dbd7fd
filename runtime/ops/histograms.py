"""Histograms: how many elements, or how much weight, falls between edges."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import op
from jit.runtime.ops.pointwise_family import compute_dtype
from jit.runtime.ops.samples import case, f32, f64


def check_floating(x, name):
    """NotImplementedError for numbers that are not floating."""
    dtype = dtype_of(x.dtype)
    if dtype.category != FLOATING or compute_dtype(dtype) is not dtype:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.title}'")


def check_counts(counts):
    """RuntimeError for a number of bins that is not positive."""
    for i, count in enumerate(counts):
        if count <= 0:
            raise RuntimeError(
                f"torch.histogram(): bins must be > 0, but got {count} for dimension {i}"
            )


def outer_edges(x, given, name, margin, dim=0):
    """The least and the largest edge: those given, or the extremes of the data."""
    if given is not None:
        low, high = map(float, given)
    elif x.size:
        low, high = float(x.min()), float(x.max())
    else:
        low, high = 0.0, 1.0
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(
            f"{name}: min should not exceed max, but got min {low:g} max {high:g} for"
            f" dimension {dim}"
        )
    return (low - margin, high + margin) if low == high else (low, high)


@op("aten::histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor")
class histc(Card):
    """How many elements fall into each of equal bins between two bounds."""

    detached = True
    samples = [
        case(f32[20], 4),
        case(f64[2, 5], 3, -1, 2),
        case(f32.of([1, 1]), 2),
        case(f32[0], 2),
    ]

    def kernel(x, bins, low, high):
        check_floating(x, "histogram_cpu")
        check_counts([bins])
        if low > high:
            raise RuntimeError("torch.histc: max must be larger than min")
        given = None if low == high else (low, high)
        if low == high and low != 0:
            given = (low, high)
        low, high = outer_edges(x, given, "torch.histc", 1)
        inside = x[(x >= low) & (x <= high)]
        width = x.dtype.type(high) - x.dtype.type(low)
        places = ((inside - x.dtype.type(low)) / width * bins).astype(np.int64)
        places = np.minimum(places, bins - 1)
        return np.bincount(places, minlength=bins).astype(x.dtype)

    def infer(x, bins, low, high):
        return T.TensorType(x.dtype, (bins if F.is_known(bins) else None,))


def counted(x, edges, weight, density):
    """The histogram of points between the edges along each of their dims.

    `x` is a matrix with a point in each row; points outside do not count.
    """
    sizes = [len(e) - 1 for e in edges]
    inside = np.ones(len(x), bool)
    places = np.zeros(len(x), np.int64)
    for column, e, size in zip(x.T, edges, sizes, strict=True):
        inside &= (column >= e[0]) & (column <= e[-1])
        found = np.searchsorted(e, column, "right") - 1
        places = places * size + np.clip(found, 0, size - 1)
    chosen = None if weight is None else weight.reshape(-1)[inside]
    made = np.bincount(places[inside], chosen, math.prod(sizes)).reshape(sizes)
    if density:
        made = made / made.sum()
        for axis, e in enumerate(edges):
            shape = [1] * len(sizes)
            shape[axis] = -1
            made = made / np.diff(e.astype(np.float64)).reshape(shape)
    return made.astype(x.dtype)


def check_points(x, weight):
    """RuntimeError for points and weights that do not fit together."""
    if x.ndim < 2:
        raise RuntimeError(
            "torch.histogramdd: input tensor should have at least 2 dimensions"
        )
    check_floating(x, "histogramdd")
    if weight is None:
        return
    if weight.dtype != x.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight"
            f" tensor should have the same dtype, but got input({_name(x)}), and"
            f" weight({_name(weight)})"
        )
    if weight.shape != x.shape[:-1]:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same"
            " shape as the input tensor excluding its innermost dimension, but got input"
            f" with shape {list(x.shape)} and weight with shape {list(weight.shape)}"
        )


def _name(x):
    return {"Float": "float", "Double": "double"}.get(
        dtype_of(x.dtype).title, dtype_of(x.dtype).title
    )


def check_bins(x, bins):
    """RuntimeError for edges that do not fit the points."""
    if len(bins) != x.shape[-1]:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of"
            " the input."
        )
    for i, edges in enumerate(bins):
        if edges.ndim != 1:
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have one dimension, but got"
                f" {edges.ndim} dimensions in the bins tensor for dimension {i}"
            )
        if edges.dtype != x.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same"
                f" dtype, but got input with dtype {_name(x)} and bins for dimension"
                f" {i} with dtype {_name(edges)}"
            )


def equal_edges(x, counts, bounds):
    """Edges of equal bins for each dim of points."""
    if len(counts) != x.shape[-1]:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of"
            " the input."
        )
    check_counts(counts)
    if bounds is not None and len(bounds) != 2 * len(counts):
        raise RuntimeError(
            f"torch.histogramdd: for a {len(counts)}-dimensional histogram range should"
            f" have {2 * len(counts)} elements, but got {len(bounds)}"
        )
    points = x.reshape(-1, x.shape[-1])
    made = []
    for i, count in enumerate(counts):
        given = None if bounds is None else bounds[2 * i : 2 * i + 2]
        low, high = outer_edges(points[:, i], given, "torch.histogramdd", 0.5, i)
        made.append(np.linspace(low, high, count + 1).astype(x.dtype))
    return made


def histogram_of(x, edges, weight, density):
    """The histogram of points, from edges for each dim."""
    return counted(x.reshape(-1, x.shape[-1]), edges, weight, density)


def _sized(x, *counts):
    sizes = tuple(c if F.is_known(c) else None for c in counts)
    return T.TensorType(x.dtype, sizes)


@op(
    "aten::histogram.bins_tensor(Tensor self, Tensor bins, *, Tensor? weight=None,"
    " bool density=False) -> (Tensor hist, Tensor bin_edges)"
)
class histogram_bins(Card):
    """How many elements fall between given edges, and the edges."""

    detached = True
    samples = [
        case(f32[10], f32.of([-2, 0, 1, 3])),
        case(f64[4], f64.of([-2, 0, 1]), weight=f64[4], density=True),
    ]

    def kernel(x, bins, weight, density):
        line = x.reshape(-1, 1)
        flat = None if weight is None else weight.reshape(-1)
        check_points(line, flat)
        check_bins(line, [bins])
        return histogram_of(line, [bins], flat, density), bins.copy()

    def infer(x, bins, weight, density):
        if bins.sizes is None:
            return T.TensorType(x.dtype), T.TensorType(bins.dtype)
        count = bins.sizes[0] if bins.sizes else None
        hist = _sized(x, None if count is None else count - 1)
        return hist, bins


@op(
    "aten::histogram.bin_ct(Tensor self, int bins=100, *, float[]? range=None,"
    " Tensor? weight=None, bool density=False) -> (Tensor hist, Tensor bin_edges)"
)
class histogram(Card):
    """How many elements fall into each of equal bins, and the edges of the bins."""

    detached = True
    samples = [
        case(f32[10], 4),
        case(f64[3, 4], 3, range=[-1.0, 2.0], weight=f64[3, 4], density=True),
        case(f32.of([1, 1]), 2),
        case(f32[0], 2),
    ]

    def kernel(x, bins, bounds, weight, density):
        line = x.reshape(-1, 1)
        flat = None if weight is None else weight.reshape(-1)
        check_points(line, flat)
        edges = equal_edges(line, [bins], bounds)
        return histogram_of(line, edges, flat, density), edges[0]

    def infer(x, bins, bounds, weight, density):
        edges = bins + 1 if F.is_known(bins) else None
        return _sized(x, bins), _sized(x, edges)


def _many(x):
    """Types of a histogram of several dims and of its edges."""
    return T.TensorType(x.dtype), T.ListType(T.TensorType(x.dtype))


GRID = "float[]? range=None, Tensor? weight=None, bool density=False"


@op(f"aten::histogramdd(Tensor self, int[] bins, {GRID})"
    " -> (Tensor hist, Tensor[] bin_edges)")  # fmt: skip
class histogramdd(Card):
    """How many points fall into each box of a grid of equal boxes, and its edges."""

    detached = True
    samples = [
        case(f32[10, 2], [2, 3]),
        case(f64[2, 3, 1], [3], [-1.0, 2.0], f64[2, 3], True),
    ]

    def kernel(x, bins, bounds, weight, density):
        check_points(x, weight)
        edges = equal_edges(x, bins, bounds)
        return histogram_of(x, edges, weight, density), edges

    def infer(x, bins, *rest):
        return _many(x)


@op(f"aten::histogramdd.int_bins(Tensor self, int bins, {GRID})"
    " -> (Tensor hist, Tensor[] bin_edges)")  # fmt: skip
class histogramdd_int(Card):
    """How many points fall into each box of a grid with one number of boxes each way."""

    detached = True
    samples = [case(f32[10, 2], 2)]

    def kernel(x, bins, bounds, weight, density):
        check_points(x, weight)
        edges = equal_edges(x, [bins] * x.shape[-1], bounds)
        return histogram_of(x, edges, weight, density), edges

    def infer(x, bins, *rest):
        return _many(x)


@op(f"aten::histogramdd.TensorList_bins(Tensor self, Tensor[] bins, {GRID})"
    " -> (Tensor hist, Tensor[] bin_edges)")  # fmt: skip
class histogramdd_edges(Card):
    """How many points fall into each box between given edges."""

    detached = True
    samples = [case(f32[10, 2], [f32.of([-1, 0, 3]), f32.of([-3, 2])])]

    def kernel(x, bins, bounds, weight, density):
        check_points(x, weight)
        check_bins(x, bins)
        return histogram_of(x, bins, weight, density), [b.copy() for b in bins]

    def infer(x, bins, *rest):
        return _many(x)

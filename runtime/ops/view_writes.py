"""Copies of a tensor in which the elements that a view sees are others."""

from __future__ import annotations

import numpy as np

from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops import selections
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


class ViewWrite(Shaped):
    """`self` with `src` where a view, `view(self, …)`, sees it."""

    fails = VALUES

    def dtypes(x, *rest):
        return x

    def sizes(x, *rest):
        return x


def _written(x, source, view, *where):
    """A copy of `x` with `source` where the view sees the copy."""
    out = np.array(x, order="C")
    seen = view(out, *where)
    if seen.shape != source.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size ="
            f" {S.shown(source.shape)}, slice size = {S.shown(seen.shape)}"
        )
    np.copyto(seen, source, casting="unsafe")
    return out


@op("aten::select_scatter(Tensor self, Tensor src, int dim, SymInt index) -> Tensor")
class select_scatter(ViewWrite):
    """`src` at one place along a dim."""

    unknown = ("index",)

    def kernel(x, source, dim, index):
        return _written(x, source, selections.select.kernel, dim, index)

    samples = [case(f32[2, 3], f32[3], 0, 1), case(i64[2, 3], f64[2], -1, -1)]

    def grad(t, g, out, x, source, dim, index):
        zeros = t.new_zeros(g, source.shape)
        return lambda: t.select_scatter(g, zeros, dim, index), lambda: t.select(
            g, dim, index
        )


@op(
    "aten::slice_scatter(Tensor self, Tensor src, int dim=0, SymInt? start=None,"
    " SymInt? end=None, SymInt step=1) -> Tensor"
)
class slice_scatter(ViewWrite):
    """`src` at the places of a slice along a dim."""

    unknown = ("start", "end", "step")

    def kernel(x, source, dim, start, end, step):
        return _written(x, source, selections.slice_.kernel, dim, start, end, step)

    samples = [
        case(f32[5, 2], f32[2, 2], 0, 1, None, 2),
        case(f64[2, 5], f64[2, 2], -1, -2),
        case(f32[3], f32[0], 0, 2, 1),
    ]

    def grad(t, g, out, x, source, dim, start, end, step):
        zeros = t.new_zeros(g, source.shape)
        return (
            lambda: t.slice_scatter(g, zeros, dim, start, end, step),
            lambda: t.slice(g, dim, start, end, step),
        )


@op(
    "aten::diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0,"
    " int dim2=1) -> Tensor"
)
class diagonal_scatter(ViewWrite):
    """`src` on the diagonal of two dims."""

    unknown = ("offset",)

    def kernel(x, source, offset, dim1, dim2):
        return _written(x, source, selections.diagonal.kernel, offset, dim1, dim2)

    samples = [case(f32[3, 4], f32[3]), case(f64[2, 3, 4], f64[3, 1], -1, 0, 2)]

    def grad(t, g, out, x, source, offset, dim1, dim2):
        zeros = t.new_zeros(g, source.shape)
        return (
            lambda: t.diagonal_scatter(g, zeros, offset, dim1, dim2),
            lambda: t.diagonal(g, offset, dim1, dim2),
        )


@op(
    "aten::as_strided_scatter(Tensor self, Tensor src, SymInt[] size, SymInt[] stride,"
    " SymInt? storage_offset=None) -> Tensor"
)
class as_strided_scatter(ViewWrite):
    """`src` where sizes and strides in the storage say."""

    def kernel(x, source, size, stride, offset):
        base = strides.root(x)
        stored = np.array(base.reshape(-1).view(x.dtype))
        start = _distance(x, base)
        out = strides.as_strided(stored[start:], x.shape, x.strides)
        seen = strides.restride(
            stored, size, stride, start if offset is None else offset
        )
        if seen.shape != source.shape:
            raise RuntimeError(
                "expected src to have a size equal to the slice of self. src size ="
                f" {S.shown(source.shape)}, slice size = {S.shown(seen.shape)}"
            )
        np.copyto(seen, source, casting="unsafe")
        return out

    samples = [
        case(f32[6], f32[2, 2], [2, 2], [1, 3]),
        case(f64[2, 3], f64[3], [3], [1], 2),
    ]

    def grad(t, g, out, x, source, size, stride, offset):
        g = t.contiguous(g)
        zeros = t.new_zeros(g, source.shape)
        return (
            lambda: t.as_strided_scatter(g, zeros, size, stride, offset),
            lambda: t.contiguous(t.as_strided(g, size, stride, offset)),
        )


def _distance(x, base):
    """How many elements of the storage lie before the first one of an array."""
    start, own = (a.__array_interface__["data"][0] for a in (base, x))
    return (own - start) // x.itemsize

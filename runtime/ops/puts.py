"""Writing at places of the flattened tensor, reducing into places, and finding places."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import indexing as I
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, f64, i32, i64
from jit.runtime.ops.scattering import _check_index_add
from jit.runtime.ops.shaped import VALUES, Shaped, Updating


@op(
    "aten::put(Tensor self, Tensor index, Tensor source, bool accumulate=False)"
    " -> Tensor"
)
class put(Updating):
    """`source` written, or added, at places of the flattened tensor."""

    saves = ("index",)

    def update(x, index, source, accumulate):
        put.dtypes(dtype_of(x.dtype), dtype_of(index.dtype), dtype_of(source.dtype), 0)
        if index.size != source.size:
            raise IndexError(
                "put_(): Expected source and index to have the same number of elements,"
                f" but got source.numel() = {source.size}, index.numel() = {index.size}"
            )
        if index.size and not x.size:
            raise IndexError("put_(): tried to put elements into an empty tensor")
        for worst in (index.max(), index.min()) if index.size else ():
            if not -x.size <= worst < x.size:
                raise IndexError(
                    f"out of range: tried to access index {worst} on a tensor of"
                    f" {x.size} elements."
                )
        flat = x if x.ndim else x.reshape(1)
        from_front = np.where(index < 0, index + x.size, index).reshape(-1)
        if not index.size:
            return x
        places = np.unravel_index(from_front, flat.shape)
        if accumulate:
            np.add.at(flat, places, source.reshape(-1))
        else:
            flat[places] = source.reshape(-1)
        return x

    def dtypes(x, index, source, accumulate):
        if index is not None and index is not dtypes.int64:
            raise RuntimeError(
                f"put_(): Expected a long tensor for index, but got {index.title}"
            )
        if x is not None and source is not None and x is not source:
            raise RuntimeError(
                "put_(): self and source expected to have the same dtype, but got"
                f" self.dtype = {x.title} and source.dtype = {source.title}"
            )
        return x

    samples = [
        case(f32[2, 3], i64.of([0, -1]), f32[2]),
        case(f64[4], i64.of([[1, 1], [3, 0]]), f64[4], True),
        case(f32[()], i64.of(0), f32[()]),
        case(f32[3], i64[0], f32[0]),
    ]

    def grad(t, g, out, x, index, source, accumulate):
        def to_source():
            return t.reshape(t.take(g, index), source.shape)

        if accumulate:
            return g, None, to_source
        zeros = t.new_zeros(g, source.shape)
        return lambda: t.put(g, index, zeros), None, to_source


_REDUCTIONS = ("prod", "mean", "amax", "amin")


@op(
    "aten::index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce,"
    " *, bool include_self=True) -> Tensor"
)
class index_reduce(Updating):
    """`source` reduced into the places `index` along a dim."""

    def update(x, dim, index, source, reduce, include_self):
        if reduce not in _REDUCTIONS:
            raise RuntimeError(
                "index_reduce(): Expected reduce to be one of prod, mean, amax or amin"
                f" but got {reduce}."
            )
        if x.dtype == np.bool_:
            raise NotImplementedError("\"index_func_\" not implemented for 'Bool'")
        if x.dtype != source.dtype:
            raise RuntimeError(
                f"index_reduce(): self ({dtype_of(x.dtype).title}) and source"
                f" ({dtype_of(source.dtype).title}) must have the same scalar type"
            )
        dim = _check_index_add(x, dim, index, source, "index_reduce")
        I.scatter_reduce(
            x, dim, _along(index, source, dim), source, reduce, include_self
        )
        return x

    def dtypes(x, *rest):
        return x

    samples = [
        case(f64[4, 2], 0, i64.of([1, 1, 0]), f64[3, 2], kind, include_self=own)
        for kind in _REDUCTIONS
        for own in (True, False)
    ] + [
        case(f32[4], -1, i32.of([2]), f32[1], "amax"),
        case(f32[4], 0, i64[0], f32[0], "prod"),
    ]

    def composite(t, x, dim, index, source, reduce, include_self):
        shape = [1] * source.ndim
        if source.ndim:
            shape[dim] = -1
        places = t.expand(t.reshape(t.to(index, dtypes.int64), shape), source.shape)
        return t.scatter_reduce(
            x, dim, places, source, reduce, include_self=include_self
        )


def _along(index, source, dim):
    """The index of each element of the source."""
    if not source.ndim:
        return index.reshape(())
    shape = [1] * source.ndim
    shape[dim] = -1
    return np.broadcast_to(index.reshape(shape), source.shape)


@op("aten::argwhere(Tensor self) -> Tensor")
class argwhere(Shaped):
    """The positions of the elements that are not zero, one a row."""

    fails = VALUES

    def kernel(x):
        return np.argwhere(x).astype(np.int64)

    def dtypes(x):
        return dtypes.int64

    def sizes(x):
        return None, len(x)

    samples = [f32.of([[0, 1], [2, 0]]), boolean[3], i64[()], f32[0, 2]]


@op("aten::nonzero_static(Tensor self, *, SymInt size, int fill_value=-1) -> Tensor")
class nonzero_static(Shaped):
    """The first positions of elements that are not zero, as many rows as are told."""

    fails = VALUES
    unknown = ("fill_value",)

    def kernel(x, size, fill_value):
        if size < 0:
            raise RuntimeError(
                f"nonzero_static: 'size' must be an non-negative integer, got {size}"
            )
        found = np.argwhere(x)[:size]
        out = np.full((size, x.ndim), fill_value, np.int64)
        out[: len(found)] = found
        return out

    def dtypes(x, *rest):
        return dtypes.int64

    def sizes(x, size, fill_value):
        return size, len(x)

    samples = [
        case(f32.of([[0, 1], [2, 0]]), size=3),
        case(boolean[3], size=1, fill_value=7),
        case(f32[0, 2], size=2),
    ]


@op("aten::combinations(Tensor self, int r=2, bool with_replacement=False) -> Tensor")
class combinations(Shaped):
    """All choices of `r` elements of a vector, in order, one a row."""

    fails = VALUES

    def kernel(x, r, with_replacement):
        if x.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {S.shown(x.shape)}")
        if r < 0:
            raise RuntimeError(f"Expect a non-negative number, but got {r}")
        if r == 0:
            return np.empty(0, x.dtype)
        grids = np.indices((x.size,) * r).reshape(r, -1)
        step = np.diff(grids, axis=0)
        kept = (step >= 0 if with_replacement else step > 0).all(0)
        return x[grids[:, kept].T]

    def sizes(x, r, with_replacement):
        return (None, r) if r else (0,)

    samples = [
        f32[4],
        case(i64[3], 3),
        case(f64[3], 2, True),
        case(f64[3], 0),
        case(f32[1], 2),
    ]

    def grad(t, g, out, x, r, with_replacement):
        if r == 0:
            return t.new_zeros(g, x.shape)
        places = t.combinations(t.arange(x.shape[0]), r, with_replacement)
        return t.index_put(t.new_zeros(g, x.shape), [places], g, True)


@op(
    "aten::fill_diagonal_(Tensor(a!) self, Scalar fill_value, bool wrap=False)"
    " -> Tensor(a!)"
)
class fill_diagonal_(Shaped):
    """One number written to the main diagonal.

    With `wrap`, a tall matrix has another diagonal below each square.
    """

    fails = VALUES
    unknown = ("fill_value", "wrap")

    def kernel(x, value, wrap):
        fill_diagonal_.sizes(x.shape, value, wrap)
        steps = min(x.shape)
        where = tuple(np.arange(steps) for _ in x.shape)
        x[where] = np.asarray(value).astype(x.dtype)
        if wrap and x.ndim == 2:
            columns = x.shape[1]
            # an empty row lies between the diagonals
            places = np.arange(0, x.size, columns + 1) if columns else np.arange(0)
            x[places // max(columns, 1), places % max(columns, 1)] = np.asarray(
                value
            ).astype(x.dtype)
        return x

    def sizes(x, value, wrap):
        if len(x) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(x) > 2 and S.is_known(x) and len(set(x)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        return x

    def dtypes(x, *rest):
        return x

    samples = [
        case(f32[2, 3], 7),
        case(f64[7, 2], 1.5, True),
        case(i64[2, 2, 2], 3),
    ]

    def grad(t, g, out, x, value, wrap):
        return t.fill_diagonal_(t.clone(g), 0, wrap)

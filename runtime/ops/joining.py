"""Operators that put tensors together."""

from __future__ import annotations

from functools import reduce

import numpy as np

from jit.ir.dtypes import dtype_of, promote_dtypes
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f16, f32, f64, i64
from jit.runtime.ops.shaped import Shaped


class Joining(Shaped):
    """Several tensors in, one out, of the dtype that all promote to."""

    def dtypes(tensors, *rest):
        if not isinstance(tensors, list | tuple) or not tensors or None in tensors:
            return None
        return reduce(promote_dtypes, tensors)


def _promoted(tensors):
    """The arrays in the dtype that all promote to, 0-dim ones counting as others."""
    wanted = reduce(promote_dtypes, [dtype_of(x.dtype) for x in tensors])
    return [x.astype(wanted.numpy, copy=False) for x in tensors]


def _cat_sizes(shapes, dim):
    if not shapes:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return S.concatenated(shapes, dim)


def concatenate(tensors, dim):
    """`torch.cat` of arrays."""
    out = _cat_sizes([x.shape for x in tensors], dim)
    kept = [x for x in tensors if x.shape != (0,)]
    if not kept:
        return _promoted(tensors)[0].copy()
    arrays = [x for x in _promoted(tensors) if x.shape != (0,)]
    return np.concatenate(arrays, S.wrap_dim(dim, len(out)))


def parts_of(t, g, tensors, dim, lengths):
    """The part of a gradient that goes to each tensor, in its sizes; a list.

    None for the empty vectors that `cat` leaves out.
    """
    parts = []
    start = 0
    for x, length in zip(tensors, lengths, strict=True):
        if x.ndim == 1 and x.shape[0] == 0:
            parts.append(None)
            continue
        part = t.narrow(g, dim, start, length)
        parts.append(part if x.ndim == g.ndim else t.reshape(part, x.shape))
        start = start + length
    return parts


@op(
    "aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
    "aten::concat(Tensor[] tensors, int dim=0) -> Tensor",
    "aten::concatenate(Tensor[] tensors, int dim=0) -> Tensor",
)
class cat(Joining):
    """Tensors one after the other along a dim."""

    def kernel(tensors, dim):
        return concatenate(tensors, dim)

    def sizes(tensors, dim):
        return _cat_sizes(tensors, dim)

    samples = [
        case([f32[2, 3], f32[1, 3]]),
        case([f32[2, 3], f32[2, 1], f32[2, 0]], -1),
        case([i64[2], f32[2], f16[1]]),
        case([f32[0], f32[2, 2]]),
        case([f32[0]]),
    ]

    def grad(t, g, out, tensors, dim):
        lengths = [0 if x.ndim < g.ndim else x.shape[dim] for x in tensors]
        return (parts_of(t, g, tensors, dim, lengths),)


def _check_equal_sizes(shapes):
    if not shapes:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tuple(shapes[0])
    for i, other in enumerate(shapes):
        same = len(other) == len(first) and all(
            a is None or b is None or a == b for a, b in zip(first, other, strict=True)
        )
        if not same:
            raise RuntimeError(
                "stack expects each tensor to be equal size, but got"
                f" {S.shown(first)} at entry 0 and {S.shown(other)} at entry {i}"
            )
    return first


@op("aten::stack(Tensor[] tensors, int dim=0) -> Tensor")
class stack(Joining):
    """Tensors of equal sizes along a new dim."""

    def kernel(tensors, dim):
        first = _check_equal_sizes([x.shape for x in tensors])
        return np.stack(_promoted(tensors), S.wrap_dim(dim, len(first) + 1))

    def sizes(tensors, dim):
        first = _check_equal_sizes(tensors)
        dim = S.wrap_dim(dim, len(first) + 1)
        return (*first[:dim], len(tensors), *first[dim:])

    samples = [
        case([f32[2, 3], f32[2, 3]]),
        case([f32[()], f64[()]], -1),
        case([f32[0, 1]], 1),
        case([boolean[2], i64[2]]),
    ]

    def grad(t, g, out, tensors, dim):
        return ([t.select(g, dim, i) for i in range(len(tensors))],)


def _at_least(rank, sizes):
    """Sizes with ones added as `hstack` and its sisters do."""
    if rank == 3 and len(sizes) == 1:
        return (1, *sizes, 1)
    if rank == 3 and len(sizes) == 2:
        return (*sizes, 1)
    return (1,) * (rank - len(sizes)) + tuple(sizes)


def _stacked(name, rank, dim):
    """Kernel and size rule of a function that adds dims, then concatenates."""

    def check(tensors):
        if not tensors:
            raise RuntimeError(f"{name} expects a non-empty TensorList")

    def kernel(tensors):
        check(tensors)
        full = [x.reshape(_at_least(rank, x.shape)) for x in tensors]
        return concatenate(full, dim if full[0].ndim > dim else 0)

    def sizes(tensors):
        check(tensors)
        full = [_at_least(rank, x) for x in tensors]
        return _cat_sizes(full, dim if len(full[0]) > dim else 0)

    return kernel, sizes


@op("aten::hstack(Tensor[] tensors) -> Tensor")
class hstack(Joining):
    """Tensors beside one another: along dim 1, vectors along dim 0."""

    kernel, sizes = _stacked("hstack", 1, 1)

    samples = [case([f32[2, 3], f32[2, 1]]), case([f32[2], f32[3]]), case([f32[()]])]

    def grad(t, g, out, tensors):
        dim = 1 if g.ndim > 1 else 0
        lengths = [x.shape[dim] if x.ndim else 1 for x in tensors]
        return (parts_of(t, g, tensors, dim, lengths),)


@op(
    "aten::vstack(Tensor[] tensors) -> Tensor",
    "aten::row_stack(Tensor[] tensors) -> Tensor",
)
class vstack(Joining):
    """Tensors below one another: along dim 0, vectors as rows."""

    kernel, sizes = _stacked("vstack", 2, 0)

    samples = [case([f32[2, 3], f32[1, 3]]), case([f32[2], f32[2]]), case([f32[()]])]

    def grad(t, g, out, tensors):
        lengths = [x.shape[0] if x.ndim > 1 else 1 for x in tensors]
        return (parts_of(t, g, tensors, 0, lengths),)


@op("aten::dstack(Tensor[] tensors) -> Tensor")
class dstack(Joining):
    """Tensors behind one another: along dim 2."""

    kernel, sizes = _stacked("dstack", 3, 2)

    samples = [case([f32[2, 3], f32[2, 3]]), case([f32[2], f32[2]])]

    def grad(t, g, out, tensors):
        lengths = [x.shape[2] if x.ndim > 2 else 1 for x in tensors]
        return (parts_of(t, g, tensors, 2, lengths),)


@op("aten::column_stack(Tensor[] tensors) -> Tensor")
class column_stack(Joining):
    """Vectors as columns, and matrices, beside one another."""

    def kernel(tensors):
        column_stack.sizes([x.shape for x in tensors])
        full = [x.reshape(-1, 1) if x.ndim < 2 else x for x in tensors]
        return concatenate(full, 1)

    def sizes(tensors):
        if not tensors:
            raise RuntimeError("column_stack expects a non-empty TensorList")
        full = [(S.product(x), 1) if len(x) < 2 else x for x in tensors]
        return _cat_sizes(full, 1)

    samples = [case([f32[2], f32[2, 3]]), case([f32[()], f32[()]])]

    def grad(t, g, out, tensors):
        lengths = [x.shape[1] if x.ndim > 1 else 1 for x in tensors]
        return (parts_of(t, g, tensors, 1, lengths),)


@op("aten::block_diag(Tensor[] tensors) -> Tensor")
class block_diag(Joining):
    """A matrix with the given ones along its diagonal, elsewhere zero."""

    def kernel(tensors):
        arrays = [np.atleast_2d(x) for x in _promoted(tensors)] if tensors else []
        out = np.zeros(
            block_diag.sizes([x.shape for x in tensors]),
            arrays[0].dtype if arrays else np.float32,
        )
        row = column = 0
        for x in arrays:
            out[row : row + x.shape[0], column : column + x.shape[1]] = x
            row, column = row + x.shape[0], column + x.shape[1]
        return out

    def sizes(tensors):
        rows = columns = 0
        for i, x in enumerate(tensors):
            if len(x) > 2:
                raise RuntimeError(
                    "torch.block_diag: Input tensors must have 2 or fewer dimensions."
                    f" Input {i} has {len(x)} dimensions"
                )
            height, width = _at_least(2, x)
            rows = None if None in (rows, height) else rows + height
            columns = None if None in (columns, width) else columns + width
        return (rows, columns) if tensors else (1, 0)

    samples = [case([f32[2, 3], f32[2], f32[()]])]

    def grad(t, g, out, tensors):
        parts = []
        row = column = 0
        for x in tensors:
            height, width = _at_least(2, x.shape)
            rows = t.narrow(g, 0, row, height)
            parts.append(t.reshape(t.narrow(rows, 1, column, width), x.shape))
            row, column = row + height, column + width
        return (parts,)

"""Operators that write or add at places given by tensors along one dim."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import indexing as I
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.indexing import but
from jit.runtime.ops.samples import case, f32, i32, i64
from jit.runtime.ops.shaped import Updating


@op("aten::scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
class scatter(Updating):
    """`self[index[i][j]][j] = src[i][j]` for `dim` 0, and so on for the others."""

    def update(x, dim, index, src):
        return I.scatter("scatter", x, dim, index, src)

    def dtypes(x, dim, index, src):
        if x is not None and src is not None and x is not src:
            raise RuntimeError(
                "scatter(): Expected self.dtype to be equal to src.dtype"
            )
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [1, 1]]), f32[2, 3]),
        case(f32[3, 4], -1, i64.of([[3], [0]]), f32[2, 1]),
        case(f32[3], 0, i64[0], f32[0]),
        case(f32[()], 0, i64.of(0), f32[()]),
    ]


@op("aten::scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor")
class scatter_value(Updating):
    """One number written at index tensors along a dim."""

    def update(x, dim, index, value):
        return I.scatter("scatter", x, dim, index, value)

    def dtypes(x, dim, index, value):
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [1, 1]]), 7),
        case(i64[3, 4], 1, i64.of([[2]]), 2.5),
    ]


def _scatter_reduction(reduce):
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    return reduce


@op(
    "aten::scatter.reduce(Tensor self, int dim, Tensor index, Tensor src, *,"
    " str reduce) -> Tensor"
)
class scatter_reduce(Updating):
    """As `scatter`, but elements are added or multiplied."""

    def update(x, dim, index, src, reduce):
        return I.scatter("scatter", x, dim, index, src, _scatter_reduction(reduce))

    def dtypes(x, dim, index, src, reduce):
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), f32[2, 3], reduce="add"),
        case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), f32[2, 3], reduce="multiply"),
    ]


@op(
    "aten::scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *,"
    " str reduce) -> Tensor"
)
class scatter_value_reduce(Updating):
    """As `scatter_value`, but elements are added or multiplied."""

    def update(x, dim, index, value, reduce):
        return I.scatter("scatter", x, dim, index, value, _scatter_reduction(reduce))

    def dtypes(x, dim, index, value, reduce):
        return x

    samples = [case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), 2, reduce="multiply")]


@op("aten::scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
class scatter_add(Updating):
    """As `scatter`, but elements are added, repeated indices too."""

    def update(x, dim, index, src):
        return I.scatter("scatter", x, dim, index, src, "add")

    def dtypes(x, dim, index, src):
        return scatter.dtypes(x, dim, index, src)

    samples = scatter.samples


@op(
    "aten::scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src,"
    " str reduce, *, bool include_self=True) -> Tensor"
)
class scatter_reduce_two(Updating):
    """Elements of `src` that go to one place are reduced to one."""

    def update(x, dim, index, src, reduce, include_self):
        return I.scatter_reduce(x, dim, index, src, reduce, include_self)

    def dtypes(x, dim, index, src, reduce, include_self):
        return scatter.dtypes(x, dim, index, src)

    samples = [
        case(f32[3], 0, i64.of([0, 2, 0]), f32[3], kind, include_self=own)
        for kind in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    ]


def _check_index_add(x, dim, index, source, name):
    dim = S.wrap_dim(dim, x.ndim)
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    count = source.shape[dim] if source.ndim else 1
    if index.size != count:
        raise RuntimeError(
            f"{name}(): Number of indices ({index.size}) should be equal to"
            f" source.size(dim): ({count}), for dim: {dim}"
        )
    if but(x.shape, dim) != but(source.shape, dim):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified"
            f" dimension. Got self.shape = {S.shown(x.shape)} source.shape ="
            f" {S.shown(source.shape)}"
        )
    I.check_bounds(index, x.shape[dim] if x.ndim else 1, dim, RuntimeError)
    return dim


@op(
    "aten::index_add(Tensor self, int dim, Tensor index, Tensor source, *,"
    " Scalar alpha=1) -> Tensor"
)
class index_add(Updating):
    """`alpha * source` added to the places `index` along a dim."""

    def update(x, dim, index, source, alpha):
        index_add.dtypes(dtype_of(x.dtype), dim, None, dtype_of(source.dtype), alpha)
        dim = _check_index_add(x, dim, index, source, "index_add_")
        scaled = source if alpha == 1 else (source * alpha).astype(x.dtype)
        if not x.ndim:
            x += scaled.reshape(())
            return x
        np.add.at(x, (slice(None),) * dim + (index.reshape(-1),), scaled)
        return x

    def dtypes(x, dim, index, source, alpha):
        if x is not None and source is not None and x is not source:
            raise RuntimeError(
                f"index_add_(): self ({x.title}) and source ({source.title}) must have"
                " the same scalar type"
            )
        return x

    samples = [
        case(f32[4, 2], 0, i64.of([1, 1, 0]), f32[3, 2]),
        case(f32[4, 2], 1, i32.of([1]), f32[4, 1], alpha=2),
        case(f32[4], 0, i64[0], f32[0]),
    ]


@op("aten::index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor")
class index_copy(Updating):
    """`source` written to the places `index` along a dim."""

    def update(x, dim, index, source):
        if x.dtype != source.dtype:
            raise RuntimeError(
                "index_copy_(): self and source expected to have the same dtype, but"
                f" got (self) {dtype_of(x.dtype).title} and (source)"
                f" {dtype_of(source.dtype).title}"
            )
        dim = _check_index_add(x, dim, index, source, "index_copy_")
        if not x.ndim:
            x[...] = source.reshape(())
            return x
        x[(slice(None),) * dim + (index.reshape(-1),)] = source
        return x

    def dtypes(x, dim, index, source):
        return x

    samples = [case(f32[4, 2], 0, i64.of([1, 3]), f32[2, 2])]


@op(
    "aten::index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value)"
    " -> Tensor"
)
class index_fill(Updating):
    """One number written to the places `index` along a dim."""

    def update(x, dim, index, value):
        dim = S.wrap_dim(dim, x.ndim)
        I.check_bounds(index, x.shape[dim] if x.ndim else 1, dim)
        if not x.ndim:
            if index.size:
                x[...] = value
            return x
        x[(slice(None),) * dim + (index.reshape(-1),)] = value
        return x

    def dtypes(x, dim, index, value):
        return x

    samples = [case(f32[4, 2], 0, i64.of([1, -1]), 7), case(f32[4, 2], 1, i64[0], 7)]


@op(
    "aten::index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value)"
    " -> Tensor"
)
class index_fill_tensor(Updating):
    """The number in a 0-dim tensor written to the places `index` along a dim."""

    def update(x, dim, index, value):
        if value.ndim:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor"
                f" with {value.ndim} dimension(s)."
            )
        return index_fill.update(x, dim, index, value.astype(x.dtype))

    def dtypes(x, dim, index, value):
        return x

    samples = [case(f32[4, 2], 0, i64.of([1, -1]), f32[()])]

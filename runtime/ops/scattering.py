"""Operators that write or add at places given by tensors along one dim."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import indexing as I
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.indexing import but
from jit.runtime.ops.refusals import not_implemented, refuse_bool
from jit.runtime.ops.samples import case, f32, i32, i64
from jit.runtime.ops.shaped import Updating


def _same(a, b):
    """Whether sizes are numbers, and equal."""
    both = [*a, *b]
    return all(isinstance(n, int) for n in both) and tuple(a) == tuple(b)


def _read(t, src, index):
    """The part of `src` that `scatter` reads: as many places as the index has."""
    if index.ndim and not _same(src.shape, index.shape):
        for dim, size in enumerate(index.shape):
            src = t.narrow(src, dim, 0, size)
    return src


def _unread(t, g, src, index):
    """The gradient of what `scatter` read, with zeros where it read nothing."""
    if not (src.ndim and index.ndim):
        return t.reshape(g, src.shape)
    if _same(src.shape, index.shape):
        return g
    sizes = list(index.shape)
    for dim, size in enumerate(index.shape):
        sizes[dim] = src.shape[dim]
        g = t.slice_backward(g, sizes, dim, 0, size, 1)
    return g


def _gathered(t, g, dim, src, index):
    """The gradient of each element of `src` from where it went."""
    return _unread(t, t.gather(g, dim, index), src, index)


@op("aten::scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
class scatter(Updating):
    """`self[index[i][j]][j] = src[i][j]` for `dim` 0, and so on for the others."""

    saves = ("index",)

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

    def grad(t, g, out, x, dim, index, src):
        return (
            lambda: t.scatter(g, dim, index, 0),
            None,
            None,
            lambda: _gathered(t, g, dim, src, index),
        )


@op("aten::scatter.value(Tensor self, int dim, Tensor index, Scalar value) -> Tensor")
class scatter_value(Updating):
    """One number written at index tensors along a dim."""

    saves = ("index",)

    def update(x, dim, index, value):
        return I.scatter("scatter", x, dim, index, value)

    def dtypes(x, dim, index, value):
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [1, 1]]), 7),
        case(i64[3, 4], 1, i64.of([[2]]), 2.5),
    ]

    def grad(t, g, out, x, dim, index, value):
        return t.scatter(g, dim, index, 0)


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

    saves = ("self", "index", "src", "out")

    def update(x, dim, index, src, reduce):
        return I.scatter("scatter", x, dim, index, src, _scatter_reduction(reduce))

    def dtypes(x, dim, index, src, reduce):
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), f32[2, 3], reduce="add"),
        case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), f32[2, 3], reduce="multiply"),
    ]

    def grad(t, g, out, x, dim, index, src, reduce):
        if reduce == "add":
            return scatter_add.grad(t, g, out, x, dim, index, src)
        return _product_slope(t, g, out, x, dim, index, src, True)


@op(
    "aten::scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *,"
    " str reduce) -> Tensor"
)
class scatter_value_reduce(Updating):
    """As `scatter_value`, but elements are added or multiplied."""

    saves = ("index",)

    def update(x, dim, index, value, reduce):
        return I.scatter("scatter", x, dim, index, value, _scatter_reduction(reduce))

    def dtypes(x, dim, index, value, reduce):
        return x

    samples = [case(f32[3, 4], 0, i64.of([[2, 0], [2, 1]]), 2, reduce="multiply")]

    def grad(t, g, out, x, dim, index, value, reduce):
        if reduce == "add":
            return g
        ones = t.new_ones(g, x.shape)
        return g * t.scatter(ones, dim, index, value, reduce="multiply")


@op("aten::scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
class scatter_add(Updating):
    """As `scatter`, but elements are added, repeated indices too."""

    saves = ("index",)

    def update(x, dim, index, src):
        return I.scatter("scatter", x, dim, index, src, "add")

    def dtypes(x, dim, index, src):
        return scatter.dtypes(x, dim, index, src)

    samples = scatter.samples

    def grad(t, g, out, x, dim, index, src):
        return g, None, None, lambda: _gathered(t, g, dim, src, index)


def _product_slope(t, g, out, x, dim, index, src, include_self):
    """The gradients of products of what goes to one place, also where some are 0."""
    read = _read(t, src, index)

    def to_self():
        ones = t.ones_like(x)
        others = t.scatter_reduce(ones, dim, index, src, "prod", include_self=True)
        made = g * others
        return made if include_self else t.scatter(made, dim, index, 0)

    def to_source():
        zero = t.eq(read, 0)
        count = t.scatter_add(t.zeros_like(x), dim, index, t.to(zero, x.dtype))
        if include_self:
            count = count + t.to(t.eq(x, 0), x.dtype)
        alone = t.logical_and(zero, t.eq(t.gather(count, dim, index), 1))
        rest = t.masked_fill(read, alone, 1)
        without = t.scatter_reduce(
            x, dim, index, rest, "prod", include_self=include_self
        )
        slope = t.where(
            alone,
            t.gather(g * without, dim, index),
            t.gather(g * out, dim, index) / t.masked_fill(read, zero, 1),
        )
        return _unread(t, slope, src, index)

    return to_self, None, None, to_source


def _mean_slope(t, g, x, dim, index, src, include_self):
    """The gradients of means of what goes to one place."""
    count = t.ones_like(g) if include_self else t.zeros_like(g)
    ones = t.new_ones(g, index.shape)
    count = t.scatter_add(count, dim, index, ones)
    share = g / t.masked_fill(count, t.eq(count, 0), 1)
    return (
        lambda: share if include_self else t.scatter(share, dim, index, 0),
        None,
        None,
        lambda: _gathered(t, share, dim, src, index),
    )


def _extreme_slope(t, g, out, x, dim, index, src, include_self):
    """The gradients of extremes of what goes to one place; equal ones share it."""
    read = _read(t, src, index)
    own = t.eq(x, out)
    if not include_self:
        own = t.scatter(own, dim, index, 0)
    reach = t.eq(read, t.gather(out, dim, index))
    count = t.scatter_add(t.to(own, g.dtype), dim, index, t.to(reach, g.dtype))
    share = g / count
    slope = t.where(reach, t.gather(share, dim, index), 0.0)
    return t.where(own, share, 0.0), None, None, _unread(t, slope, src, index)


def _refuse_reduced(dtype, reduce):
    name = f"scatter_gather_tensor_cpu_reduce_{reduce}"
    if reduce == "mean":
        refuse_bool(name, dtype)
    if reduce in ("amax", "amin") and dtype is not None and dtype.is_complex:
        raise not_implemented(name, dtype)


@op(
    "aten::scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src,"
    " str reduce, *, bool include_self=True) -> Tensor"
)
class scatter_reduce_two(Updating):
    """Elements of `src` that go to one place are reduced to one."""

    saves = ("self", "index", "src", "out")

    def update(x, dim, index, src, reduce, include_self):
        _refuse_reduced(dtype_of(x.dtype), reduce)
        return I.scatter_reduce(x, dim, index, src, reduce, include_self)

    def dtypes(x, dim, index, src, reduce, include_self):
        _refuse_reduced(x, reduce)
        return scatter.dtypes(x, dim, index, src)

    samples = [
        case(f32[3], 0, i64.of([0, 2, 0]), f32[3], kind, include_self=own)
        for kind in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    ]

    def grad(t, g, out, x, dim, index, src, reduce, include_self):
        if reduce == "prod":
            return _product_slope(t, g, out, x, dim, index, src, include_self)
        if reduce == "mean":
            return _mean_slope(t, g, x, dim, index, src, include_self)
        if reduce in ("amax", "amin"):
            return _extreme_slope(t, g, out, x, dim, index, src, include_self)
        return (
            lambda: g if include_self else t.scatter(g, dim, index, 0),
            None,
            None,
            lambda: _gathered(t, g, dim, src, index),
        )


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

    saves = ("index",)

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

    def grad(t, g, out, x, dim, index, source, alpha):
        return g, None, None, lambda: t.index_select(g, dim, index) * alpha


@op("aten::index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor")
class index_copy(Updating):
    """`source` written to the places `index` along a dim."""

    saves = ("index",)

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

    def grad(t, g, out, x, dim, index, source):
        return (
            lambda: t.index_fill(g, dim, index, 0),
            None,
            None,
            lambda: t.index_select(g, dim, index),
        )


@op(
    "aten::index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value)"
    " -> Tensor"
)
class index_fill(Updating):
    """One number written to the places `index` along a dim."""

    saves = ("index",)

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

    def grad(t, g, out, x, dim, index, value):
        return t.index_fill(g, dim, index, 0)


def _filled(t, g, dim, index):
    """Where `index_fill` wrote."""
    nowhere = t.to(t.zeros_like(g), dtypes.bool_)
    return t.index_fill(nowhere, dim, index, 1)


@op(
    "aten::index_fill.int_Tensor(Tensor self, int dim, Tensor index, Tensor value)"
    " -> Tensor"
)
class index_fill_tensor(Updating):
    """The number in a 0-dim tensor written to the places `index` along a dim."""

    saves = ("index",)

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

    def grad(t, g, out, x, dim, index, value):
        kept = t.index_fill(g, dim, index, 0)
        return kept, None, None, lambda: t.where(_filled(t, g, dim, index), g, 0.0)

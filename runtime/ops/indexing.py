"""Operators that read or write at places given by tensors, and reorder elements."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import indexing as I
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import c_name
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, f64, i32, i64, u8
from jit.runtime.ops.shaped import VALUES, Shaped, Updating


def _index_sizes(x, indices):
    """The sizes of `x[indices]` from facts; None where masks hide them."""
    if x.sizes is None or not isinstance(indices, list | tuple):
        return None
    parts = []
    for fact in indices:
        if fact is None:
            parts.append(None)
        elif not F.is_tensor(fact) or fact.sizes is None or fact.dtype is None:
            return None
        elif fact.dtype in (dtypes.bool_, dtypes.uint8):
            if not fact.sizes:
                return None
            # a mask acts as one index tensor for each of its dims
            parts += [(None,)] * len(fact.sizes)
        else:
            parts.append(fact.sizes)
    if len(parts) > len(x.sizes):
        raise ShapeError(
            f"too many indices for tensor of dimension {len(x.sizes)} (got {len(parts)})"
        )
    places = [d for d, p in enumerate(parts) if p is not None]
    common = ()
    try:
        for place in places:
            common = S.broadcast(common, parts[place])
    except RuntimeError as e:
        raise ShapeError(str(e)) from None
    rest = [n for d, n in enumerate(x.sizes) if d not in places]
    together = places == list(range(places[0], places[-1] + 1)) if places else True
    lead = places[0] if places and together else 0
    return (*rest[:lead], *common, *rest[lead:])


@op("aten::index.Tensor(Tensor self, Tensor?[] indices) -> Tensor")
class index(Shaped):
    """The elements at index tensors, one for each dim or None; a copy."""

    saves = ("indices",)
    fails = VALUES

    def kernel(x, indices):
        return I.take_indexed(x, indices)

    def infer(x, indices):
        return T.TensorType(x.dtype, _index_sizes(x, indices))

    samples = [
        case(f32[4, 3], [i64.of([2, -1, 2])]),
        case(f32[4, 3], [None, i64.of([[0, 1], [2, -3]])]),
        case(f32[4, 3], [i64.of([0, 1]), i64.of([2])]),
        case(f32[2, 3, 4], [i64.of([0, 1]), None, i32.of([3, 0])]),
        case(f32[2, 3], [boolean.of([[1, 0, 1], [0, 0, 1]])]),
        case(f32[2, 3], [None, boolean.of([1, 0, 1])]),
        case(f32[3], [i64.of(1)]),
        case(f32[0, 2], [i64[0]]),
    ]

    def grad(t, g, out, x, indices):
        return t.index_put(t.new_zeros(g, x.shape), indices, g, True)


@op(
    "aten::index_put(Tensor self, Tensor?[] indices, Tensor values,"
    " bool accumulate=False) -> Tensor"
)
class index_put(Updating):
    """`values` written, or added, at index tensors."""

    saves = ("indices",)

    def update(x, indices, values, accumulate):
        return I.put_indexed(x, indices, values, accumulate)

    def dtypes(x, indices, values, accumulate):
        if x is not None and values is not None and x is not values:
            raise RuntimeError(
                "Index put requires the source and destination dtypes match, got"
                f" {x.title} for the destination and {values.title} for the source."
            )
        return x

    samples = [
        case(f32[4, 3], [i64.of([2, -1])], f32[2, 3]),
        case(f32[4, 3], [i64.of([2, 2])], f32[3], True),
        case(f32[2, 3], [boolean.of([[1, 0, 1], [0, 0, 1]])], f32[()]),
        case(f32[2, 3], [boolean.of([[1, 0, 1], [0, 0, 1]])], f32[3], True),
        case(f32[2, 3], [None, i64.of([1])], f32[2, 1]),
        case(f32[3], [i64.of(1)], f32[()]),
        case(i64[0], [i64[0]], i64[()]),
    ]

    def grad(t, g, out, x, indices, values, accumulate):
        def to_values():
            masks = all(i is None or i.dtype is dtypes.bool_ for i in indices)
            if values.ndim or not masks:
                return t.index(g, indices)
            # how much a mask selects only the run knows
            nowhere = t.to(t.zeros_like(g), dtypes.bool_)
            put = t.index_put(nowhere, indices, t.ones([], dtype=dtypes.bool_))
            return t.where(put, g, 0.0)

        if accumulate:
            return g, None, to_values
        return lambda: t.index_put(g, indices, t.new_zeros(g, [])), None, to_values


def _one_dim(x, index):
    if len(index) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")


@op("aten::index_select(Tensor self, int dim, Tensor index) -> Tensor")
class index_select(Shaped):
    """The places `index` along a dim, in that order; a copy."""

    saves = ("index",)
    fails = VALUES

    def kernel(x, dim, index):
        shape = index_select.sizes(x.shape, dim, index.shape)
        dim = S.wrap_dim(dim, x.ndim)
        if index.dtype.kind != "i" or index.itemsize < 4:
            raise RuntimeError(
                "index_select(): Expected dtype int32 or int64 for index"
            )
        size = x.shape[dim] if x.ndim else 1
        if index.size and not 0 <= index.min() <= index.max() < size:
            raise IndexError("index out of range in self")
        if not x.ndim:
            return x.copy()
        return x.take(index.reshape(-1), dim).reshape(shape)

    def sizes(x, dim, index):
        _one_dim(x, index)
        dim = S.wrap_dim(dim, len(x))
        if not x:
            return ()
        return (*x[:dim], S.product(index), *x[dim + 1 :])

    def dtypes(x, dim, index):
        return x

    samples = [
        case(f32[4, 3], 0, i64.of([2, 0, 2])),
        case(f32[4, 3], -1, i32.of([1])),
        case(f32[4], 0, i64[0]),
        case(f32[()], 0, i64.of(0)),
    ]

    def grad(t, g, out, x, dim, index):
        return t.index_add(t.new_zeros(g, x.shape), dim, index, g)


@op(
    "aten::gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)"
    " -> Tensor"
)
class gather(Shaped):
    """`out[i][j] = self[index[i][j]][j]` for `dim` 0, and so on for the others."""

    saves = ("index",)
    fails = VALUES

    def kernel(x, dim, index, sparse_grad):
        return I.gather(x, dim, index)

    def sizes(x, dim, index, sparse_grad):
        S.wrap_dim(dim, len(x))
        return index

    def dtypes(x, dim, index, sparse_grad):
        return x

    samples = [
        case(f32[3, 4], 0, i64.of([[2, 0], [1, 1]])),
        case(f32[3, 4], -1, i64.of([[3], [0], [1]])),
        case(f32[3], 0, i64[0]),
        case(f32[()], 0, i64.of([0, 0])),
    ]

    def grad(t, g, out, x, dim, index, sparse_grad):
        return t.scatter_add(t.new_zeros(g, x.shape), dim, index, g)


@op(
    "aten::take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor",
)
class take_along_dim(Shaped):
    """As `gather`, with the other dims broadcast; without `dim`, of all elements."""

    saves = ("indices",)
    fails = VALUES

    def kernel(x, indices, dim):
        if indices.dtype != np.int64:
            raise RuntimeError(
                "torch.take_along_dim(): dtype of indices should be Long but got"
                f" {dtype_of(indices.dtype).title}"
            )
        if dim is None:
            x = x.reshape(-1)
            return I.gather(x, 0, _from_front(indices.reshape(-1), x.size))
        take_along_dim.sizes(x.shape, indices.shape, dim)
        dim = S.wrap_dim(dim, x.ndim)
        if x.ndim:
            indices = _from_front(indices, x.shape[dim])
        common = list(S.broadcast(but(x.shape, dim), but(indices.shape, dim)))
        wanted, source = list(common), list(common)
        wanted[dim], source[dim] = indices.shape[dim], x.shape[dim]
        return I.gather(
            np.broadcast_to(x, source), dim, np.broadcast_to(indices, wanted)
        )

    def sizes(x, indices, dim):
        if dim is None:
            return (S.product(indices),)
        if len(x) != len(indices):
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number"
                f" of dimensions, but got {len(x)} dimensions for input, and"
                f" {len(indices)} dimensions for indices"
            )
        dim = S.wrap_dim(dim, len(x))
        common = list(S.broadcast(but(x, dim), but(indices, dim)))
        common[dim] = indices[dim]
        return tuple(common)

    def dtypes(x, indices, dim):
        return x

    samples = [
        case(f32[3, 4], i64.of([[2, 0, 1, 1]]), 0),
        case(f32[3, 4], i64.of([5, 11])),
        case(f32[1, 2], i64.of([[0], [1]]), 1),
        case(f64[3, 4], i64.of([[-1, 0, -3, 1]]), 0),
    ]

    def grad(t, g, out, x, indices, dim):
        if dim is None:
            places = t.remainder(t.reshape(indices, [-1]), x.numel())
            flat = t.scatter_add(t.new_zeros(g, [x.numel()]), 0, places, g)
            return t.reshape(flat, x.shape)
        sizes = list(g.shape)
        sizes[dim] = x.shape[dim]
        places = t.remainder(t.expand(indices, g.shape), sizes[dim])
        return t.scatter_add(t.new_zeros(g, sizes), dim, places, g)


def _from_front(indices, size):
    """Indices of which negative ones count from the end."""
    return np.where(indices < 0, indices + size, indices)


def but(sizes, dim):
    """Sizes with one element along a dim."""
    return tuple(1 if d == dim else n for d, n in enumerate(sizes))


@op("aten::take(Tensor self, Tensor index) -> Tensor")
class take(Shaped):
    """The elements at places of the flattened tensor."""

    saves = ("index",)
    fails = VALUES

    def kernel(x, index):
        if index.dtype != np.int64:
            raise RuntimeError(
                "take(): Expected a long tensor for index, but got"
                f" {dtype_of(index.dtype).title}"
            )
        for worst in (index.max(), index.min()) if index.size else ():
            if not -x.size <= worst < x.size:
                raise IndexError(
                    f"out of range: tried to access index {worst} on a tensor of"
                    f" {x.size} elements."
                )
        return x.reshape(-1)[index]

    def sizes(x, index):
        return index

    def dtypes(x, index):
        return x

    samples = [case(f32[3, 4], i64.of([[0, -1]])), case(f32[1], i64.of(0))]

    def grad(t, g, out, x, index):
        flat = t.index_put(t.new_zeros(g, [x.numel()]), [index], g, True)
        return t.reshape(flat, x.shape)


def _check_mask(kind, mask):
    """Raise unless a mask, an array or a dtype, is bool."""
    dtype = mask if isinstance(mask, dtypes.DType) else dtype_of(mask.dtype)
    if dtype is dtypes.bool_:
        return
    if kind == "masked_select":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    raise RuntimeError(
        f"{kind}_ only supports boolean masks, but got mask with dtype {c_name(dtype)}"
    )


@op("aten::masked_select(Tensor self, Tensor mask) -> Tensor")
class masked_select(Shaped):
    """The elements where a mask, broadcast, is true, along one dim."""

    saves = ("mask",)

    def kernel(x, mask):
        _check_mask("masked_select", mask)
        shape = S.broadcast(x.shape, mask.shape)
        return np.broadcast_to(x, shape)[np.broadcast_to(mask, shape)].reshape(-1)

    def dtypes(x, mask):
        if mask is not None:
            _check_mask("masked_select", mask)
        return x

    def sizes(x, mask):
        S.broadcast(x, mask)
        return (None,)

    samples = [
        case(f32[2, 3], boolean[2, 3]),
        case(f32[2, 1], boolean[3]),
        case(f32[()], boolean[()]),
        case(f32[0], boolean[1]),
    ]

    def grad(t, g, out, x, mask):
        return t.masked_scatter(t.new_zeros(g, x.shape), mask, g)


def _masked_sizes(x, mask):
    """The sizes of `x` masked out of place."""
    return S.broadcast(mask, x)


@op("aten::masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor")
class masked_fill(Updating):
    """One number where a mask, broadcast, is true."""

    saves = ("mask",)

    def kernel(x, mask, value):
        shape = _masked_sizes(x.shape, mask.shape)
        return masked_fill.update(np.array(np.broadcast_to(x, shape)), mask, value)

    def update(x, mask, value):
        _check_mask("masked_fill", mask)
        if np.iscomplexobj(value) and x.dtype.kind != "c":
            raise RuntimeError(
                f"value cannot be converted to type {c_name(dtype_of(x.dtype))} without"
                " overflow"
            )
        S.expand(mask.shape, x.shape)
        np.copyto(x, np.asarray(value).astype(x.dtype), where=mask)
        return x

    def dtypes(x, mask, value):
        if mask is not None:
            _check_mask("masked_fill", mask)
        return x

    def sizes(x, mask, value):
        return _masked_sizes(x, mask)

    samples = [
        case(f32[2, 3], boolean[2, 3], -1),
        case(f32[2, 3], boolean[3], float("-inf")),
        case(i64[2], boolean[()], 2.5),
        case(f32[0], boolean[0], 1),
    ]

    def grad(t, g, out, x, mask, value):
        return t.masked_fill(g, mask, 0)


@op("aten::masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor")
class masked_fill_tensor(Updating):
    """The number in a 0-dim tensor where a mask, broadcast, is true."""

    saves = ("mask",)

    def kernel(x, mask, value):
        shape = _masked_sizes(x.shape, mask.shape)
        copy = np.array(np.broadcast_to(x, shape))
        return masked_fill_tensor.update(copy, mask, value)

    def update(x, mask, value):
        masked_fill_tensor.sizes(x.shape, mask.shape, value.shape)
        return masked_fill.update(x, mask, value)

    def dtypes(x, mask, value):
        return masked_fill.dtypes(x, mask, value)

    def sizes(x, mask, value):
        if value:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got"
                f" tensor with {len(value)} dimension(s)."
            )
        return _masked_sizes(x, mask)

    samples = [case(f32[2, 3], boolean[3], f32[()]), case(i64[2], boolean[2], f32[()])]

    def grad(t, g, out, x, mask, value):
        return (
            lambda: t.masked_fill(g, mask, 0),
            None,
            lambda: t.where(mask, g, 0.0),
        )


@op("aten::masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor")
class masked_scatter(Updating):
    """Elements of `source`, in order, where a mask, broadcast, is true."""

    saves = ("mask",)

    def kernel(x, mask, source):
        shape = _masked_sizes(x.shape, mask.shape)
        copy = np.array(np.broadcast_to(x, shape))
        return masked_scatter.update(copy, mask, source)

    def update(x, mask, source):
        _check_mask("masked_scatter", mask)
        S.expand(mask.shape, x.shape)
        if source.dtype != x.dtype:
            raise RuntimeError(
                "masked_scatter: expected self and source to have same dtypes but got"
                f" {dtype_of(x.dtype).title} and {dtype_of(source.dtype).title}"
            )
        full = np.broadcast_to(mask, x.shape)
        count = int(np.count_nonzero(full))
        if source.size < count:
            raise RuntimeError("Number of elements of source < number of ones in mask")
        x[full] = source.reshape(-1)[:count]
        return x

    def dtypes(x, mask, source):
        return x

    def sizes(x, mask, source):
        return _masked_sizes(x, mask)

    samples = [case(f32[2, 3], boolean[3], f32[6]), case(f32[2], boolean[2], f32[2])]

    def grad(t, g, out, x, mask, source):
        return (
            lambda: t.masked_fill(g, mask, 0),
            None,
            lambda: t.masked_scatter_backward(g, mask, source.shape),
        )


@op(
    "aten::masked_scatter_backward(Tensor grad_output, Tensor mask, SymInt[] sizes)"
    " -> Tensor"
)
class masked_scatter_backward(Shaped):
    """The gradient of `masked_scatter` to its source: what it wrote, then zeros."""

    saves = ("mask",)
    fails = VALUES

    def kernel(g, mask, sizes):
        out = np.zeros(sizes, g.dtype)
        taken = g[np.broadcast_to(mask, g.shape)]
        out.reshape(-1)[: taken.size] = taken
        return out

    def sizes(g, mask, sizes):
        return tuple(sizes)

    def dtypes(g, mask, sizes):
        return g

    def grad(t, g, out, grad_output, mask, sizes):
        return t.masked_scatter(t.new_zeros(g, grad_output.shape), mask, g)

    samples = [case(f32[2, 3], boolean[3], [6]), case(f64[2], boolean[2], [1, 2])]


@op("aten::nonzero(Tensor self) -> Tensor")
class nonzero(Shaped):
    """The places of the elements that are not zero, one row each."""

    raises = False

    def kernel(x):
        if not x.ndim:
            return np.empty((int(x != 0), 0), np.int64)
        return np.argwhere(x).astype(np.int64, copy=False)

    def dtypes(x):
        return dtypes.int64

    def sizes(x):
        return (None, len(x))

    samples = [f32.of([[0, 1], [2, 0]]), boolean[3], f32[()], i64[0]]


@op(
    "aten::nonzero_numpy(Tensor self) -> Tensor[]",
    "aten::where(Tensor condition) -> Tensor[]",
)
class nonzero_numpy(Shaped):
    """The places of the elements that are not zero, one tensor for each dim."""

    raises = False

    def kernel(x):
        return [np.asarray(p, np.int64) for p in np.nonzero(np.atleast_1d(x))]

    def dtypes(x):
        return dtypes.int64

    def sizes(x):
        return [(None,)] * max(1, len(x))

    samples = [f32.of([[0, 1], [2, 0]]), boolean[3], f32[()]]


@op("aten::bincount(Tensor self, Tensor? weights=None, SymInt minlength=0) -> Tensor")
class bincount(Shaped):
    """How often each number occurs, or the sum of the weights of its places."""

    fails = VALUES
    unknown = ("minlength",)

    def kernel(x, weights, minlength):
        if x.dtype.kind not in "iu":
            raise NotImplementedError(
                f"\"bincount_cpu\" not implemented for '{dtype_of(x.dtype).title}'"
            )
        if minlength < 0:
            raise RuntimeError("minlength should be >= 0")
        if x.ndim != 1 or (x < 0).any():
            raise RuntimeError(
                "bincount only supports 1-d non-negative integral inputs."
            )
        if weights is not None and weights.shape != x.shape:
            raise RuntimeError(
                "weights should be 1-d and have the same length as input"
            )
        counts = np.bincount(x, weights, minlength)
        if weights is not None and weights.dtype == np.float32:
            return counts.astype(np.float32)
        return counts

    def dtypes(x, weights, minlength):
        if weights is None:
            return None  # no weights, or weights of a dtype that is not known
        return dtypes.float32 if weights is dtypes.float32 else dtypes.float64

    def sizes(x, weights, minlength):
        return (None,)

    samples = [
        i64.of([1, 0, 1, 3]),
        case(u8.of([1, 2]), minlength=5),
        case(i64.of([1, 1]), f32[2]),
    ]


def _search(sequence, values, out_int32, right, side):
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if sequence.dtype == np.bool_:
        raise NotImplementedError("\"searchsorted_out_cpu\" not implemented for 'Bool'")
    side = side or ("right" if right else "left")
    wanted = np.int32 if out_int32 else np.int64
    if sequence.ndim == 1:
        return np.searchsorted(sequence, values, side).astype(wanted)
    if sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first"
            " N-1 dimensions of boundaries tensor and input value tensor must match,"
            f" but we got boundaries tensor {S.shown(sequence.shape)} and input value"
            f" tensor {S.shown(values.shape)}"
        )
    if not values.size:
        return np.empty(values.shape, wanted)
    count = math.prod(sequence.shape[:-1])
    rows = sequence.reshape(count, sequence.shape[-1])
    found = [
        np.searchsorted(row, wanted_row, side)
        for row, wanted_row in zip(rows, values.reshape(count, -1), strict=True)
    ]
    return np.array(found).reshape(values.shape).astype(wanted)


@op(
    "aten::searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *,"
    " bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None)"
    " -> Tensor"
)
class searchsorted(Shaped):
    """Where values belong in sorted sequences."""

    fails = VALUES

    def kernel(sequence, values, out_int32, right, side, sorter):
        if sorter is not None:
            sequence = np.take_along_axis(sequence, sorter, -1)
        return _search(sequence, values, out_int32, right, side)

    def dtypes(sequence, values, out_int32, right, side, sorter):
        return _place_dtype(out_int32)

    def sizes(sequence, values, out_int32, right, side, sorter):
        return values

    samples = [
        case(f32.of([1, 2, 4]), f32.of([2, 3])),
        case(f32.of([1, 2, 4]), f32.of(2), right=True),
        case(f32.of([[1, 2], [0, 5]]), f32.of([[2], [3]]), out_int32=True),
    ]


def _place_dtype(out_int32):
    if not F.is_known(out_int32):
        return None
    return dtypes.int32 if out_int32 else dtypes.int64


@op(
    "aten::bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False,"
    " bool right=False) -> Tensor"
)
class bucketize(Shaped):
    """The number of the interval between sorted boundaries that holds each value."""

    fails = VALUES

    def kernel(x, boundaries, out_int32, right):
        if boundaries.ndim != 1:
            raise RuntimeError(
                f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})"
            )
        return _search(boundaries, x, out_int32, right, None)

    def dtypes(x, boundaries, out_int32, right):
        return _place_dtype(out_int32)

    def sizes(x, boundaries, out_int32, right):
        return x

    samples = [case(f32.of([0, 2, 9]), f32.of([1, 2, 4])), case(f64[()], f64.of([0]))]

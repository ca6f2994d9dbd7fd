"""Order: sort, topk, unique, and where elements of one tensor are in another."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card, ShapeError
from jit.ir.dtypes import COMPLEX, dtype_of
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import op
from jit.runtime.ops.reduction import placed
from jit.runtime.ops.samples import (
    bf16,
    boolean,
    case,
    f16,
    f32,
    f64,
    i32,
    i64,
    nan,
    u8,
)  # fmt: skip


def order_along(x, axis, descending):
    """Indices that sort along an axis, equals in their order; nan is the largest."""
    if x.dtype.kind not in "biuf":
        x = x.astype(np.float32)  # NumPy cannot order nan among bfloat16
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    reverse = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - reverse, axis)


def sorted_along(x, dim, descending):
    """Values and indices in order along a dim."""
    axis = F.wrap_dim(dim, x.ndim)
    refuse_complex(dtype_of(x.dtype))
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    indices = order_along(x, axis, descending).astype(np.int64, copy=False)
    return np.take_along_axis(x, indices, axis), indices


def refuse_complex(dtype):
    """RuntimeError for numbers that have no order."""
    if dtype is not None and dtype.category == COMPLEX:
        raise RuntimeError(" Sort does not support complex dtypes on CPU")


class Ordering(Card):
    """Base of the cards whose values and indices have the sizes of self."""

    def check(x, dim):
        """ShapeError where a call fails on every run."""
        try:
            refuse_complex(x.dtype)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None
        if x.sizes is not None and F.is_known(dim):
            F.wrap_dim(dim, len(x.sizes), ShapeError)

    check = staticmethod(check)

    def fails(x, dim):
        """Whether a call may raise."""
        if x.dtype is None or x.sizes is None or not F.is_known(dim):
            return True
        try:
            Ordering.check(x, dim)
        except ShapeError:
            return True
        return False

    fails = staticmethod(fails)


ORDERS = [
    case(f32[2, 3, 4]),
    case(f64[2, 3], dim=0),
    case(f32.of([3, nan, 1, 3, -1])),
    case(f32.of([3, nan, 1, 3, -1]), descending=True),
    case(i64[7], descending=True),
    case(u8[5]),
    case(boolean[5]),
    case(f16[5]),
    case(bf16.of([2, nan, 1]), descending=True),
    case(f32[()], dim=0),
    case(f32[0]),
]


@op("aten::sort(Tensor self, int dim=-1, bool descending=False)"
    " -> (Tensor values, Tensor indices)")  # fmt: skip
class sort(Ordering):
    """The elements along dim in order, and where they were; equals keep their order."""

    saves = ("out",)
    samples = ORDERS

    def kernel(x, dim, descending):
        return sorted_along(x, dim, descending)

    def infer(x, dim, descending):
        Ordering.check(x, dim)
        return x, T.TensorType(dtypes.int64, x.sizes)

    def raises(x, dim, descending):
        return Ordering.fails(x, dim)

    def grad(t, g, out, x, dim, descending):
        return placed(t, g[0], out[1], x, dim, True)


STABLE_ORDERS = [case(*c.positional, stable=True, **c.keywords) for c in ORDERS]


@op("aten::sort.stable(Tensor self, *, bool? stable, int dim=-1,"
    " bool descending=False) -> (Tensor values, Tensor indices)")  # fmt: skip
class sort_stable(Ordering):
    """The elements along dim in order, and where they were; equals keep their order."""

    saves = ("out",)
    samples = STABLE_ORDERS

    def kernel(x, stable, dim, descending):
        return sorted_along(x, dim, descending)

    def infer(x, stable, dim, descending):
        return sort.infer(x, dim, descending)

    def raises(x, stable, dim, descending):
        return Ordering.fails(x, dim)

    def grad(t, g, out, x, stable, dim, descending):
        return placed(t, g[0], out[1], x, dim, True)


@op("aten::msort(Tensor self) -> Tensor")
class msort(Ordering):
    """The elements along the first dim in order."""

    saves = ("self",)
    samples = [case(f32[3, 2]), case(i64[4])]

    def kernel(x):
        return sorted_along(x, 0, False)[0]

    def infer(x):
        Ordering.check(x, 0)
        return x

    def raises(x):
        return Ordering.fails(x, 0)

    def grad(t, g, out, x):
        return placed(t, g, t.argsort(x, 0), x, 0, True)


@op("aten::argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor")
class argsort(Ordering):
    """Where the elements along dim are in order."""

    samples = ORDERS

    def kernel(x, dim, descending):
        return sorted_along(x, dim, descending)[1]

    def infer(x, dim, descending):
        return sort.infer(x, dim, descending)[1]

    def raises(x, dim, descending):
        return Ordering.fails(x, dim)


@op("aten::argsort.stable(Tensor self, *, bool stable, int dim=-1,"
    " bool descending=False) -> Tensor")  # fmt: skip
class argsort_stable(Ordering):
    """Where the elements along dim are in order; equals keep their order."""

    samples = STABLE_ORDERS

    def kernel(x, stable, dim, descending):
        return sorted_along(x, dim, descending)[1]

    def infer(x, stable, dim, descending):
        return sort.infer(x, dim, descending)[1]

    def raises(x, stable, dim, descending):
        return Ordering.fails(x, dim)


@op("aten::topk(Tensor self, SymInt k, int dim=-1, bool largest=True,"
    " bool sorted=True) -> (Tensor values, Tensor indices)")  # fmt: skip
class topk(Card):
    """The k largest or smallest elements along dim, in order, and where they are."""

    saves = ("out",)
    samples = [
        case(f32.of([3, 1, 4, 1.5, 5]), 2),
        case(f32.of([3, 1, 4, 1.5, 5]), 3, largest=False),
        case(f32.of([[3, 1], [4, 2]]), 1, 0),
        case(i64.of([3, 9, 4]), 0),
        case(f32.of([3, nan, 4]), 2),
    ]

    def kernel(x, k, dim, largest, sorted):
        axis = F.wrap_dim(dim, x.ndim)
        refuse_complex(dtype_of(x.dtype))
        if x.dtype == bool:
            raise RuntimeError("topk does not support bool dtypes on CPU")
        check_count(k, x.shape[axis] if x.ndim else 1)
        values, indices = sorted_along(x, dim, largest)
        if x.ndim == 0:
            return values, indices
        first = (slice(None),) * axis + (slice(0, k),)
        return values[first].copy(), indices[first].copy()

    def infer(x, k, dim, largest, sorted):
        sizes = None
        if x.sizes is not None and F.is_known(dim):
            axis = F.wrap_dim(dim, len(x.sizes), ShapeError)
            known = k if F.is_known(k) else None
            if known is not None and x.sizes and x.sizes[axis] is not None:
                try:
                    check_count(known, x.sizes[axis])
                except RuntimeError as e:
                    raise ShapeError(str(e)) from None
            sizes = x.sizes and (*x.sizes[:axis], known, *x.sizes[axis + 1 :])
        return T.TensorType(x.dtype, sizes), T.TensorType(dtypes.int64, sizes)

    def grad(t, g, out, x, k, dim, largest, sorted):
        return placed(t, g[0], out[1], x, dim, True)


def check_count(k, size):
    """RuntimeError if there are not k elements."""
    if not 0 <= k <= size:
        raise RuntimeError("selected index k out of range")


@op("aten::kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)")  # fmt: skip
class kthvalue(Card):
    """The k-th smallest elements along dim, counted from 1, and where they are."""

    saves = ("out",)
    samples = [
        case(f32.of([3, 1, 4, 1.5, 5]), 2),
        case(f32.of([[3, 1, 7], [4, 2, 0]]), 3, 1, True),
        case(i64.of([[3, 1], [4, 2]]), 1, 0),
        case(f32[()], 1, 0),
    ]

    def kernel(x, k, dim, keepdim):
        if x.dtype == np.bool_:
            raise NotImplementedError("\"kthvalue_cpu\" not implemented for 'Bool'")
        axis = F.wrap_dim(dim, x.ndim)
        size = x.shape[axis] if x.ndim else 1
        if not 1 <= k <= size:
            raise RuntimeError(
                f"kthvalue(): selected number k out of range for dimension {axis}"
            )
        values, indices = sorted_along(x, dim, False)
        if x.ndim == 0:
            return values, indices
        at = [k - 1] if keepdim else k - 1
        return np.take(values, at, axis), np.take(indices, at, axis)

    def infer(x, k, dim, keepdim):
        sizes = F.reduced_sizes(x.sizes, dim, keepdim)
        return T.TensorType(x.dtype, sizes), T.TensorType(dtypes.int64, sizes)

    def grad(t, g, out, x, k, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


@op("aten::_unique2(Tensor self, bool sorted=True, bool return_inverse=False,"
    " bool return_counts=False) -> (Tensor, Tensor, Tensor)")  # fmt: skip
class unique(Card):
    """The different elements in order, where each went, and how often each occurs."""

    raises = False
    samples = [
        case(i64.of([3, 1, 2, 1])),
        case(i64.of([[3, 1], [2, 1]]), True, True, True),
        case(f32.of([2.5, -1, 2.5]), return_counts=True),
        case(boolean[4], return_inverse=True),
        case(f32[0], return_inverse=True),
    ]

    def kernel(x, sorted, return_inverse, return_counts):
        found = np.unique(
            x.reshape(-1), return_inverse=True, return_counts=True, equal_nan=False
        )
        values, inverse, counts = found
        return (
            values,
            optional_part(inverse.reshape(x.shape), return_inverse),
            optional_part(counts, return_counts),
        )

    def infer(x, sorted, return_inverse, return_counts):
        inverse = T.TensorType(dtypes.int64)
        if F.is_known(return_inverse):
            inverse = T.TensorType(dtypes.int64, x.sizes if return_inverse else (0,))
        return T.TensorType(x.dtype, (None,)), inverse, counted(return_counts)


def optional_part(array, wanted):
    """An array of indices, or an empty one where nobody asked for it."""
    return array.astype(np.int64) if wanted else np.empty(0, np.int64)


def counted(return_counts):
    """The type of counts, which are empty where nobody asked for them."""
    known = F.is_known(return_counts) and not return_counts
    return T.TensorType(dtypes.int64, (0,) if known else (None,))


@op("aten::unique_dim(Tensor self, int dim, bool sorted=True,"
    " bool return_inverse=False, bool return_counts=False)"
    " -> (Tensor, Tensor, Tensor)")  # fmt: skip
class unique_dim(Card):
    """The different slices along dim in order, where each went, and how often."""

    samples = [
        case(i64.of([[3, 1], [2, 1], [3, 1]]), 0, True, True, True),
        case(f32.of([[3, 1, 3], [2, 1, 2]]), 1, True, True, True),
    ]

    def kernel(x, dim, sorted, return_inverse, return_counts):
        axis = F.wrap_dim(dim, x.ndim)
        values, inverse, counts = np.unique(
            x, axis=axis, return_inverse=True, return_counts=True
        )
        # unlike _unique2, torch always fills all three
        return values, inverse.reshape(-1).astype(np.int64), counts.astype(np.int64)

    def infer(x, dim, sorted, return_inverse, return_counts):
        sizes, length = None, None
        if x.sizes is not None and F.is_known(dim):
            axis = F.wrap_dim(dim, len(x.sizes), ShapeError)
            length = x.sizes[axis]
            sizes = (*x.sizes[:axis], None, *x.sizes[axis + 1 :])
        return (
            T.TensorType(x.dtype, sizes),
            T.TensorType(dtypes.int64, (length,)),
            T.TensorType(dtypes.int64, (None,)),
        )


@op("aten::unique_consecutive(Tensor self, bool return_inverse=False,"
    " bool return_counts=False, int? dim=None) -> (Tensor, Tensor, Tensor)")  # fmt: skip
class unique_consecutive(Card):
    """The elements or slices that differ from the one before."""

    samples = [
        case(i64.of([1, 1, 2, 1]), True, True),
        case(i64.of([[1, 1], [2, 2]]), True),
        case(f32.of([[1, 1], [1, 1], [2, 1]]), True, True, 0),
        case(i64[0], True, True),
    ]

    def kernel(x, return_inverse, return_counts, dim):
        line = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
        if len(line) == 0:
            new = np.zeros(0, bool)
        else:
            rows = line.reshape(len(line), -1)
            new = np.concatenate([[True], np.any(rows[1:] != rows[:-1], axis=1)])
        values = line[new] if dim is None else np.moveaxis(line[new], 0, dim)
        inverse = np.cumsum(new) - 1
        places = np.flatnonzero(np.append(new, True))
        if dim is None:
            inverse = inverse.reshape(x.shape)
        return (
            np.ascontiguousarray(values),
            optional_part(inverse, return_inverse),
            optional_part(np.diff(places), return_counts),
        )

    def infer(x, return_inverse, return_counts, dim):
        values, inverse = T.TensorType(x.dtype), T.TensorType(dtypes.int64)
        if dim is None:
            values = T.TensorType(x.dtype, (None,))
            if F.is_known(return_inverse):
                sizes = x.sizes if return_inverse else (0,)
                inverse = T.TensorType(dtypes.int64, sizes)
        elif x.sizes is not None and F.is_known(dim):
            axis = F.wrap_dim(dim, len(x.sizes), ShapeError)
            sizes = (*x.sizes[:axis], None, *x.sizes[axis + 1 :])
            values = T.TensorType(x.dtype, sizes)
        return values, inverse, counted(return_counts)


@op(
    "aten::isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *,"
    " bool assume_unique=False, bool invert=False) -> Tensor",
    "aten::isin.Tensor_Scalar(Tensor elements, Scalar test_element, *,"
    " bool assume_unique=False, bool invert=False) -> Tensor",
    "aten::isin.Scalar_Tensor(Scalar element, Tensor test_elements, *,"
    " bool assume_unique=False, bool invert=False) -> Tensor",
)
class isin(Card):
    """Whether each element occurs in the other tensor."""

    samples = {
        "Tensor_Tensor": [
            case(i64[2, 3], i64[4]),
            case(f32[3], f32[2], invert=True),
            case(i32[3], i32[0]),
        ],
        "Tensor_Scalar": [case(i64[2, 3], 1)],
        "Scalar_Tensor": [case(1, i64[2, 3])],
    }

    def kernel(elements, tested, assume_unique, invert):
        for x in (elements, tested):
            if isinstance(x, np.ndarray) and x.dtype == bool:
                raise RuntimeError(
                    "Unsupported input type encountered for isin(): Bool"
                )
        for each in (elements, tested):
            if np.asarray(each).dtype.kind in "bc":
                raise RuntimeError(
                    "Unsupported input type encountered for isin():"
                    f" {dtype_of(np.asarray(each).dtype).title}"
                )
        return np.isin(elements, tested, invert=invert)

    def infer(elements, tested, assume_unique, invert):
        return T.TensorType(dtypes.bool_, F.sizes_of(elements))


@op("aten::diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None,"
    " Tensor? append=None) -> Tensor")  # fmt: skip
class diff(Card):
    """The differences of neighbours along dim, n times over."""

    samples = [
        case(f32[5]),
        case(i64[3, 4], 2, 0),
        case(f32[3], prepend=f32[2], append=f32[1]),
        case(f32[3], 3),
        case(f32[2, 1], 0),
        case(boolean[4]),
        case(f64[3], 0, prepend=f64[1]),
    ]

    def kernel(x, n, dim, prepend, append):
        if x.ndim == 0:
            raise RuntimeError("diff expects input to be at least one-dimensional")
        if n < 0:
            raise RuntimeError(f"order must be non-negative but got {n}")
        axis = F.wrap_dim(dim, x.ndim)
        if n == 0:
            return x.copy()
        parts = [p for p in (prepend, x, append) if p is not None]
        line = np.concatenate(parts, axis)
        return np.diff(line, n, axis)

    def infer(x, n, dim, prepend, append):
        if not F.is_known(n, dim) or x.sizes is None:
            return T.TensorType(x.dtype)
        axis = F.wrap_dim(dim, len(x.sizes), ShapeError)
        size = x.sizes[axis]
        if n and (prepend is not None or append is not None):
            return T.TensorType(None, (*x.sizes[:axis], None, *x.sizes[axis + 1 :]))
        size = None if size is None else max(size - n, 0)
        return T.TensorType(x.dtype, (*x.sizes[:axis], size, *x.sizes[axis + 1 :]))

    def grad(t, g, out, x, n, dim, prepend, append):
        if n == 0:
            return g
        parts = (prepend, x, append)
        lengths = [0 if p is None else p.shape[dim] for p in parts]
        sizes = list(g.shape)
        sizes[dim] = sum(lengths)
        if isinstance(sizes[dim], int) and n >= sizes[dim]:  # nothing was left
            g, n = t.new_zeros(g, sizes), 0
        sizes[dim] = 1
        edge = t.new_zeros(g, sizes)
        for _ in range(n):
            g = t.cat([edge, g], dim) - t.cat([g, edge], dim)
        entries, start = [], 0
        for part, length in zip(parts, lengths, strict=True):
            entries.append(None if part is None else t.narrow(g, dim, start, length))
            start = start + length
        return entries[1], None, None, entries[0], entries[2]

"""Indexing of Arrays: `x[i]`, `x[1:3]`, `x[mask]`, and assignments to them.

`x[i, 1:3, None]` is `select`, `slice` and `newaxis`, one after another, as for Tensors.
If an index is an array, all integers beside it belong to `index`, as 0-dim arrays:
NumPy moves axes when arrays and integers mix. Assignments take the slices first and
`index_put_` last, since an element of a vector is a NumPy scalar and no view.
"""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.numpy_reduction import wrap_axis
from jit.runtime.ops.numpy_shape import SameDType
from jit.runtime.ops.samples import boolean, case, f32, f64, i64


def at(axis, index):
    """An index along one axis, counted from the front."""
    return (*(slice(None),) * axis, index)


@op("np::select(Array(a) a, int dim, int index) -> Array(a)")
class select(SameDType):
    """One slice along an axis; an element of a vector is a NumPy scalar."""

    samples = [case(f64[2, 3], 0, 1), case(f64[2, 3], 1, -1), case(f64[3], 0, 2)]

    def kernel(a, dim, index):
        return a[at(wrap_axis(dim, np.ndim(a)), index)]

    def shape(a, dim, index):
        if a.sizes is None or not F.is_known(dim):
            return None
        if not a.sizes:
            raise IndexError("too many indices for array: array is 0-dimensional")
        axis = wrap_axis(dim, len(a.sizes))
        size = a.sizes[axis]
        if size is not None and F.is_known(index) and not -size <= index < size:
            raise IndexError(
                f"index {index} is out of bounds for axis {axis} with size {size}"
            )
        return (*a.sizes[:axis], *a.sizes[axis + 1 :])

    def grad(t, g, out, a, dim, index):
        return t.select_backward(g, a.shape, dim, index)


@op(
    "np::slice(Array(a) a, int dim=0, int? start=None, int? end=None, int step=1)"
    " -> Array(a)"
)
class slice_(SameDType):
    """A range of slices along an axis; the step may be negative."""

    samples = [
        case(f64[5]),
        case(f64[5], 0, 1, 3),
        case(f64[2, 5], 1, None, None, -1),
        case(f64[2, 5], -1, -3, None, 2),
        case(f64[5], 0, 9, 12),
    ]

    def kernel(a, dim, start, end, step):
        return a[at(wrap_axis(dim, a.ndim), slice(start, end, step))]

    def shape(a, dim, start, end, step):
        if a.sizes is None or not F.is_known(dim):
            return None
        axis = wrap_axis(dim, len(a.sizes))
        size = a.sizes[axis]
        if size is not None:
            known = F.is_known(start, end, step)
            size = len(range(*slice(start, end, step).indices(size))) if known else None
        return (*a.sizes[:axis], size, *a.sizes[axis + 1 :])

    def grad(t, g, out, a, dim, start, end, step):
        places = range(a.shape[dim])[start:end:step]
        if step < 0:
            g, places = t.flip(g, [dim]), places[::-1]
        if not places:
            return t.zeros(a.shape, dtype=a.dtype)
        first, last = places[0], places[-1] + 1
        return t.slice_backward(g, a.shape, dim, first, last, places.step)


def key_of(indices):
    """The index of a list of arrays; None stands for a whole axis."""
    return tuple(slice(None) if i is None else whole(i) for i in indices)


def whole(index):
    """An index array, or the integer of a 0-dim one."""
    if np.ndim(index) == 0 and np.asarray(index).dtype.kind in "iu":
        return int(index)
    return index


@op("np::index(Array a, Array?[] indices) -> Array")
class index(SameDType):
    """The elements at arrays of indices, or where masks are true."""

    samples = [
        case(f64[5], [i64.of([0, 2, -1])]),
        case(f64[2, 3], [None, i64.of([0, 2])]),
        case(f64[2, 3], [i64.of([0, 1]), i64.of([2, 0])]),
        case(f64[2, 3], [boolean.of([[True, False, True], [False, True, False]])]),
        case(f64[2, 3, 4], [i64.of(1), None, i64.of([0, 2])]),
    ]

    def kernel(a, indices):
        return np.array(a[key_of(indices)])

    def shape(a, indices):
        if a.sizes is None or not isinstance(indices, list):
            return None
        arrays = [i for i in indices if i is not None]
        if len(arrays) != 1 or arrays[0].dtype in (None, dtypes.bool_):
            return None
        axis = [i is not None for i in indices].index(True)
        found = arrays[0].sizes
        if found is None:
            return None
        return (*a.sizes[:axis], *found, *a.sizes[axis + 1 :])


@op(
    "np::index_put_(Array(a!) a, Array?[] indices, Array values) -> Array(a!)",
    "np::index_put_.Scalar(Array(a!) a, Array?[] indices, Scalar values) -> Array(a!)",
)
class index_put_(NumpyFunction):
    """Values written to arrays of indices, or where masks are true."""

    samples = {
        "": [
            case(f64[5], [i64.of([0, 2])], f64[2]),
            case(f64[2, 3], [None, i64.of(1)], f64[2]),
            case(f64[3], [i64.of(0)], f32[()]),
        ],
        "Scalar": [
            case(f64[5], [i64.of(1)], 2),
            case(i64[2, 3], [boolean.of([True, False])], 7),
        ],
    }

    def kernel(a, indices, values):
        a[key_of(indices)] = values
        return a

    def infer(a, indices, values):
        return a


@op(
    "np::copyto(Array(a!) dst, Array src) -> Array(a!)",
    "np::copyto.Scalar(Array(a!) dst, Scalar src) -> Array(a!)",
)
class copyto(NumpyFunction):
    """A value written to all elements: `dst[...] = src`."""

    samples = {
        "": [case(f64[2, 3], f64[3]), case(i64[3], f64[3])],
        "Scalar": [case(f64[2, 3], 1.5), case(i64[3], 2)],
    }

    def kernel(dst, src):
        dst[...] = src
        return dst

    def infer(dst, src):
        return dst


@op("np::take(Array a, Array indices, int? axis=None) -> Array")
class take(SameDType):
    """The slices at indices along an axis; without one, the elements of all."""

    samples = [case(f64[5], i64.of([0, 2])), case(f64[2, 3], i64.of([[0, 2]]), 1),
               case(f64[2, 3], i64.of(4))]  # fmt: skip

    def kernel(a, indices, axis):
        return np.take(a, indices, axis)

    def shape(a, indices, axis):
        if axis is None:
            return indices.sizes
        if a.sizes is None or indices.sizes is None or not F.is_known(axis):
            return None
        place = wrap_axis(axis, len(a.sizes))
        return (*a.sizes[:place], *indices.sizes, *a.sizes[place + 1 :])


ONE = [case(f64[()]), case(i64[()]), case(boolean[()])]


@op("np::item(Array a) -> Scalar")
class item(NumpyFunction):
    """The one element as a Python number."""

    samples = [*ONE, case(f64[1])]

    def kernel(a):
        return a.item()

    def infer(a):
        if a.dtype is None:
            return T.NUMBER
        return (T.BOOL, T.INT, T.FLOAT, T.COMPLEX)[a.dtype.category]


@op("np::bool(Array a) -> bool", "aten::Bool.Array(Array a) -> bool")
class to_bool(NumpyFunction):
    """Whether the one element is nonzero."""

    samples = ONE

    def kernel(a):
        return bool(a)

    def infer(a):
        return T.BOOL


@op("np::int(Array a) -> int", "aten::Int.Array(Array a) -> int")
class to_int(NumpyFunction):
    """The element of a 0-dim array as an int."""

    samples = ONE

    def kernel(a):
        return int(a)

    def infer(a):
        return T.INT


@op("np::float(Array a) -> float", "aten::Float.Array(Array a) -> float")
class to_float(NumpyFunction):
    """The element of a 0-dim array as a float."""

    samples = ONE

    def kernel(a):
        return float(a)

    def infer(a):
        return T.FLOAT


@op("np::complex(Array a) -> complex", "aten::Complex.Array(Array a) -> complex")
class to_complex(NumpyFunction):
    """The element of a 0-dim array as a complex number."""

    samples = ONE

    def kernel(a):
        return complex(a)

    def infer(a):
        return T.COMPLEX


@op("np::len(Array a) -> int")
class length(NumpyFunction):
    """The size of the first axis."""

    samples = [case(f64[2, 3]), case(f64[0])]

    def kernel(a):
        return len(a)

    def infer(a):
        return T.INT

"""NumPy's functions on shapes and order: reshape, concatenate, flip, sort ..."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.numpy_arithmetic import promoted
from jit.runtime.ops.numpy_reduction import wrap_axis
from jit.runtime.ops.samples import boolean, case, f32, f64, i64


class SameDType(NumpyFunction):
    """Base of the functions whose result has the dtype of the first argument."""

    def dtype(a, *rest):
        return a.dtype


@op("np::shape(Array a) -> int[]")
class shape(NumpyFunction):
    """The sizes of all axes."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[()])]

    def kernel(a):
        return list(np.shape(a))

    def infer(a):
        return T.ListType(T.INT)


@op("np::ndim(Array a) -> int")
class ndim(NumpyFunction):
    """The number of axes."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[()])]

    def kernel(a):
        return np.ndim(a)

    def infer(a):
        return T.INT


@op(
    "np::size(Array a) -> int",
    "np::size.axis(Array a, int axis) -> int",
)
class size(NumpyFunction):
    """The number of elements, or the size of an axis."""

    samples = {"": [case(f64[2, 3]), case(f64[()])], "axis": [case(f64[2, 3], 1)]}

    def kernel(a, axis=None):
        return int(np.size(a, axis))

    def infer(a, axis=None):
        return T.INT


def reshaped(sizes, shape):
    """The sizes after a reshape; ValueError in NumPy's words if they do not fit."""
    if not F.is_known(shape):
        return (None,) * len(shape) if isinstance(shape, list) else None
    count = F.numel(sizes)
    known = 1
    for s in shape:
        known *= s if s != -1 else 1
    if -1 not in shape:
        if count is not None and count != known:
            raise ValueError(
                f"cannot reshape array of size {count} into shape"
                f" ({','.join(map(str, shape))})"
            )
        return tuple(shape)
    inferred = None if count is None or known == 0 else count // known
    return tuple(inferred if s == -1 else s for s in shape)


@op("np::reshape(Array(a) a, int[1] shape) -> Array(a)")
class reshape(SameDType):
    """The elements in another shape; one size may be -1."""

    samples = [
        case(f64[2, 3], [3, 2]),
        case(f64[2, 3], -1),
        case(f64[2, 3], [-1, 2]),
        case(i64[()], [1, 1]),
        case(f64[0], [0, 2]),
    ]

    def kernel(a, shape):
        return np.reshape(a, shape)

    def shape(a, shape):
        return reshaped(a.sizes, shape)

    def grad(t, g, out, a, shape):
        return t.reshape(g, a.shape)


@op("np::ravel(Array(a) a) -> Array(a)")
class ravel(SameDType):
    """The elements in one row."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[()])]

    def kernel(a):
        return np.ravel(a)

    def shape(a):
        return (F.numel(a.sizes),)

    def grad(t, g, out, a):
        return t.reshape(g, a.shape)


@op("np::flatten(Array a) -> Array")
class flatten(SameDType):
    """A copy of the elements in one row."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[3])]

    def kernel(a):
        return np.asarray(a).flatten()

    def shape(a):
        return (F.numel(a.sizes),)

    def grad(t, g, out, a):
        return t.reshape(g, a.shape)


@op("np::transpose(Array(a) a, int[]? axes=None) -> Array(a)")
class transpose(SameDType):
    """The axes in another order, or in reverse."""

    samples = [
        case(f64[2, 3]),
        case(f64[2, 3, 4], [1, 2, 0]),
        case(f64[3]),
        case(f64[()]),
    ]

    def kernel(a, axes):
        return np.transpose(a, axes)

    def shape(a, axes):
        if a.sizes is None or not F.is_known(axes):
            return None
        if axes is None:
            return a.sizes[::-1]
        if len(axes) != len(a.sizes):
            raise ValueError("axes don't match array")
        return tuple(a.sizes[wrap_axis(i, len(a.sizes))] for i in axes)

    def grad(t, g, out, a, axes):
        order = range(a.ndim)[::-1] if axes is None else [d % a.ndim for d in axes]
        return t.permute(g, [list(order).index(d) for d in range(a.ndim)])


@op("np::swapaxes(Array(a) a, int axis1, int axis2) -> Array(a)")
class swapaxes(SameDType):
    """Two axes exchanged."""

    samples = [case(f64[2, 3, 4], 0, -1), case(f64[2, 3], 1, 0)]

    def kernel(a, axis1, axis2):
        return np.swapaxes(a, axis1, axis2)

    def shape(a, axis1, axis2):
        if a.sizes is None or not F.is_known(axis1, axis2):
            return None
        sizes = list(a.sizes)
        i, j = wrap_axis(axis1, len(sizes)), wrap_axis(axis2, len(sizes))
        sizes[i], sizes[j] = sizes[j], sizes[i]
        return tuple(sizes)

    def grad(t, g, out, a, axis1, axis2):
        return t.transpose(g, axis1, axis2)


@op("np::moveaxis(Array(a) a, int source, int destination) -> Array(a)")
class moveaxis(SameDType):
    """One axis moved to another place."""

    samples = [case(f64[2, 3, 4], 0, -1), case(f64[2, 3], 1, 0)]

    def kernel(a, source, destination):
        return np.moveaxis(a, source, destination)

    def shape(a, source, destination):
        if a.sizes is None or not F.is_known(source, destination):
            return None
        sizes = list(a.sizes)
        moved = sizes.pop(wrap_axis(source, len(a.sizes)))
        sizes.insert(wrap_axis(destination, len(a.sizes)), moved)
        return tuple(sizes)

    def grad(t, g, out, a, source, destination):
        return t.movedim(g, destination, source)


@op("np::squeeze(Array(a) a, int[1]? axis=None) -> Array(a)")
class squeeze(SameDType):
    """Without the axes of size 1."""

    samples = [case(f64[2, 1, 3, 1]), case(f64[2, 1], 1), case(f64[1, 2, 1], [0, 2])]

    def kernel(a, axis):
        return np.squeeze(a, None if axis is None else tuple(axis))

    def shape(a, axis):
        if a.sizes is None or not F.is_known(axis):
            return None
        if axis is None:
            return None if None in a.sizes else tuple(s for s in a.sizes if s != 1)
        dropped = {wrap_axis(i, len(a.sizes)) for i in axis}
        return tuple(s for i, s in enumerate(a.sizes) if i not in dropped)

    def grad(t, g, out, a, axis):
        return t.reshape(g, a.shape)


@op("np::expand_dims(Array(a) a, int axis) -> Array(a)", names=["np::newaxis"])
class expand_dims(SameDType):
    """With a new axis of size 1."""

    samples = [case(f64[2, 3], 0), case(f64[2, 3], -1), case(f64[()], 0)]

    def kernel(a, axis):
        return np.expand_dims(a, axis)

    def shape(a, axis):
        if a.sizes is None or not F.is_known(axis):
            return None
        place = wrap_axis(axis, len(a.sizes) + 1)
        return (*a.sizes[:place], 1, *a.sizes[place:])

    def grad(t, g, out, a, axis):
        return t.reshape(g, a.shape)


@op("np::broadcast_to(Array(a) array, int[1] shape) -> Array(a)")
class broadcast_to(SameDType):
    """A view in which sizes of 1 repeat."""

    samples = [case(f64[3], [2, 3]), case(f64[2, 1], [2, 4]), case(f64[()], 3)]

    def kernel(array, shape):
        return np.broadcast_to(array, shape)

    def shape(array, shape):
        if F.is_known(shape):
            return tuple(shape)
        return (None,) * len(shape) if isinstance(shape, list) else None

    def grad(t, g, out, a, shape):
        return g


def joined_dtype(arrays):
    """The dtype of arrays that are joined; None if unknown."""
    return promoted(*arrays) if isinstance(arrays, list) and arrays else None


@op("np::concatenate(Array[] arrays, int? axis=0) -> Array")
class concatenate(NumpyFunction):
    """Arrays one after another along an axis; without one, flattened."""

    samples = [
        case([f64[2, 3], f64[1, 3]]),
        case([f64[2, 3], f64[2, 2]], 1),
        case([f32[2], i64[2]], -1),
        case([f64[2, 3], f64[2]], None),
    ]

    def kernel(arrays, axis):
        return np.concatenate(arrays, axis)

    def shape(arrays, axis):
        if axis is None:
            return (None,)
        if not isinstance(arrays, list) or not F.is_known(axis):
            return None
        if any(a.sizes is None for a in arrays):
            return None
        sizes = list(arrays[0].sizes)
        place = wrap_axis(axis, len(sizes))
        lengths = [a.sizes[place] for a in arrays]
        for other in arrays[1:]:
            if len(other.sizes) != len(sizes):
                raise ValueError(
                    "all the input array dimensions except for the concatenation axis"
                    " must match exactly"
                )
            for i, s in enumerate(other.sizes):
                sizes[i] = s if sizes[i] is None else sizes[i]
        sizes[place] = None
        if None not in lengths:
            sizes[place] = 0
            for n in lengths:
                sizes[place] += n
        return tuple(sizes)

    def dtype(arrays, axis):
        return joined_dtype(arrays)

    def grad(t, g, out, arrays, axis):
        if axis is None:
            axis, sizes = 0, [a.numel() for a in arrays]
        else:
            sizes = [a.shape[axis] for a in arrays]
        found, start = [], 0
        for a, size in zip(arrays, sizes, strict=True):
            found.append(t.reshape(t.narrow(g, axis, start, size), a.shape))
            start += size
        return (found,)


@op("np::stack(Array[] arrays, int axis=0) -> Array")
class stack(NumpyFunction):
    """Arrays of one shape along a new axis."""

    samples = [
        case([f64[2, 3], f64[2, 3]]),
        case([f64[2], f32[2]], -1),
        case([f64[()], i64[()]]),
    ]

    def kernel(arrays, axis):
        return np.stack(arrays, axis)

    def shape(arrays, axis):
        if not isinstance(arrays, list) or not F.is_known(axis):
            return None
        known = [a.sizes for a in arrays if a.sizes is not None]
        if not known:
            return None
        place = wrap_axis(axis, len(known[0]) + 1)
        common = list(known[0])
        for sizes in known:
            common = [b if a is None else a for a, b in zip(common, sizes, strict=True)]
        return (*common[:place], len(arrays), *common[place:])

    def dtype(arrays, axis):
        return joined_dtype(arrays)

    def grad(t, g, out, arrays, axis):
        return ([t.select(g, axis, i) for i in range(len(arrays))],)


@op("np::vstack(Array[] tup) -> Array")
class vstack(NumpyFunction):
    """Arrays one below another."""

    samples = [case([f64[3], f64[3]]), case([f64[2, 3], f64[1, 3]])]

    def kernel(tup):
        return np.vstack(tup)

    def dtype(tup):
        return joined_dtype(tup)


@op("np::hstack(Array[] tup) -> Array")
class hstack(NumpyFunction):
    """Arrays side by side."""

    samples = [case([f64[3], f64[2]]), case([f64[2, 3], f64[2, 1]])]

    def kernel(tup):
        return np.hstack(tup)

    def dtype(tup):
        return joined_dtype(tup)


@op("np::column_stack(Array[] tup) -> Array")
class column_stack(NumpyFunction):
    """Vectors as the columns of a matrix."""

    samples = [case([f64[3], f64[3]]), case([f64[2, 3], f64[2]])]

    def kernel(tup):
        return np.column_stack(tup)

    def dtype(tup):
        return joined_dtype(tup)


@op(
    "np::split(Array(a) ary, int sections, int axis=0) -> Array(a)[]",
    "np::split.indices(Array(a) ary, int[] indices, int axis=0) -> Array(a)[]",
)
class split(NumpyFunction):
    """Equal parts along an axis, or parts between indices."""

    samples = {
        "": [case(f64[4, 2], 2), case(f64[2, 6], 3, 1)],
        "indices": [case(f64[5], [1, 3])],
    }

    def kernel(ary, places, axis):
        return np.split(ary, places, axis)

    def infer(ary, places, axis):
        return T.ListType(T.ArrayType(ary.dtype))


@op("np::flip(Array(a) m, int[1]? axis=None) -> Array(a)")
class flip(SameDType):
    """The elements along axes, or all axes, in reverse."""

    samples = [case(f64[2, 3]), case(f64[2, 3], 1), case(f64[2, 3], [0, 1])]

    def kernel(m, axis):
        return np.flip(m, None if axis is None else tuple(axis))

    def shape(m, axis):
        if m.sizes is not None and F.is_known(axis):
            for i in axis or ():
                wrap_axis(i, len(m.sizes))
        return m.sizes


@op("np::roll(Array a, int[1] shift, int[1]? axis=None) -> Array")
class roll(SameDType):
    """The elements moved along axes; what falls off the end comes in at the start."""

    samples = [case(f64[5], 2), case(f64[2, 3], 1), case(f64[2, 3], -1, 1),
               case(f64[2, 3], [1, 2], [0, 1])]  # fmt: skip

    def kernel(a, shift, axis):
        if axis is None and len(shift) == 1:
            return np.roll(a, shift[0])
        return np.roll(a, tuple(shift), None if axis is None else tuple(axis))

    def shape(a, shift, axis):
        return a.sizes


@op("np::tile(Array A, int[1] reps) -> Array")
class tile(SameDType):
    """The array repeated along its axes."""

    samples = [case(f64[2], 3), case(f64[2, 3], [2, 1]), case(f64[3], [2, 2])]

    def kernel(a, reps):
        return np.tile(a, reps)

    def shape(a, reps):
        if a.sizes is None or not F.is_known(reps):
            return None
        rank = max(len(a.sizes), len(reps))
        sizes = [1] * (rank - len(a.sizes)) + list(a.sizes)
        times = [1] * (rank - len(reps)) + list(reps)
        return tuple(
            None if s is None else s * n for s, n in zip(sizes, times, strict=True)
        )


@op(
    "np::repeat(Array a, int repeats, int? axis=None) -> Array",
    "np::repeat.Array(Array a, Array repeats, int? axis=None) -> Array",
)
class repeat(SameDType):
    """Each element, or slice along an axis, several times."""

    samples = {
        "": [case(f64[2, 3], 2), case(f64[2, 3], 2, 1)],
        "Array": [case(f64[3], i64.of([1, 0, 2]))],
    }

    def kernel(a, repeats, axis):
        return np.repeat(a, repeats, axis)

    def shape(a, repeats, axis):
        if axis is None:
            count = F.numel(a.sizes)
            plain = F.is_known(repeats) and not F.is_tensor(repeats)
            return (count * repeats if count is not None and plain else None,)
        if a.sizes is None or not F.is_known(axis):
            return None
        place = wrap_axis(axis, len(a.sizes))
        return (*a.sizes[:place], None, *a.sizes[place + 1 :])


@op("np::diff(Array a, int n=1, int axis=-1) -> Array")
class diff(NumpyFunction):
    """The differences of neighbours along an axis, n times over."""

    samples = [case(f64[5]), case(i64[3, 4], 2, 0), case(boolean[4])]

    def kernel(a, n, axis):
        return np.diff(a, n, axis)

    def shape(a, n, axis):
        if a.sizes is None or not F.is_known(n, axis):
            return None
        place = wrap_axis(axis, len(a.sizes))
        size = a.sizes[place]
        left = None if size is None else max(size - n, 0)
        return (*a.sizes[:place], left, *a.sizes[place + 1 :])

    def dtype(a, n, axis):
        return a.dtype


def ordered_sizes(a, axis):
    """The sizes after sorting; without an axis the array is flattened."""
    if axis is None:
        return (F.numel(a.sizes),)
    if not F.is_known(axis):
        return None
    if a.sizes is not None:
        wrap_axis(axis, len(a.sizes))
    return a.sizes


@op("np::sort(Array a, int? axis=-1) -> Array")
class sort(SameDType):
    """A sorted copy."""

    samples = [case(f64[5]), case(i64[2, 3], 0), case(f32[2, 3], None)]

    def kernel(a, axis):
        return np.sort(a, axis)

    def shape(a, axis):
        return ordered_sizes(a, axis)


@op("np::argsort(Array a, int? axis=-1) -> Array")
class argsort(NumpyFunction):
    """The indices that sort, equals in their order."""

    samples = [case(f64[5]), case(i64[2, 3], 0), case(f32[2, 3], None)]

    def kernel(a, axis):
        return np.argsort(a, axis, kind="stable")

    def shape(a, axis):
        return ordered_sizes(a, axis)

    def dtype(a, axis):
        return dtypes.int64


@op("np::unique(Array ar) -> Array")
class unique(SameDType):
    """The different elements in order."""

    samples = [case(i64[7]), case(f64[2, 3])]

    def kernel(ar):
        return np.unique(ar)

    def shape(ar):
        return (None,)


@op(
    "np::nonzero(Array a) -> Array[]", "np::where.condition(Array condition) -> Array[]"
)
class nonzero(NumpyFunction):
    """The indices of the nonzero elements, one array for each axis."""

    samples = [case(boolean[2, 3]), case(f64[3])]

    def kernel(a):
        return list(np.nonzero(a))

    def infer(a):
        return T.ListType(T.ArrayType(dtypes.int64, (None,)))


@op('np::searchsorted(Array a, Array v, str side="left") -> Array')
class searchsorted(NumpyFunction):
    """Where elements would stand in a sorted array."""

    samples = [case(f64.of([1, 2, 3]), f64[4]), case(f64.of([1, 2]), f64[()], "right")]

    def kernel(a, v, side):
        return np.searchsorted(a, v, side)

    def shape(a, v, side):
        return v.sizes

    def dtype(a, v, side):
        return dtypes.int64


@op("np::interp(Array x, Array xp, Array fp) -> Array")
class interp(NumpyFunction):
    """The values at x of the line through the points (xp, fp)."""

    samples = [case(f64[4], f64.of([-1, 0, 2]), f64[3])]

    def kernel(x, xp, fp):
        return np.interp(x, xp, fp)

    def shape(x, xp, fp):
        return x.sizes

    def dtype(x, xp, fp):
        complex_ = fp.dtype is None or fp.dtype.is_complex
        return None if complex_ else dtypes.float64


class Triangle(SameDType):
    """Base of tril and triu; a vector becomes a matrix."""

    samples = [case(f64[3, 3]), case(f64[2, 3], 1), case(f64[2, 2, 3], -1)]

    def shape(m, k):
        return None if m.sizes is not None and len(m.sizes) < 2 else m.sizes


@op("np::tril(Array m, int k=0) -> Array")
class tril(Triangle):
    """The elements below a diagonal, zero elsewhere."""

    def kernel(m, k):
        return np.tril(m, k)


@op("np::triu(Array m, int k=0) -> Array")
class triu(Triangle):
    """The elements above a diagonal, zero elsewhere."""

    def kernel(m, k):
        return np.triu(m, k)


@op("np::astype(Array a, ScalarType dtype, *, bool copy=True) -> Array")
class astype(NumpyFunction):
    """A copy in another dtype."""

    raises = False
    samples = [case(f64[2, 3], f32), case(i64[3], f64), case(f64[3], i64)]

    def kernel(a, dtype, copy):
        return np.asarray(a).astype(dtype.numpy)

    def shape(a, dtype, copy):
        return a.sizes

    def dtype(a, dtype, copy):
        return dtype if F.is_known(dtype) else None

    def grad(t, g, out, a, dtype, copy):
        return g


@op("np::copy(Array a) -> Array")
class copy(SameDType):
    """A copy."""

    raises = False
    samples = [case(f64[2, 3]), case(i64[()])]

    def kernel(a):
        return np.array(a)

    def shape(a):
        return a.sizes

    def grad(t, g, out, a):
        return g


@op("np::ascontiguousarray(Array(a) a) -> Array(a)")
class ascontiguousarray(SameDType):
    """The array, copied if its rows do not follow each other in memory."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[()])]

    def kernel(a):
        return np.ascontiguousarray(a)

    def shape(a):
        return (1,) if a.sizes == () else a.sizes

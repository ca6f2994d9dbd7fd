"""Operators that read or write at places given by tensors, and reorder elements."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import UNKNOWN, ShapeError
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import indexing as I
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, f64, i32, i64, u8
from jit.runtime.ops.shaped import RANKS, VALUES, Shaped, Updating


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


@op(
    "aten::index_put(Tensor self, Tensor?[] indices, Tensor values,"
    " bool accumulate=False) -> Tensor"
)
class index_put(Updating):
    """`values` written, or added, at index tensors."""

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
        case(f32[2, 3], [None, i64.of([1])], f32[2, 1]),
        case(f32[3], [i64.of(1)], f32[()]),
        case(i64[0], [i64[0]], i64[()]),
    ]


def _one_dim(x, index):
    if len(index) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")


@op("aten::index_select(Tensor self, int dim, Tensor index) -> Tensor")
class index_select(Shaped):
    """The places `index` along a dim, in that order; a copy."""

    fails = VALUES

    def kernel(x, dim, index):
        shape = index_select.sizes(x.shape, dim, index.shape)
        dim = S.wrap_dim(dim, x.ndim)
        if index.dtype.kind != "i" or index.itemsize < 4:
            raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
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


@op(
    "aten::gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False)"
    " -> Tensor"
)
class gather(Shaped):
    """`out[i][j] = self[index[i][j]][j]` for `dim` 0, and so on for the others."""

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


@op(
    "aten::take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor",
)
class take_along_dim(Shaped):
    """As `gather`, with the other dims broadcast; without `dim`, of all elements."""

    fails = VALUES

    def kernel(x, indices, dim):
        if dim is None:
            return I.gather(x.reshape(-1), 0, indices.reshape(-1))
        take_along_dim.sizes(x.shape, indices.shape, dim)
        dim = S.wrap_dim(dim, x.ndim)
        common = list(S.broadcast(_but(x.shape, dim), _but(indices.shape, dim)))
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
        common = list(S.broadcast(_but(x, dim), _but(indices, dim)))
        common[dim] = indices[dim]
        return tuple(common)

    def dtypes(x, indices, dim):
        return x

    samples = [
        case(f32[3, 4], i64.of([[2, 0, 1, 1]]), 0),
        case(f32[3, 4], i64.of([5, 11])),
        case(f32[1, 2], i64.of([[0], [1]]), 1),
    ]


def _but(sizes, dim):
    """Sizes with one element along a dim."""
    return tuple(1 if d == dim else n for d, n in enumerate(sizes))


@op("aten::take(Tensor self, Tensor index) -> Tensor")
class take(Shaped):
    """The elements at places of the flattened tensor."""

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


@op("aten::scatter.src(Tensor self, int dim, Tensor index, Tensor src) -> Tensor")
class scatter(Updating):
    """`self[index[i][j]][j] = src[i][j]` for `dim` 0, and so on for the others."""

    def update(x, dim, index, src):
        return I.scatter("scatter", x, dim, index, src)

    def dtypes(x, dim, index, src):
        if x is not None and src is not None and x is not src:
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
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
    if _but(x.shape, dim) != _but(source.shape, dim):
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


def _check_mask(kind, mask):
    """Raise unless a mask, an array or a dtype, is bool."""
    dtype = mask if isinstance(mask, dtypes.DType) else dtype_of(mask.dtype)
    if dtype is dtypes.bool_:
        return
    if kind == "masked_select":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    from jit.runtime.kernels.products import c_name

    raise RuntimeError(
        f"{kind}_ only supports boolean masks, but got mask with dtype {c_name(dtype)}"
    )


@op("aten::masked_select(Tensor self, Tensor mask) -> Tensor")
class masked_select(Shaped):
    """The elements where a mask, broadcast, is true, along one dim."""

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


def _masked_sizes(x, mask):
    """The sizes of `x` masked out of place."""
    return S.broadcast(mask, x)


@op("aten::masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor")
class masked_fill(Updating):
    """One number where a mask, broadcast, is true."""

    def kernel(x, mask, value):
        shape = _masked_sizes(x.shape, mask.shape)
        return masked_fill.update(np.array(np.broadcast_to(x, shape)), mask, value)

    def update(x, mask, value):
        _check_mask("masked_fill", mask)
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


@op("aten::masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor")
class masked_fill_tensor(Updating):
    """The number in a 0-dim tensor where a mask, broadcast, is true."""

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


@op("aten::masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor")
class masked_scatter(Updating):
    """Elements of `source`, in order, where a mask, broadcast, is true."""

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
            raise RuntimeError(
                "Number of elements of source < number of ones in mask"
            )
        x[full] = source.reshape(-1)[:count]
        return x

    def dtypes(x, mask, source):
        return x

    def sizes(x, mask, source):
        return _masked_sizes(x, mask)

    samples = [case(f32[2, 3], boolean[3], f32[6]), case(f32[2], boolean[2], f32[2])]


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


@op("aten::flip(Tensor self, int[] dims) -> Tensor")
class flip(Shaped):
    """The elements in reverse order along some dims; a copy."""

    fails = RANKS

    def kernel(x, dims):
        return np.flip(x, S.wrap_dims(dims, x.ndim) if x.ndim else ()).copy()

    def sizes(x, dims):
        if None not in dims:
            S.wrap_dims(dims, len(x))
        return x

    samples = [case(f32[2, 3], [0, -1]), case(f32[2], []), case(f32[()], [0])]


@op("aten::fliplr(Tensor self) -> Tensor")
class fliplr(Shaped):
    """The elements in reverse order along dim 1; a copy."""

    fails = RANKS

    def kernel(x):
        fliplr.sizes(x.shape)
        return np.flip(x, 1).copy()

    def sizes(x):
        if len(x) < 2:
            raise RuntimeError("Input must be >= 2-d.")
        return x

    samples = [f32[2, 3]]


@op("aten::flipud(Tensor self) -> Tensor")
class flipud(Shaped):
    """The elements in reverse order along dim 0; a copy."""

    fails = RANKS

    def kernel(x):
        flipud.sizes(x.shape)
        return np.flip(x, 0).copy()

    def sizes(x):
        if not x:
            raise RuntimeError("Input must be >= 1-d.")
        return x

    samples = [f32[2, 3], f32[0]]


@op("aten::rot90(Tensor self, int k=1, int[] dims=[0, 1]) -> Tensor")
class rot90(Shaped):
    """Turned by k quarters in the plane of two dims; a copy."""

    fails = RANKS

    def kernel(x, k, dims):
        rot90.sizes(x.shape, k, dims)
        return np.rot90(x, k, dims).copy()

    def sizes(x, k, dims):
        if len(dims) != 2:
            raise RuntimeError(
                f"expected total rotation dims == 2, but got dims = {len(dims)}"
            )
        if len(x) < 2:
            raise RuntimeError(f"expected total dims >= 2, but got total dims = {len(x)}")
        if None in dims:
            return (None,) * len(x)
        a, b = (S.wrap_dim(d, len(x)) for d in dims)
        if a == b:
            raise RuntimeError(
                "expected rotation dims to be different, but got dim0 ="
                f" {dims[0]} and dim1 = {dims[1]}"
            )
        turned = list(x)
        if k % 2:
            turned[a], turned[b] = turned[b], turned[a]
        return tuple(turned)

    samples = [f32[2, 3], case(f32[2, 3, 4], 2, [1, 2]), case(f32[2, 3], -1)]


@op("aten::roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor")
class roll(Shaped):
    """Elements moved along dims, those that leave come in at the other end."""

    fails = RANKS

    def kernel(x, shifts, dims):
        roll.sizes(x.shape, shifts, dims)
        if not x.size:
            return x.copy()
        return np.roll(x, tuple(shifts) if dims else shifts[0], tuple(dims) or None)

    def sizes(x, shifts, dims):
        if len(shifts) != len(dims) and (dims or len(shifts) != 1):
            raise RuntimeError(
                f"shifts and dimensions must align. shifts: {len(shifts)},"
                f" dims:{len(dims)}"
            )
        for dim in dims:
            if dim is not None:
                S.wrap_dim(dim, len(x))
        return x

    samples = [
        case(f32[2, 3], 1, 0),
        case(f32[2, 3], [1, -2], [0, 1]),
        case(f32[2, 3], 4),
        case(f32[0], 1, 0),
    ]


def _check_matrix(name, x):
    if len(x) < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return x


@op("aten::tril(Tensor self, SymInt diagonal=0) -> Tensor")
class tril(Updating):
    """The elements of matrices on and below a diagonal, elsewhere zero."""

    fails = RANKS
    unknown = ("diagonal",)

    def update(x, diagonal):
        _check_matrix("tril", x.shape)
        np.copyto(x, 0, where=~np.tri(*x.shape[-2:], diagonal, dtype=bool))
        return x

    def sizes(x, diagonal):
        return _check_matrix("tril", x)

    samples = [f32[3, 4], case(f32[2, 3, 3], -1), case(i64[1, 2], 5), f32[0, 2]]


@op("aten::triu(Tensor self, SymInt diagonal=0) -> Tensor")
class triu(Updating):
    """The elements of matrices on and above a diagonal, elsewhere zero."""

    fails = RANKS
    unknown = ("diagonal",)

    def update(x, diagonal):
        _check_matrix("triu", x.shape)
        np.copyto(x, 0, where=np.tri(*x.shape[-2:], diagonal - 1, dtype=bool))
        return x

    def sizes(x, diagonal):
        return _check_matrix("triu", x)

    samples = tril.samples


def _repeated(x, repeats):
    if len(repeats) < len(x):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of"
            " dimensions of tensor"
        )
    padded = (1,) * (len(repeats) - len(x)) + tuple(x)
    out = tuple(
        0 if 0 in (n, r) else None if None in (n, r) else n * r
        for n, r in zip(padded, repeats, strict=True)
    )
    if any(n is not None and n < 0 for n in out):
        worst = next(n for n in out if n is not None and n < 0)
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {worst}: {S.shown(out)}"
        )
    return out


@op("aten::repeat(Tensor self, SymInt[] repeats) -> Tensor")
class repeat(Shaped):
    """Copies of the tensor beside one another, along each dim."""

    def kernel(x, repeats):
        _repeated(x.shape, repeats)
        return np.tile(x, tuple(repeats)) if repeats else x.copy()

    def sizes(x, repeats):
        return _repeated(x, repeats)

    samples = [
        case(f32[2, 3], [2, 1, 2]),
        case(f32[()], []),
        case(f32[()], [3]),
        case(f32[2], [0]),
    ]


@op("aten::tile(Tensor self, SymInt[] dims) -> Tensor")
class tile(Shaped):
    """As `repeat`, with ones in front if there are fewer numbers than dims."""

    def kernel(x, dims):
        full = (1,) * (x.ndim - len(dims)) + tuple(dims)
        return repeat.kernel(x, full)

    def sizes(x, dims):
        return _repeated(x, (1,) * (len(x) - len(dims)) + tuple(dims))

    samples = [case(f32[2, 3], [2]), case(f32[2], [2, 2])]


@op(
    "aten::repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *,"
    " SymInt? output_size=None) -> Tensor"
)
class repeat_interleave(Shaped):
    """Each place along a dim, or each element, some times in a row."""

    def kernel(x, repeats, dim, output_size):
        repeat_interleave.sizes(x.shape, repeats, dim, output_size)
        return np.repeat(x, repeats, None if dim is None else dim if x.ndim else 0)

    def sizes(x, repeats, dim, output_size):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        x = (S.product(x),) if dim is None else x or (1,)
        dim = S.wrap_dim(dim or 0, len(x))
        size = None if x[dim] is None else x[dim] * repeats
        return (*x[:dim], size, *x[dim + 1 :])

    samples = [case(f32[2, 3], 2), case(f32[2, 3], 2, 1), case(f32[2], 0, 0)]


@op(
    "aten::repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *,"
    " SymInt? output_size=None) -> Tensor"
)
class repeat_interleave_tensor(Shaped):
    """Each place along a dim, or each element, as often as `repeats` says."""

    fails = VALUES

    def kernel(x, repeats, dim, output_size):
        _check_repeats(repeats)
        size = x.size if dim is None else x.shape[S.wrap_dim(dim, x.ndim)]
        if repeats.ndim and repeats.size not in (1, size):
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got"
                f" repeats.size(0) = {repeats.size} and input.size({dim or 0}) = {size}"
            )
        return np.repeat(x, repeats.reshape(-1), dim)

    def sizes(x, repeats, dim, output_size):
        if dim is None:
            return (output_size,)
        dim = S.wrap_dim(dim, len(x))
        return (*x[:dim], output_size, *x[dim + 1 :])

    def dtypes(x, repeats, dim, output_size):
        return x

    samples = [case(f32[2, 3], i64.of([1, 2]), 0), case(f32[2], i64.of([0, 3]))]


def _check_repeats(repeats):
    if repeats.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if repeats.dtype not in (np.int64, np.int32):
        raise RuntimeError("repeats has to be Long or Int tensor")
    if (repeats < 0).any():
        raise RuntimeError("repeats can not be negative")


@op(
    "aten::repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None)"
    " -> Tensor"
)
class repeat_interleave_counts(Shaped):
    """The number 0 `repeats[0]` times, 1 `repeats[1]` times, and so on."""

    fails = VALUES

    def kernel(repeats, output_size):
        if repeats.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        _check_repeats(repeats)
        return np.repeat(np.arange(repeats.size, dtype=repeats.dtype), repeats)

    def sizes(repeats, output_size):
        return (output_size,)

    samples = [i64.of([1, 0, 2])]


@op(
    "aten::bincount(Tensor self, Tensor? weights=None, SymInt minlength=0) -> Tensor"
)
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
            raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
        if weights is not None and weights.shape != x.shape:
            raise RuntimeError("weights should be 1-d and have the same length as input")
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


@op("aten::diag(Tensor self, int diagonal=0) -> Tensor")
class diag(Shaped):
    """The diagonal of a matrix, or the matrix with a diagonal; a copy."""

    fails = RANKS
    unknown = ("diagonal",)

    def kernel(x, diagonal):
        diag.sizes(x.shape, diagonal)
        return np.diag(x, diagonal).copy()

    def sizes(x, diagonal):
        if len(x) not in (1, 2):
            raise RuntimeError(
                f"diag(): Supports 1D or 2D tensors. Got {len(x)}D"
            )
        if diagonal is UNKNOWN or None in x:
            return (None,) * (3 - len(x))
        if len(x) == 1:
            return (x[0] + abs(diagonal),) * 2
        return (max(0, min(x[0] - max(-diagonal, 0), x[1] - max(diagonal, 0))),)

    samples = [f32[3], case(f32[2], -1), f32[2, 3], case(f32[2, 3], 1), f32[0]]


@op(
    "aten::diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor"
)
class diag_embed(Shaped):
    """The last dim as the diagonal of two dims that are zero elsewhere."""

    fails = RANKS

    def kernel(x, offset, dim1, dim2):
        shape = diag_embed.sizes(x.shape, offset, dim1, dim2)
        out = np.zeros(shape, x.dtype)
        a, b = S.wrap_dim(dim1, out.ndim), S.wrap_dim(dim2, out.ndim)
        seen = out.diagonal(offset, a, b)
        seen.flags.writeable = True
        seen[...] = x
        return out

    def sizes(x, offset, dim1, dim2):
        rank = len(x) + 1
        a, b = S.wrap_dim(dim1, rank), S.wrap_dim(dim2, rank)
        if a == b:
            raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
        size = None if x[-1] is None else x[-1] + abs(offset)
        out = list(x[:-1])
        for dim in sorted((a, b)):
            out.insert(dim, size)
        return tuple(out)

    samples = [f32[2, 3], case(f32[2], 1), case(f32[2, 3], -1, 0, 2)]


def _search(sequence, values, out_int32, right, side):
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            "torch.searchsorted(): side can only be 'left' or 'right' but got"
            f" {side}"
        )
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
    rows = sequence.reshape(-1, sequence.shape[-1])
    found = [
        np.searchsorted(row, wanted_row, side)
        for row, wanted_row in zip(
            rows, values.reshape(len(rows), -1), strict=True
        )
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
                "boundaries tensor must be 1 dimension, but got"
                f" dim({boundaries.ndim})"
            )
        return _search(boundaries, x, out_int32, right, None)

    def dtypes(x, boundaries, out_int32, right):
        return _place_dtype(out_int32)

    def sizes(x, boundaries, out_int32, right):
        return x

    samples = [case(f32.of([0, 2, 9]), f32.of([1, 2, 4])), case(f64[()], f64.of([0]))]

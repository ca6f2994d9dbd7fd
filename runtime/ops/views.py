"""Operators whose result sees the storage of their argument."""

from __future__ import annotations

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, f64, i32, i64, u8
from jit.runtime.ops.shaped import RANKS, VALUES, Shaped


class View(Shaped):
    """The result shares storage with the argument."""


@op("aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a)")
class view(View):
    """The same elements in the same order with other sizes, without a copy."""

    fails = VALUES

    def kernel(x, size):
        seen = strides.reshape_view(x, S.view(x.shape, size))
        if seen is None:
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at"
                " least one dimension spans across two contiguous subspaces). Use"
                " .reshape(...) instead."
            )
        return seen

    def sizes(x, size):
        return S.view(x, size)

    samples = [
        case(f32[2, 3], [6]),
        case(f32[2, 3], [3, -1]),
        case(i64[1], []),
        case(f64[()], [1, 1]),
        case(f32[0, 3], [3, 0]),
    ]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)")
class view_dtype(View):
    """The same bytes as elements of another dtype."""

    detached = True
    fails = VALUES

    def kernel(x, dtype):
        old, new = x.itemsize, dtype.itemsize
        if x.ndim == 0 and old != new:
            raise RuntimeError(
                "self.dim() cannot be 0 to view"
                f" {dtype_of(x.dtype).title} as {dtype.title} (different element sizes)"
            )
        if old < new and (x.shape[-1] * old) % new:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {new // old} to view"
                f" {dtype_of(x.dtype).title} as {dtype.title} (different element"
                f" sizes), but got {x.shape[-1]}"
            )
        if old != new and x.strides[-1] != old:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {dtype_of(x.dtype).title} as"
                f" {dtype.title} (different element sizes), but got"
                f" {x.strides[-1] // old}"
            )
        return x.view(dtype.numpy)

    def dtypes(x, dtype):
        return dtype if isinstance(dtype, DType) else None

    def sizes(x, dtype):
        return (*x[:-1], None) if x else ()

    samples = [case(f32[2, 3], i32), case(f64[2, 3], f32), case(u8[2, 4], i32)]


@op("aten::reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)")
class reshape(View):
    """The same elements in the same order with other sizes: a view where possible."""

    def kernel(x, shape):
        return x.reshape(S.view(x.shape, shape))

    def sizes(x, shape):
        return S.view(x, shape)

    samples = view.samples

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::view_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class view_as(View):
    """A view with the sizes of `other`."""

    fails = VALUES

    def kernel(x, other):
        return view.kernel(x, other.shape)

    def sizes(x, other):
        return S.view(x, other)

    samples = [case(f32[2, 3], f32[6]), case(f32[1], i64[()])]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class reshape_as(View):
    """The elements with the sizes of `other`: a view where possible."""

    def kernel(x, other):
        return x.reshape(S.view(x.shape, other.shape))

    def sizes(x, other):
        return S.view(x, other)

    samples = view_as.samples

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op(
    "aten::flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1)"
    " -> Tensor(a)"
)
class flatten(View):
    """Neighbouring dims joined to one: a view where possible."""

    fails = RANKS

    def kernel(x, start, end):
        return x.reshape(S.flatten(x.shape, start, end))

    def sizes(x, start, end):
        return S.flatten(x, start, end)

    samples = [f32[2, 3], f32[()], case(f32[2, 3, 1], 1), case(f32[0, 3, 2], 0, 1)]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::ravel(Tensor(a) self) -> Tensor(a)")
class ravel(View):
    """All elements along one dim: a view where possible."""

    fails = RANKS

    def kernel(x):
        return x.reshape(-1) if x.size else x.reshape(0)

    def sizes(x):
        return (S.product(x),)

    samples = [f32[2, 3], f32[()], f32[0, 2]]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::unflatten.int(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)")
class unflatten(View):
    """One dim split into several."""

    def kernel(x, dim, sizes):
        return x.reshape(S.unflatten(x.shape, dim, sizes))

    def sizes(x, dim, sizes):
        return S.unflatten(x, dim, sizes)

    samples = [case(f32[2, 6], 1, [2, -1]), case(f32[0, 2], 0, [0, 3])]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::permute(Tensor(a) self, int[] dims) -> Tensor(a)")
class permute(View):
    """Dims in another order."""

    fails = RANKS

    def kernel(x, dims):
        return x.transpose(S.permutation(x.ndim, dims))

    def sizes(x, dims):
        if None in dims:
            return (None,) * len(x)
        return tuple(x[d] for d in S.permutation(len(x), dims))

    samples = [
        case(f32[2, 3, 4], [2, 0, -2]),
        case(f32[()], []),
        case(f32[0, 1], [1, 0]),
    ]

    def grad(t, g, out, x, dims):
        back = [0] * len(dims)
        for place, dim in enumerate(dims):
            back[dim] = place
        return t.permute(g, back)


@op(
    "aten::transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
    "aten::swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)",
    "aten::swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
)
class transpose(View):
    """Two dims exchanged."""

    fails = RANKS

    def kernel(x, dim0, dim1):
        a, b = S.wrap_dim(dim0, x.ndim), S.wrap_dim(dim1, x.ndim)
        return x.swapaxes(a, b) if x.ndim else x[...]

    def sizes(x, dim0, dim1):
        order = list(x)
        a, b = S.wrap_dim(dim0, len(x)), S.wrap_dim(dim1, len(x))
        if order:
            order[a], order[b] = order[b], order[a]
        return tuple(order)

    samples = [case(f32[2, 3, 1], 0, -1), case(f32[()], 0, -1), case(i64[0, 2], 0, 1)]

    def grad(t, g, out, x, dim0, dim1):
        return t.transpose(g, dim0, dim1)


@op("aten::t(Tensor(a) self) -> Tensor(a)")
class t(View):
    """A matrix transposed; a vector as it is."""

    fails = RANKS

    def kernel(x):
        t.sizes(x.shape)
        return x.T

    def sizes(x):
        if len(x) > 2:
            raise RuntimeError(
                f"t() expects a tensor with <= 2 dimensions, but self is {len(x)}D"
            )
        return x[::-1]

    samples = [f32[2, 3], f32[4], f32[()], f32[0, 1]]

    def grad(t, g, out, x):
        return t.t(g)


@op("aten::numpy_T(Tensor(a) self) -> Tensor(a)")
class numpy_T(View):
    """All dims reversed."""

    fails = RANKS

    def kernel(x):
        return x.T

    def sizes(x):
        return x[::-1]

    samples = [f32[2, 3], f32[4, 1, 2], f32[()]]

    def grad(t, g, out, x):
        return t.numpy_T(g)


@op("aten::mT(Tensor(a) self) -> Tensor(a)")
class mT(View):
    """The last two dims exchanged."""

    fails = RANKS

    def kernel(x):
        mT.sizes(x.shape)
        return x.swapaxes(-1, -2)

    def sizes(x):
        if len(x) < 2:
            raise RuntimeError(
                "tensor.mT is only supported on matrices or batches of matrices. Got"
                f" {len(x)}-D tensor."
            )
        return (*x[:-2], x[-1], x[-2])

    samples = [f32[2, 3], f32[4, 1, 2], f32[0, 1]]

    def grad(t, g, out, x):
        return t.transpose(g, -2, -1)


@op(
    "aten::movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)",
    "aten::moveaxis.int(Tensor(a) self, int source, int destination) -> Tensor(a)",
)
class movedim(View):
    """One dim put at another place."""

    fails = RANKS

    def kernel(x, source, destination):
        return x.transpose(S.moved(x.ndim, [source], [destination]))

    def sizes(x, source, destination):
        return tuple(x[d] for d in S.moved(len(x), [source], [destination]))

    samples = [case(f32[2, 3, 4], 0, 2), case(f32[2, 1], -1, 0), case(f32[()], 0, 0)]

    def grad(t, g, out, x, source, destination):
        return t.movedim(g, destination, source)


@op(
    "aten::movedim.intlist(Tensor(a) self, int[] source, int[] destination)"
    " -> Tensor(a)",
    "aten::moveaxis.intlist(Tensor(a) self, int[] source, int[] destination)"
    " -> Tensor(a)",
)
class movedim_list(View):
    """Some dims put at other places."""

    fails = RANKS

    def kernel(x, source, destination):
        return x.transpose(S.moved(x.ndim, source, destination))

    def sizes(x, source, destination):
        if None in source or None in destination:
            return (None,) * len(x)
        return tuple(x[d] for d in S.moved(len(x), source, destination))

    samples = [case(f32[2, 3, 4], [0, 1], [2, 0]), case(f32[2, 1], [], [])]

    def grad(t, g, out, x, source, destination):
        return t.movedim(g, destination, source)


@op("aten::expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)")
class expand(View):
    """New dims and dims of one element repeated, without a copy."""

    def kernel(x, size, implicit):
        return strides.expand(x, S.expand(x.shape, size))

    def sizes(x, size, implicit):
        return S.expand(x, size)

    samples = [
        case(f32[1, 3], [2, -1]),
        case(f32[()], [2, 0]),
        case(i64[3], [1, 3]),
        case(f32[1], [1]),
    ]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::broadcast_to(Tensor(a) self, SymInt[] size) -> Tensor(a)")
class broadcast_to(View):
    """`expand` by another name."""

    def kernel(x, size):
        return strides.expand(x, S.expand(x.shape, size))

    def sizes(x, size):
        return S.expand(x, size)

    samples = [case(f32[1, 3], [2, -1]), case(f32[()], [2, 0])]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::expand_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class expand_as(View):
    """`expand` to the sizes of `other`."""

    def kernel(x, other):
        return strides.expand(x, S.expand(x.shape, other.shape))

    def sizes(x, other):
        return S.expand(x, other)

    samples = [case(f32[1, 3], f32[2, 3]), case(f32[()], i64[0])]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::squeeze(Tensor(a) self) -> Tensor(a)")
class squeeze(View):
    """Without the dims of one element."""

    raises = False

    def kernel(x):
        return x.squeeze()[...]

    def sizes(x):
        return tuple(n for n in x if n != 1) if S.is_known(x) else None

    samples = [f32[2, 1, 3, 1], f32[1, 1], f32[()], f32[0, 1]]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


def _squeezed(x, dims):
    """The sizes without some dims of one element; None if it depends on the run."""
    taken = S.wrap_dims(dims, len(x))
    if any(x[d] is None for d in taken if x):
        return None
    return tuple(n for d, n in enumerate(x) if d not in taken or n != 1)


@op("aten::squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)")
class squeeze_dim(View):
    """Without the dim, if it has one element."""

    fails = RANKS

    def kernel(x, dim):
        return x.reshape(_squeezed(x.shape, [dim]))

    def sizes(x, dim):
        return _squeezed(x, [dim])

    samples = [case(f32[2, 1], 1), case(f32[2, 1], 0), case(f32[()], -1)]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)")
class squeeze_dims(View):
    """Without those of the dims that have one element."""

    fails = RANKS

    def kernel(x, dim):
        return x.reshape(_squeezed(x.shape, dim))

    def sizes(x, dim):
        return None if None in dim else _squeezed(x, dim)

    samples = [case(f32[2, 1, 1], [1, -1]), case(f32[2, 1], []), case(f32[()], [0])]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::unsqueeze(Tensor(a) self, int dim) -> Tensor(a)")
class unsqueeze(View):
    """With a new dim of one element."""

    fails = RANKS

    def kernel(x, dim):
        dim = S.wrap_dim(dim, x.ndim + 1)
        return x[(slice(None),) * dim + (None, ...)]

    def sizes(x, dim):
        dim = S.wrap_dim(dim, len(x) + 1)
        return (*x[:dim], 1, *x[dim:])

    samples = [case(f32[2, 3], 1), case(f32[()], -1), case(f32[0], -1), case(i64[1], 0)]

    def grad(t, g, out, x, dim):
        return t.squeeze(g, dim)


@op("aten::select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)")
class select(View):
    """One place along a dim, which vanishes."""

    unknown = ("index",)

    def kernel(x, dim, index):
        select.sizes(x.shape, dim, index)
        dim = S.wrap_dim(dim, x.ndim)
        return x[(slice(None),) * dim + (index, ...)]

    def sizes(x, dim, index):
        if not x:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or"
                " `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        dim = S.wrap_dim(dim, len(x))
        size = x[dim]
        if index is not UNKNOWN and size is not None and not -size <= index < size:
            raise IndexError(
                # as eager indexing has it, which compiled code does by this operator
                f"index {index} is out of bounds for dimension {dim} with size {size}"
            )
        return (*x[:dim], *x[dim + 1 :])

    samples = [case(f32[2, 3], 0, 1), case(f32[2, 3], -1, -3), case(f32[1], 0, 0)]

    def grad(t, g, out, x, dim, index):
        return t.select_backward(g, x.shape, dim, index)


@op(
    "aten::slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None,"
    " SymInt? end=None, SymInt step=1) -> Tensor(a)"
)
class slice_(View):
    """Places `start`, `start + step`, … before `end` along a dim."""

    unknown = ("start", "end")
    fails = RANKS

    def kernel(x, dim, start, end, step):
        if not x.ndim:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        if step <= 0:
            raise RuntimeError("slice step must be positive")
        dim = S.wrap_dim(dim, x.ndim)
        return x[(slice(None),) * dim + (slice(start, end, step), ...)]

    def sizes(x, dim, start, end, step):
        if not x:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        dim = S.wrap_dim(dim, len(x))
        known = start is not UNKNOWN and end is not UNKNOWN
        size = S.sliced(x[dim], start, end, step, known=known)
        return (*x[:dim], size, *x[dim + 1 :])

    samples = [
        case(f32[5, 2]),
        case(f32[5, 2], 0, 1, -1),
        case(f32[2, 5], 1, None, 100, 2),
        case(f32[5], 0, 3, 1),
        case(f32[0, 1], 0, -5, 2),
    ]

    def grad(t, g, out, x, dim, start, end, step):
        first = 0 if start is None else start
        last = x.shape[dim] if end is None else end
        return t.slice_backward(g, x.shape, dim, first, last, step)


def _narrowed(x, dim, start, length):
    if not x:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length is not None and length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = S.wrap_dim(dim, len(x))
    size = x[dim]
    if size is None or start is None or length is None:
        return dim, start, (*x[:dim], length, *x[dim + 1 :])
    if not -size <= start <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but"
            f" got {start})"
        )
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({size})."
        )
    return dim, start, (*x[:dim], length, *x[dim + 1 :])


@op("aten::narrow(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a)")
class narrow(View):
    """`length` places from `start` on along a dim."""

    unknown = ("start", "length")

    def kernel(x, dim, start, length):
        dim, start, _ = _narrowed(x.shape, dim, start, length)
        return x[(slice(None),) * dim + (slice(start, start + length), ...)]

    def sizes(x, dim, start, length):
        known = [None if n is UNKNOWN else n for n in (start, length)]
        return _narrowed(x, dim, *known)[2]

    samples = [
        case(f32[5, 2], 0, 1, 3),
        case(f32[2, 5], -1, -2, 2),
        case(f32[0], 0, 0, 0),
    ]

    def grad(t, g, out, x, dim, start, length):
        # a slice up to zero would be empty, where a start from the end comes to that
        size = x.shape[dim]
        first = start + size if isinstance(start, int) and start < 0 else start
        return t.slice_backward(g, x.shape, dim, first, first + length, 1)


@op(
    "aten::as_strided(Tensor(a) self, SymInt[] size, SymInt[] stride,"
    " SymInt? storage_offset=None) -> Tensor(a)"
)
class as_strided(View):
    """The storage of `self` seen with sizes and strides as told, in elements."""

    saves = ("self",)
    fails = VALUES

    def kernel(x, size, stride, offset):
        return strides.restride(x, size, stride, offset)

    def sizes(x, size, stride, offset):
        if len(size) != len(stride):
            raise RuntimeError(
                "mismatch in length of strides and shape:"
                f" {len(stride)} and {len(size)}"
            )
        return tuple(size)

    samples = [
        case(f32[6], [2, 2], [1, 2]),
        case(f32[6], [3], [1], 2),
        case(f32[4], [0, 3], [1, 1]),
    ]

    def grad(t, g, out, x, size, stride, offset):
        return t.as_strided_backward(g, x, size, stride, offset)


@op("aten::diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)")
class diagonal(View):
    """The diagonal of two dims as the last dim."""

    unknown = ("offset",)
    fails = RANKS

    def kernel(x, offset, dim1, dim2):
        diagonal.sizes(x.shape, offset, dim1, dim2)
        seen = x.diagonal(offset, dim1, dim2)
        if x.flags.writeable:
            seen.flags.writeable = True
        return seen

    def sizes(x, offset, dim1, dim2):
        a, b = S.wrap_dim(dim1, len(x)), S.wrap_dim(dim2, len(x))
        if a == b:
            raise RuntimeError(
                f"diagonal dimensions cannot be identical {dim1}, {dim2}"
            )
        rest = tuple(n for d, n in enumerate(x) if d not in (a, b))
        if offset is UNKNOWN or x[a] is None or x[b] is None:
            return (*rest, None)
        rows, columns = x[a] - max(-offset, 0), x[b] - max(offset, 0)
        return (*rest, max(0, min(rows, columns)))

    samples = [f32[3, 4], case(f32[2, 3, 4], -1, 0, 2), case(f32[1, 2], 5)]

    def grad(t, g, out, x, offset, dim1, dim2):
        return t.diagonal_backward(g, x.shape, offset, dim1, dim2)


@op("aten::unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)")
class unfold(View):
    """All windows of `size` along a dim, `step` apart, each as a new last dim."""

    def kernel(x, dim, size, step):
        shape = unfold.sizes(x.shape, dim, size, step)
        if not x.ndim:
            return strides.as_strided(x, shape, (x.itemsize,))
        dim = S.wrap_dim(dim, x.ndim)
        steps = list(x.strides)
        last = steps[dim]
        steps[dim] *= step
        return strides.as_strided(x, shape, (*steps, last))

    def sizes(x, dim, size, step):
        dim = S.wrap_dim(dim, len(x))
        total = x[dim] if x else 1
        if total is not None and size > total:
            raise RuntimeError(
                f"maximum size for tensor at dimension {dim} is {total} but size is"
                f" {size}"
            )
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        if not x:
            return (size,)
        count = None if total is None else (total - size) // step + 1
        return (*x[:dim], count, *x[dim + 1 :], size)

    samples = [
        case(f32[7, 2], 0, 3, 2),
        case(f32[2, 3], 1, 3, 1),
        case(f32[()], 0, 1, 1),
    ]

    def grad(t, g, out, x, dim, size, step):
        return t.unfold_backward(g, x.shape, dim, size, step)


@op("aten::broadcast_tensors(Tensor[] tensors) -> Tensor[]")
class broadcast_tensors(Shaped):
    """All tensors expanded to common sizes."""

    def kernel(tensors):
        shape = ()
        for x in tensors:
            shape = S.broadcast(shape, x.shape)
        return [strides.expand(x, shape) for x in tensors]

    def dtypes(tensors):
        return tensors[0] if tensors and len(set(tensors)) == 1 else None

    def sizes(tensors):
        shape = ()
        for x in tensors:
            shape = S.broadcast(shape, x)
        return [shape] * len(tensors)

    samples = [case([f32[2, 1], f32[3]]), case([f32[()], i64[0]])]

    def grad(t, g, out, tensors):
        return (list(g),)


@op("aten::alias(Tensor(a) self) -> Tensor(a)")
class alias(View):
    """The same tensor once more."""

    raises = False

    def kernel(x):
        return x[...]

    def sizes(x):
        return x

    samples = [f32[2, 3], boolean[()]]

    def grad(t, g, out, x, *rest):
        return g

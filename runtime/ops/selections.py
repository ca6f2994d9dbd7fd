"""Views of some of the elements: a place, a range, a diagonal, windows, any strides."""

from __future__ import annotations

from jit.ir.card import UNKNOWN
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32
from jit.runtime.ops.shaped import RANKS, VALUES
from jit.runtime.ops.views import View


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

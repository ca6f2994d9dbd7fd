"""Operators that put the elements of a tensor in another order, or repeat them."""

from __future__ import annotations

import numpy as np

from jit.ir.card import UNKNOWN
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, i64
from jit.runtime.ops.shaped import RANKS, VALUES, Shaped, Updating


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

    def grad(t, g, out, x, dims):
        return t.flip(g, dims)


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

    def grad(t, g, out, x):
        return t.fliplr(g)


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

    def grad(t, g, out, x):
        return t.flipud(g)


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
            raise RuntimeError(
                f"expected total dims >= 2, but got total dims = {len(x)}"
            )
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

    def grad(t, g, out, x, k, dims):
        return t.rot90(g, -k, dims)


@op("aten::roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor")
class roll(Shaped):
    """Elements moved along dims, those that leave come in at the other end."""

    fails = RANKS

    def kernel(x, shifts, dims):
        roll.sizes(x.shape, shifts, dims)
        if dims and not x.ndim:
            raise IndexError(
                f"Dimension specified as {dims[0]} but tensor has no dimensions"
            )
        if not x.size:
            return x.copy()
        return np.roll(x, tuple(shifts) if dims else shifts[0], tuple(dims) or None)

    def sizes(x, shifts, dims):
        if not shifts:
            raise RuntimeError("`shifts` required")
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

    def grad(t, g, out, x, shifts, dims):
        return t.roll(g, [-n for n in shifts], dims)


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
        np.copyto(
            x, x.dtype.type(0), where=~np.tri(*x.shape[-2:], diagonal, dtype=bool)
        )
        return x

    def sizes(x, diagonal):
        return _check_matrix("tril", x)

    samples = [f32[3, 4], case(f32[2, 3, 3], -1), case(i64[1, 2], 5), f32[0, 2],
               boolean[2, 3]]  # fmt: skip

    def grad(t, g, out, x, diagonal):
        return t.tril(g, diagonal)


@op("aten::triu(Tensor self, SymInt diagonal=0) -> Tensor")
class triu(Updating):
    """The elements of matrices on and above a diagonal, elsewhere zero."""

    fails = RANKS
    unknown = ("diagonal",)

    def update(x, diagonal):
        _check_matrix("triu", x.shape)
        np.copyto(
            x, x.dtype.type(0), where=np.tri(*x.shape[-2:], diagonal - 1, dtype=bool)
        )
        return x

    def sizes(x, diagonal):
        return _check_matrix("triu", x)

    samples = tril.samples

    def grad(t, g, out, x, diagonal):
        return t.triu(g, diagonal)


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


def _copies_added(t, g, x, repeats):
    """The gradient of copies beside one another: their sum."""
    lead = len(repeats) - x.ndim
    sizes, dims = list(repeats[:lead]), list(range(lead))
    for count, n in zip(repeats[lead:], x.shape, strict=True):
        dims.append(len(sizes))
        sizes += [count, n]
    return t.sum(t.reshape(g, sizes), dims) if dims else g


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

    def grad(t, g, out, x, repeats):
        return _copies_added(t, g, x, repeats)


@op("aten::tile(Tensor self, SymInt[] dims) -> Tensor")
class tile(Shaped):
    """As `repeat`, with ones in front if there are fewer numbers than dims."""

    def kernel(x, dims):
        full = (1,) * (x.ndim - len(dims)) + tuple(dims)
        return repeat.kernel(x, full)

    def sizes(x, dims):
        return _repeated(x, (1,) * (len(x) - len(dims)) + tuple(dims))

    samples = [case(f32[2, 3], [2]), case(f32[2], [2, 2])]

    def grad(t, g, out, x, dims):
        return _copies_added(t, g, x, [*[1] * (x.ndim - len(dims)), *dims])


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

    def grad(t, g, out, x, repeats, dim, output_size):
        if dim is None or not x.ndim:
            return t.sum(t.reshape(g, [*x.shape, repeats]), [-1])
        dim %= x.ndim
        apart = [*x.shape[: dim + 1], repeats, *x.shape[dim + 1 :]]
        return t.sum(t.reshape(g, apart), [dim + 1])


@op(
    "aten::repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *,"
    " SymInt? output_size=None) -> Tensor"
)
class repeat_interleave_tensor(Shaped):
    """Each place along a dim, or each element, as often as `repeats` says."""

    saves = ("repeats",)
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

    def grad(t, g, out, x, repeats, dim, output_size):
        place = 0 if dim is None else dim
        size = x.numel() if dim is None else x.shape[dim]
        source = t.repeat_interleave(t.expand(t.reshape(repeats, [-1]), [size]))
        zeros = t.new_zeros(g, [size] if dim is None else x.shape)
        return t.reshape(t.index_add(zeros, place, source, g), x.shape)


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
            raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {len(x)}D")
        if diagonal is UNKNOWN or None in x:
            return (None,) * (3 - len(x))
        if len(x) == 1:
            return (x[0] + abs(diagonal),) * 2
        return (max(0, min(x[0] - max(-diagonal, 0), x[1] - max(diagonal, 0))),)

    samples = [f32[3], case(f32[2], -1), f32[2, 3], case(f32[2, 3], 1), f32[0]]

    def grad(t, g, out, x, diagonal):
        if x.ndim == 1:
            return t.diagonal(g, diagonal)
        return t.diagonal_backward(g, x.shape, diagonal, 0, 1)


@op("aten::diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor")
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
            raise RuntimeError(
                f"diagonal dimensions cannot be identical {dim1}, {dim2}"
            )
        size = None if x[-1] is None else x[-1] + abs(offset)
        out = list(x[:-1])
        for dim in sorted((a, b)):
            out.insert(dim, size)
        return tuple(out)

    samples = [f32[2, 3], case(f32[2], 1), case(f32[2, 3], -1, 0, 2)]

    def grad(t, g, out, x, offset, dim1, dim2):
        return t.diagonal(g, offset, dim1, dim2)

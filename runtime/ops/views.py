"""Operators whose result sees the storage of their argument."""

from __future__ import annotations

from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import boolean, case, f32, i64
from jit.runtime.ops.shaped import RANKS, Shaped


class View(Shaped):
    """The result shares storage with the argument."""


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

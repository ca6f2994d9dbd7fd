"""Gradients of views: each element goes back to where the view saw it."""

from __future__ import annotations

import numpy as np

from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped


class ViewGradient(Shaped):
    """A tensor of zeros, apart from the elements that a view saw."""

    fails = VALUES
    domain = (-1.5, 1.5)

    def sizes(g, sizes, *rest):
        return tuple(sizes)


def _place(dim, rank, inside):
    """The index that takes `inside` along a dim."""
    return (slice(None),) * S.wrap_dim(dim, rank) + (inside, ...)


@op(
    "aten::select_backward(Tensor grad_output, SymInt[] input_sizes, int dim,"
    " SymInt index) -> Tensor"
)
class select_backward(ViewGradient):
    """The gradient of `select`: zeros beside one place along a dim."""

    unknown = ("index",)

    def kernel(g, sizes, dim, index):
        out = np.zeros(sizes, g.dtype)
        out[_place(dim, out.ndim, index)] = g
        return out

    def grad(t, g, out, grad_output, sizes, dim, index):
        return t.select(g, dim, index)

    samples = [case(f32[3], [2, 3], 0, 1), case(f64[2], [2, 3], -1, -1)]


@op(
    "aten::slice_backward(Tensor grad_output, SymInt[] input_sizes, int dim,"
    " SymInt start, SymInt end, SymInt step) -> Tensor"
)
class slice_backward(ViewGradient):
    """The gradient of `slice`: zeros beside the places of a slice."""

    unknown = ("start", "end", "step")

    def kernel(g, sizes, dim, start, end, step):
        out = np.zeros(sizes, g.dtype)
        out[_place(dim, out.ndim, slice(start, end, step))] = g
        return out

    def grad(t, g, out, grad_output, sizes, dim, start, end, step):
        return t.slice(g, dim, start, end, step)

    samples = [
        case(f32[2, 2], [5, 2], 0, 1, 5, 2),
        case(f64[2, 2], [2, 5], -1, -2, 100, 1),
        case(f32[0], [3], 0, 2, 1, 1),
    ]


@op(
    "aten::diagonal_backward(Tensor grad_output, SymInt[] input_sizes, int offset,"
    " int dim1, int dim2) -> Tensor"
)
class diagonal_backward(ViewGradient):
    """The gradient of `diagonal`: zeros beside the diagonal of two dims."""

    unknown = ("offset",)

    def kernel(g, sizes, offset, dim1, dim2):
        out = np.zeros(sizes, g.dtype)
        seen = out.diagonal(offset, dim1, dim2)
        seen.flags.writeable = True
        seen[...] = g
        return out

    def grad(t, g, out, grad_output, sizes, offset, dim1, dim2):
        return t.diagonal(g, offset, dim1, dim2)

    samples = [case(f32[2], [2, 3], 0, 0, 1), case(f64[3, 1], [2, 3, 4], -1, 0, 2)]


@op(
    "aten::unfold_backward(Tensor grad_in, SymInt[] input_sizes, int dim, int size,"
    " int step) -> Tensor"
)
class unfold_backward(ViewGradient):
    """The gradient of `unfold`: windows added up where they lie."""

    def kernel(g, sizes, dim, size, step):
        out = np.zeros(sizes, g.dtype)
        if not out.ndim:
            return g.sum(-1).astype(g.dtype)
        count = g.shape[S.wrap_dim(dim, out.ndim)]
        for i in range(size):
            places = (
                slice(i, i + (count - 1) * step + 1, step) if count else slice(0, 0)
            )
            out[_place(dim, out.ndim, places)] += g[..., i]
        return out

    def grad(t, g, out, grad_in, sizes, dim, size, step):
        return t.unfold(g, dim, size, step)

    samples = [
        case(f32[3, 2, 3], [7, 2], 0, 3, 2),
        case(f64[2, 2, 2], [2, 3], -1, 2, 1),
    ]


@op(
    "aten::as_strided_backward(Tensor grad, Tensor self, SymInt[] size,"
    " SymInt[] stride, SymInt? storage_offset=None) -> Tensor"
)
class as_strided_backward(Shaped):
    """The gradient of `as_strided`: elements added up where they lie in the storage.

    `self` tells how the argument of `as_strided` lies in its storage. Elements of the
    argument that share one place share its gradient.
    """

    saves = ("self",)
    fails = VALUES
    unknown = ("storage_offset",)

    def kernel(g, x, size, stride, offset):
        seen, own, shares = _places(x, size, stride, offset)
        stored = np.zeros(shares.size, g.dtype)
        np.add.at(stored, seen, g)
        return (stored[own] / shares[own]).astype(g.dtype)

    def dtypes(g, x, *rest):
        return g

    def sizes(g, x, *rest):
        return x

    def grad(t, g, out, gradient, x, size, stride, offset):
        return t._as_strided_like(g, x, size, stride, offset)

    samples = [
        case(f32[2, 2], f32[6], [2, 2], [1, 2]),
        case(f64[3], f64[2, 3], [3], [0], 2),
    ]


@op(
    "aten::_as_strided_like(Tensor self, Tensor layout, SymInt[] size,"
    " SymInt[] stride, SymInt? storage_offset=None) -> Tensor"
)
class _as_strided_like(Shaped):
    """What `as_strided` would see if `self` lay in the storage as `layout` does.

    Places of the storage that `layout` does not hold are zero; those that it holds more
    than once have the mean of their elements. This is the derivative of
    `as_strided_backward`, and that of this.
    """

    saves = ("layout",)
    fails = VALUES
    unknown = ("storage_offset",)

    def kernel(x, layout, size, stride, offset):
        seen, own, shares = _places(layout, size, stride, offset)
        stored = np.zeros(shares.size, x.dtype)
        np.add.at(stored, own, (x / shares[own]).astype(x.dtype))
        return stored[seen]

    def sizes(x, layout, size, stride, offset):
        return tuple(size)

    def dtypes(x, layout, *rest):
        return x

    def grad(t, g, out, x, layout, size, stride, offset):
        return t.as_strided_backward(g, layout, size, stride, offset)

    samples = [
        case(f32[6], f32[6], [2, 2], [1, 2]),
        case(f64[2, 3], f64[2, 3], [3], [0], 2),
    ]


def _places(x, size, stride, offset):
    """Places in the storage of `x`: those a view sees, those of `x`, and of each place
    how many elements of `x` lie there, 1 where none does."""
    base = strides.root(x)
    places = np.arange(base.nbytes // x.itemsize)
    start = (_address(x) - _address(base)) // x.itemsize
    seen = _seen(places, start if offset is None else offset, size, stride)
    own = _seen(places, start, x.shape, [s // x.itemsize for s in x.strides])
    shares = np.bincount(own.reshape(-1), minlength=places.size)
    return seen, own, np.maximum(shares, 1)


def _address(x):
    return x.__array_interface__["data"][0]


def _seen(places, offset, sizes, steps):
    """The places in the storage that a view sees, in its sizes."""
    steps = [s * places.itemsize for s in steps]
    return strides.as_strided(places[offset:], tuple(sizes), steps)

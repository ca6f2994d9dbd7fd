"""The cross product of vectors with three elements."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import promote_dtypes
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.linear_algebra import in_one_dtype
from jit.runtime.ops.samples import case, f32, i64
from jit.runtime.ops.shaped import Shaped


def _cross_dim(name, a, b, dim):
    if len(a) != len(b):
        raise RuntimeError(f"{name}: inputs must have the same number of dimensions.")
    shape = S.broadcast(a, b)
    if dim is None:
        dim = next((d for d, n in enumerate(shape) if n == 3), None)
        if dim is None:
            if None in shape:
                return None, shape
            raise RuntimeError("no dimension of size 3 in input")
        return dim, shape
    at = S.wrap_dim(dim, len(shape))
    if any(x[at] not in (None, 3) for x in (a, b)):
        raise RuntimeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {a[at]} and {b[at]}"
        )
    return at, shape


def _dim_of_three(shape, dim):
    """The dim of a vector product: the first of three where none is given."""
    return list(shape).index(3) if dim is None else dim


def _cross(a, b, dim, shape):
    if a.dtype == b.dtype == np.bool_:
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    if a.dtype == np.bool_ and b.dtype == np.bool_:
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    a, b = np.broadcast_to(a, shape), np.broadcast_to(b, shape)
    return in_one_dtype(lambda x, y: np.cross(x, y, axis=dim), a, b)


@op("aten::cross(Tensor self, Tensor other, int? dim=None) -> Tensor")
class cross(Shaped):
    """The vector product along a dim of three, the first such by default."""

    saves = ("self", "other")

    def kernel(a, b, dim):
        return _cross(a, b, *_cross_dim("linalg.cross", a.shape, b.shape, dim))

    def dtypes(a, b, dim):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b, dim):
        return _cross_dim("linalg.cross", a, b, dim)[1]

    samples = [case(f32[2, 3], f32[2, 3]), case(f32[3, 2], f32[3, 1], 0)]

    def grad(t, g, out, a, b, dim):
        at = _dim_of_three(out.shape, dim)
        return (
            lambda: t.linalg_cross(t.expand_as(b, g), g, dim=at),
            lambda: t.linalg_cross(g, t.expand_as(a, g), dim=at),
        )


@op("aten::linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor")
class linalg_cross(Shaped):
    """The vector product along a dim of three."""

    saves = ("self", "other")

    def kernel(a, b, dim):
        return _cross(a, b, *_cross_dim("linalg.cross", a.shape, b.shape, dim))

    def dtypes(a, b, dim):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b, dim):
        return _cross_dim("linalg.cross", a, b, dim)[1]

    samples = [case(f32[2, 3], f32[2, 3]), case(i64[3], i64[3])]

    def grad(t, g, out, a, b, dim):
        at = _dim_of_three(out.shape, dim)
        return (
            lambda: t.linalg_cross(t.expand_as(b, g), g, dim=at),
            lambda: t.linalg_cross(g, t.expand_as(a, g), dim=at),
        )

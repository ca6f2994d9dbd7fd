"""Distances and angles between vectors."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.dtypes import FLOATING, dtype_of, promote_dtypes
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops.arithmetic import check_terms
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped
from jit.runtime.ops.vector_norms import norm_slope
from jit.runtime.promotion import get_default_dtype


def _floating(a, b):
    """The dtype of a difference that floats were added to."""
    dtype = promote_dtypes(a, b)
    return dtype if dtype.category >= FLOATING else get_default_dtype()


def _angular(a, b):
    """The dtype of a cosine."""
    dtype = promote_dtypes(a, b)
    if dtype.category < FLOATING:
        raise RuntimeError(
            "expected common dtype to be floating point, yet common dtype is"
            f" {dtype.title}"
        )
    return dtype


def _norm(x, dim):
    return np.sqrt(np.square(x).sum(dim, keepdims=True))


@op(
    "aten::cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor"
)
class cosine_similarity(Shaped):
    """The cosines of the angles between vectors along a dim."""

    saves = ("x1", "x2", "out")

    def kernel(a, b, dim, eps):
        shape = S.broadcast(a.shape, b.shape)
        dim = S.wrap_dim(dim, len(shape))
        dtype = _angular(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x = np.broadcast_to(widened(a.astype(dtype)), shape)
        y = np.broadcast_to(widened(b.astype(dtype)), shape)
        floor = x.dtype.type(eps)
        x = x / np.maximum(_norm(x, dim if shape else None), floor)
        y = y / np.maximum(_norm(y, dim if shape else None), floor)
        return (x * y).sum(dim if shape else None).astype(dtype)

    def sizes(a, b, dim, eps):
        shape = S.broadcast(a, b)
        dim = S.wrap_dim(dim, len(shape))
        return (*shape[:dim], *shape[dim + 1 :])

    def dtypes(a, b, *rest):
        return None if a is None or b is None else _angular(a, b)

    samples = [
        case(f32[2, 3], f32[2, 3]),
        case(f32[2, 3], f32[3], -1),
        case(f64[3].within(0, 0), f64[3], 0),
    ]

    def grad(t, g, out, a, b, dim, eps):
        common = a * b
        a, b = t.expand_as(a, common), t.expand_as(b, common)
        if common.ndim:
            g, out = t.unsqueeze(g, dim), t.unsqueeze(out, dim)
        lengths = [t.linalg_vector_norm(v, 2, [dim], True) for v in (a, b)]
        p, q = (t.clamp_min(n, eps) for n in lengths)

        def slope(x, y, length, n):
            turned = t.where(t.gt(length, eps), out * x / (n * n), 0.0)
            return g * (y / (p * q) - turned)

        return lambda: slope(a, b, lengths[0], p), lambda: slope(b, a, lengths[1], q)


@op(
    "aten::pairwise_distance(Tensor x1, Tensor x2, float p=2., float eps=1e-06,"
    " bool keepdim=False) -> Tensor"
)
class pairwise_distance(Shaped):
    """The p-norms of differences along the last dim, to which eps is added."""

    saves = ("x1", "x2", "out")

    def kernel(a, b, p, eps, keepdim):
        check_terms(a, b)
        S.broadcast(a.shape, b.shape)
        dtype = _floating(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x, y = widened(a.astype(dtype)), widened(b.astype(dtype))
        gap = np.abs(x - y + x.dtype.type(eps))
        out = p_norm(gap, p, -1 if gap.ndim else None, keepdim)
        return np.asarray(out).astype(dtype)

    def sizes(a, b, p, eps, keepdim):
        shape = S.broadcast(a, b)
        return (*shape[:-1], 1) if keepdim and shape else shape[:-1]

    def dtypes(a, b, *rest):
        check_terms(a, b)
        return None if a is None or b is None else _floating(a, b)

    samples = [
        case(f32[2, 3], f32[2, 3]),
        case(f32[2, 3], f32[3], 1.0, keepdim=True),
        case(f64[3], f64[3], 3.0),
        case(f64[2, 3], f64[2, 3], math.inf),
    ]

    def grad(t, g, out, a, b, p, eps, keepdim):
        slope = norm_slope(t, g, out, a - b + eps, p, [-1], keepdim)
        return slope, lambda: -slope


def p_norm(x, p, axis, keepdims):
    """The p-norm of absolute values along axes."""
    if p == 2:
        return np.sqrt(np.square(x).sum(axis, keepdims=keepdims))
    if p == 1:
        return x.sum(axis, keepdims=keepdims)
    if p == math.inf:
        return x.max(axis, keepdims=keepdims)
    if p == -math.inf:
        return x.min(axis, keepdims=keepdims)
    if p == 0:
        return (x != 0).sum(axis, keepdims=keepdims).astype(x.dtype)
    power = x.dtype.type(p)
    return np.power(np.power(x, power).sum(axis, keepdims=keepdims), 1 / power)

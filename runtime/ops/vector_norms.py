"""Norms of vectors, and the distance of two tensors."""

from __future__ import annotations

import numpy as np

from jit.ir import types as T
from jit.ir.card import Card
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.reduction import REAL, dims_of, spread, total
from jit.runtime.ops.samples import (
    c64,
    case,
    f16,
    f32,
    f64,
    inf,
)  # fmt: skip


def vector_norm(x, axes, keepdim, p):
    """The p-norm over axes: (sum of |x| ** p) ** (1 / p), and its limits."""
    size = np.abs(x)
    if p is None or p == 2:
        return np.sqrt(total(size * size, axes, keepdim))
    if p == inf:
        return np.maximum.reduce(size, axis=axes, keepdims=keepdim)
    if p == -inf:
        return np.minimum.reduce(size, axis=axes, keepdims=keepdim)
    if p == 0:
        return np.count_nonzero(size, axis=axes, keepdims=keepdim)
    if p == 1:
        return total(size, axes, keepdim)
    return np.power(total(np.power(size, p), axes, keepdim), 1.0 / p)


def norm_slope(t, g, out, x, p, dim, keepdim):
    """The gradient through a p-norm: zero where the norm is not smooth and zero."""
    g, out = spread(t, g, x, dim, keepdim), spread(t, out, x, dim, keepdim)
    if p is None or p == 2:
        return g * t.masked_fill(x / out, t.eq(out, 0), 0)
    if p == 0:
        return t.zeros_like(x)
    if p == 1:
        return g * t.sgn(x)
    size = t.abs(x)
    if p in (inf, -inf):
        reach = t.logical_or(t.eq(size, out), t.isnan(size))
        share = g / t.sum(reach, dims_of(x, dim), True)
        return t.where(reach, t.sgn(x) * share, 0.0)
    if p < 1:
        steep = t.masked_fill(t.pow(size, p - 1), t.eq(x, 0), 0)
        return t.sgn(x) * steep * g * t.pow(out, 1 - p)
    scale = t.masked_fill(g / t.pow(out, p - 1), t.eq(out, 0), 0)
    return t.sgn(x) * t.pow(size, p - 1) * scale


class Norm(Reduction):
    """Base of the vector norms."""

    saves = ("self", "out")
    accepts = "fc"
    refusal = (
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got"
        " {dtype}"
    )

    def result(dtype):
        return REAL.get(dtype, dtype)

    def check(dtype, sizes, p=2, ord=2, **rest):
        power = ord if p == 2 else p
        if F.is_known(power) and power in (inf, -inf) and sizes and 0 in sizes:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {power:g} norm on an empty"
                " tensor because the operation does not have an identity"
            )

    def reduce(x, axes, keepdim, p=2, ord=2):
        return vector_norm(x, axes, keepdim, ord if p == 2 else p)


POWERS = (1, 2, 3, 0, 0.5, inf, -inf)


@op(
    "aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None,"
    " bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_vector_norm(Norm):
    """The p-norm of the elements along dims, as of one vector."""

    extra_samples = [case(f32[2, 3], p, 1) for p in POWERS] + [case(c64[3], 3)]

    def grad(t, g, out, x, ord, dim, keepdim, dtype):
        return norm_slope(t, g, out, x, ord, dim, keepdim)


@op(
    "aten::norm.Scalar(Tensor self, Scalar p=2) -> Tensor",
    "aten::norm.ScalarOpt_dtype(Tensor self, Scalar? p, *, ScalarType dtype) -> Tensor",
    "aten::norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False)"
    " -> Tensor",
    "aten::norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *,"
    " ScalarType dtype) -> Tensor",
)
class norm(Norm):
    """The p-norm of the elements, as of one vector."""

    samples = {
        "Scalar": [case(f32[2, 3], p) for p in POWERS] + [case(f64[3]), case(f32[0])],
        "ScalarOpt_dtype": [
            case(f32[2, 3], 1, dtype=f64),
            case(f32[3], None, dtype=f64),
        ],
        "ScalarOpt_dim": [
            case(f32[2, 3], 2, 1),
            case(f32[2, 3], None, [0, 1], True),
            case(f16[2, 3], 3, [-1]),
        ],
        "ScalarOpt_dim_dtype": [case(f32[2, 3], 2, 1, False, dtype=f64)],
    }

    def grad(t, g, out, x, p, *rest):
        dim, keepdim = rest[:2] if len(rest) > 1 else (None, False)
        return norm_slope(t, g, out, x, p, dim, keepdim)


@op("aten::dist(Tensor self, Tensor other, Scalar p=2) -> Tensor")
class dist(Card):
    """The p-norm of the difference."""

    saves = ("self", "other", "out")
    samples = [case(f32[2, 3], f32[3]), case(f64[3], f64[3], 1)]

    def kernel(x, y, p):
        from jit.runtime.ops.arithmetic import sub

        return linalg_vector_norm.kernel(sub.kernel(x, y, 1), p, None, False, None)

    def infer(x, y, p):
        from jit.runtime.ops.arithmetic import sub

        return T.TensorType(sub.infer(x, y, 1).dtype, ())

    def grad(t, g, out, x, y, p):
        slope = norm_slope(t, g, out, x - y, p, None, False)
        return slope, lambda: -slope

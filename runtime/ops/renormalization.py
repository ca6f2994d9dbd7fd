"""Slices of a tensor with norms that are not above a bound."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f16, f32, f64
from jit.runtime.ops.shaped import Updating
from jit.runtime.ops.vector_norms import norm_slope, vector_norm

_SPARED = 1e-7
"""What torch adds to a norm before it divides by it."""


def _check(x, p, dim, bound):
    if M.is_given(p) and p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if M.is_given(bound) and bound < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {bound:g}")
    if len(x) < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {len(x)} dimensions"
        )
    return S.wrap_dim(dim, len(x))


def _others(rank, dim):
    return [d for d in range(rank) if d != dim % rank]


@op("aten::renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor")
class renorm(Updating):
    """Slices along a dim scaled down where their p-norm is above a bound."""

    saves = ("self",)

    def update(x, p, dim, bound):
        dim = _check(x.shape, p, dim, bound)
        renorm.dtypes(dtype_of(x.dtype), p, dim, bound)
        wide = widened(x)
        norms = vector_norm(wide, tuple(_others(x.ndim, dim)), True, p)
        factors = np.where(norms > bound, bound / (norms + _SPARED), 1)
        x[...] = (wide * factors.astype(wide.dtype)).astype(x.dtype)
        return x

    def sizes(x, p, dim, bound):
        _check(x, p, dim, bound)
        return x

    def dtypes(x, *rest):
        if x is not None and not (x.is_floating_point or x.is_complex):
            raise RuntimeError(
                "linalg.vector_norm: Expected a floating point or complex tensor as"
                f" input. Got {x.title}"
            )
        return x

    samples = [
        case(f64[2, 3], 2, 0, 1.5),
        case(f64[2, 3, 2], 1, -1, 0.5),
        case(f32[3, 2], float("inf"), 1, 0.5),
        case(f32[3, 2], 3, 1, 100),
        case(f16[3, 2], 2, 0, 1),
    ]

    def grad(t, g, out, x, p, dim, bound):
        dims = _others(x.ndim, dim)
        norms = t.linalg_vector_norm(x, p, dims, True)
        above = t.gt(norms, bound)
        spared = norms + _SPARED
        factors = t.where(above, bound / spared, 1.0)
        share = -bound * t.sum(g * x, dims, True) / (spared * spared)
        of_norms = t.where(above, share, 0.0)
        return g * factors + norm_slope(t, of_norms, norms, x, p, dims, True)

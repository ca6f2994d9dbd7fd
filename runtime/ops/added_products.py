"""Products that are added to a tensor, both scaled: `beta * x + alpha * (a @ b)`."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import products as P
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.linear_algebra import (
    bmm,
    check_batches,
    check_matrices,
    check_vector,
    mm,
    mv,
    outer,
    turned,
)
from jit.runtime.ops.samples import case, f32, i64
from jit.runtime.ops.shaped import Shaped


def _number(value, dtype):
    """`alpha` or `beta` in the dtype of a product; integers are truncated."""
    return np.asarray(value).astype(dtype)


def _added(x, product, beta, alpha):
    """`beta * x + alpha * product`; with beta 0, nan and inf in `x` do not count."""
    wide = P.widened(product)
    if alpha != 1:
        wide = wide * _number(alpha, wide.dtype)
    if beta != 0:
        scaled = P.widened(x)
        if beta != 1:
            scaled = scaled * _number(beta, wide.dtype)
        wide = scaled + wide
    return wide.astype(product.dtype, copy=False)


class AddedProduct(Shaped):
    """`beta * self` plus `alpha` times a product."""

    def dtypes(x, a, b, *rest):
        P.check_product_dtypes(a, b)
        made = a or b
        if x is not None and made is not None and x is not made:
            raise RuntimeError(
                "self and mat2 must have the same dtype, but got"
                f" {x.title} and {made.title}"
            )
        return made or x


def _scaled_by(x, factor):
    """`factor * x`; the usual factor 1 costs nothing."""
    return x if isinstance(factor, int | float) and factor == 1 else x * factor


def _add_to_product(card, x, product, beta, alpha):
    card.dtypes(dtype_of(x.dtype), dtype_of(product.dtype), None)
    S.expand(x.shape, product.shape)
    return _added(x, product, beta, alpha)


def _sum_sizes(x, product):
    S.expand(x, product)
    return product


@op(
    "aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addmm(AddedProduct):
    """A matrix plus the product of two matrices, with factors."""

    saves = ("mat1", "mat2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addmm, x, mm.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, check_matrices(a, b))

    samples = [
        case(f32[4], f32[2, 3], f32[3, 4]),
        case(f32[2, 4], f32[2, 3], f32[3, 4], beta=0.5, alpha=2),
        case(i64[()], i64[2, 1], i64[1, 2], alpha=2),
    ]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.mm(g, t.t(b)), alpha),
            lambda: _scaled_by(t.mm(t.t(a), g), alpha),
        )


@op(
    "aten::addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addmv(AddedProduct):
    """A vector plus the product of a matrix and a vector, with factors."""

    saves = ("mat", "vec")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addmv, x, mv.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, check_vector(a, b))

    samples = [case(f32[2], f32[2, 3], f32[3], beta=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.outer(g, b), alpha),
            lambda: _scaled_by(t.mv(t.t(a), g), alpha),
        )


@op(
    "aten::addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addr(AddedProduct):
    """A matrix plus all products of two vectors' elements, with factors."""

    saves = ("vec1", "vec2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(addr, x, outer.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, outer.sizes(a, b))

    samples = [case(f32[2, 3], f32[2], f32[3], alpha=-1)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.mv(g, b), alpha),
            lambda: _scaled_by(t.mv(t.t(g), a), alpha),
        )


@op(
    "aten::baddbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class baddbmm(AddedProduct):
    """Matrices plus the products of matrices along dim 0, with factors."""

    saves = ("batch1", "batch2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        return _add_to_product(baddbmm, x, bmm.kernel(a, b), beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, check_batches(a, b))

    samples = [case(f32[2, 4], f32[3, 2, 3], f32[3, 3, 4], alpha=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.bmm(g, turned(t, b)), alpha),
            lambda: _scaled_by(t.bmm(turned(t, a), g), alpha),
        )


@op(
    "aten::addbmm(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1,"
    " Scalar alpha=1) -> Tensor"
)
class addbmm(AddedProduct):
    """A matrix plus the sum of the products of matrices along dim 0, with factors."""

    saves = ("batch1", "batch2")
    unknown = ("beta", "alpha")

    def kernel(x, a, b, beta, alpha):
        product = P.widened(bmm.kernel(a, b)).sum(0).astype(a.dtype)
        return _add_to_product(addbmm, x, product, beta, alpha)

    def sizes(x, a, b, beta, alpha):
        return _sum_sizes(x, check_batches(a, b)[1:])

    samples = [case(f32[2, 4], f32[3, 2, 3], f32[3, 3, 4], beta=2)]

    def grad(t, g, out, x, a, b, beta, alpha):
        return (
            lambda: _scaled_by(g, beta),
            lambda: _scaled_by(t.matmul(g, turned(t, b)), alpha),
            lambda: _scaled_by(t.matmul(turned(t, a), g), alpha),
        )

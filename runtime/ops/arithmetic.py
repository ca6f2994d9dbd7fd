"""Arithmetic on tensors: add, sub, mul, div, remainder, pow, abs, sign, lerp ..."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import BOOL, FLOATING
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import FloatPointwise, Pointwise, op
from jit.runtime.ops.samples import bf16, boolean, c64, case, f16, f32, f64, i64, inf, nan
from jit.runtime.promotion import to_complex


def check_alpha(common, alpha):
    """RuntimeError if a factor has a higher category than the result."""
    if isinstance(alpha, bool) and common.category != BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and common.category < FLOATING:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point"
            " number."
        )
    if isinstance(alpha, complex) and not common.is_complex:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )


NO_BOOL_DIFFERENCE = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^`"
    " or `logical_xor()` operator instead."
)
ALPHAS = [
    case(f32[2, 3], f32[3], alpha=2),
    case(f64[3], f64[3], alpha=-0.5),
    case(i64[3], i64[3], alpha=3),
]


@op(
    "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
)
class add(Pointwise):
    """The sum self + alpha * other."""

    accepts = "bifc"
    numpy = "add"
    numpy_inplace = True
    commutative = True
    associative = True

    def formula(m, x, y, alpha):
        return x + m.scaled(y, alpha)

    def check(common, x, y, alpha):
        check_alpha(common, alpha)


@op(
    "aten::sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
    names=["aten::subtract"],
)
class sub(Pointwise):
    """The difference self - alpha * other."""

    accepts = "ifc"
    refusal = NO_BOOL_DIFFERENCE
    numpy = "subtract"
    numpy_inplace = True

    def formula(m, x, y, alpha):
        return x - m.scaled(y, alpha)

    def check(common, x, y, alpha):
        check_alpha(common, alpha)


@op(
    "aten::rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
)
class rsub(Pointwise):
    """The difference other - alpha * self."""

    accepts = "ifc"
    refusal = NO_BOOL_DIFFERENCE
    inplace = False

    def formula(m, x, y, alpha):
        return y - m.scaled(x, alpha)

    def check(common, x, y, alpha):
        check_alpha(common, alpha)


@op(
    "aten::mul.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::mul.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::multiply"],
)
class mul(Pointwise):
    """The product of both operands."""

    accepts = "bifc"
    numpy = "multiply"
    numpy_inplace = True
    commutative = True
    associative = True

    def formula(m, x, y):
        return x * y


@op(
    "aten::div.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::div.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::divide", "aten::true_divide"],
)
class div(FloatPointwise):
    """The quotient; integers are divided as floating-point numbers."""

    accepts = "fc"
    numpy = "true_divide"
    numpy_inplace = True

    def formula(m, x, y):
        return x / y

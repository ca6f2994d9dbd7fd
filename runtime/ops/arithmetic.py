"""Arithmetic on tensors: add, sub, mul, div, remainder, pow, abs, sign, lerp ..."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING
from jit.runtime.ops.families import FloatPointwise, Pointwise, op
from jit.runtime.ops.samples import (
    boolean,
    c64,
    case,
    f32,
    f64,
    i64,
    inf,
    nan,
)
from jit.runtime.ops.three_operands import check_same_dtype


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


NO_BOOL_TERM = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are"
    " trying to invert a mask, use the `~` or `logical_not()` operator instead."
)


def check_terms(*terms):
    """RuntimeError if a term of a difference is of bools: an array, a fact, a dtype."""
    for x in terms:
        dtype = getattr(x, "dtype", x)
        if isinstance(x, bool) or dtype is dtypes.bool_ or dtype == np.bool_:
            raise RuntimeError(NO_BOOL_TERM)


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

    def grad(t, g, out, x, y, alpha):
        return g, lambda: g * alpha


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
        check_terms(x, y)
        check_alpha(common, alpha)

    def grad(t, g, out, x, y, alpha):
        return g, lambda: g * -alpha


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
        check_terms(x, y)
        check_alpha(common, alpha)

    def grad(t, g, out, x, y, alpha):
        return lambda: g * -alpha, g


@op(
    "aten::mul.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::mul.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::multiply"],
)
class mul(Pointwise):
    """The product of both operands."""

    saves = ("self", "other")
    accepts = "bifc"
    numpy = "multiply"
    numpy_inplace = True
    commutative = True
    associative = True

    def formula(m, x, y):
        return x * y

    def grad(t, g, out, x, y):
        return lambda: g * y, lambda: g * x


@op("aten::neg(Tensor self) -> Tensor", names=["aten::negative"])
class neg(Pointwise):
    """-self."""

    accepts = "ifc"
    refusal = (
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying"
        " to invert a mask, use the `~` or `logical_not()` operator instead."
    )
    numpy = "negative"

    def formula(m, x):
        return -x

    def grad(t, g, out, x):
        return -g


REAL = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


@op("aten::abs(Tensor self) -> Tensor", names=["aten::absolute"])
class abs(Pointwise):
    """The distance from zero."""

    saves = ("self",)
    accepts = "ifc"
    numpy = "absolute"
    idempotent = True

    def result(dtype):
        return REAL.get(dtype, dtype)

    def check_inplace(dtype):
        if dtype.is_complex:
            raise RuntimeError("In-place abs is not supported for complex tensors.")

    def formula(m, x):
        return m.abs(x)

    def grad(t, g, out, x):
        return g * t.sgn(x)


@op("aten::sign(Tensor self) -> Tensor")
class sign(Pointwise):
    """-1, 0 or 1; 0 for nan."""

    idempotent = True
    extra_samples = [case(f32.of([nan, inf, -inf, -0.0]))]

    def formula(m, x):
        return m.where(x > 0, 1, m.where(x < 0, -1, 0))

    def grad(t, g, out, x):
        return t.zeros_like(g)


@op("aten::sgn(Tensor self) -> Tensor")
class sgn(Pointwise):
    """The direction from zero: -1, 0 or 1, or a complex number of that size."""

    saves = ("self", "out")
    accepts = "bifc"
    extra_samples = [
        case(f32.of([nan, inf, -inf, -0.0])),
        case(c64.of([0, 3j, -2])),
    ]

    def kernel(x):
        return np.sign(x) if x.dtype.kind == "c" else sign.kernel(x)

    def formula(m, x):
        return m.where(x > 0, 1, m.where(x < 0, -1, 0))

    def grad(t, g, out, x):
        if not x.dtype.is_complex:
            return t.zeros_like(g)
        # what is left of a step across the direction
        across = g - out * t.real(t.conj_physical(out) * g)
        size = t.abs(x)
        return t.masked_fill(across / size, t.eq(size, 0), 0)


@op(
    "aten::copysign.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::copysign.Scalar(Tensor self, Scalar other) -> Tensor",
)
class copysign(FloatPointwise):
    """The size of self with the sign of other."""

    saves = ("self", "out")
    accepts = "f"
    numpy = "copysign"

    def formula(m, x, y):
        return m.copysign(x, y)

    def grad(t, g, out, x, y):
        def of_size():
            ratio = out / x
            return g * t.where(t.eq(x, 0), t.zeros_like(ratio), ratio)

        return of_size, lambda: t.zeros_like(g)


@op("aten::gcd(Tensor self, Tensor other) -> Tensor")
class gcd(Pointwise):
    """The greatest common divisor."""

    accepts = "i"
    numpy = "gcd"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.gcd(x, y)


@op("aten::lcm(Tensor self, Tensor other) -> Tensor")
class lcm(Pointwise):
    """The least common multiple."""

    accepts = "i"
    numpy = "lcm"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.lcm(x, y)


@op("aten::heaviside(Tensor self, Tensor values) -> Tensor")
class heaviside(Pointwise):
    """0 below zero, 1 above, `values` at zero."""

    detached = True
    samples = [
        case(f32.of([-1.5, 0, 2, nan]), f32.of([0.5, 0.5, 0.5, 0.5])),
        case(i64.of([-1, 0, 2]), i64.of([5, 5, 5])),
        case(f64[2, 3], f64[()]),
        case(boolean[3], boolean[3]),
    ]

    def formula(m, x, values):
        return m.where(x == 0, values, m.where(x > 0, 1, 0))

    def check(common, x, values):
        check_same_dtype(
            x, values,
            "heaviside is not yet implemented for tensors with different dtypes.",
        )  # fmt: skip

"""Arithmetic on tensors: add, sub, mul, div, remainder, pow, abs, sign, lerp ..."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import BOOL, FLOATING, INTEGER
from jit.ir.registry import find_card
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import FloatPointwise, Pointwise, op
from jit.runtime.ops.samples import (
    bf16,
    boolean,
    c64,
    case,
    f16,
    f32,
    f64,
    i64,
    inf,
    nan,
    u8,
)

LN2 = math.log(2)


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


@op(
    "aten::div.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::div.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::divide", "aten::true_divide"],
)
class div(FloatPointwise):
    """The quotient; integers are divided as floating-point numbers."""

    saves = ("self", "other")
    accepts = "fc"
    numpy = "divide"
    numpy_inplace = True

    def formula(m, x, y):
        return x / y

    def grad(t, g, out, x, y):
        return lambda: g / y, lambda: -g * ((x / y) / y)


def check_divisor(common, y):
    """RuntimeError, as torch's, for an integer division by zero."""
    if common.category != INTEGER or F.is_tensor(y) or not F.is_known(y):
        return
    if np.any(np.equal(y, 0)):
        raise RuntimeError("ZeroDivisionError")


def may_divide_by_zero(common, y):
    """Whether an integer division may find a zero; of facts."""
    if common is not None and common.category >= FLOATING:
        return False
    return not isinstance(y, int | float)


NONZERO = (1.0, 3.0)
DIVISIONS = [
    case(i64.of([7, -7, 7, -7]), i64.of([2, 2, -2, -2])),
    case(f32.of([7.5, -7.5, 7, 1, inf, nan]), f32.of([2, 2, -2, 0, 2, 2])),
]


MODES = (None, "trunc", "floor")
QUOTIENTS = [
    (f32.of([7.5, -7.5, 7, -7, inf, nan]), f32.of([2, 2, -2, -2, 2, 2])),
    (f64[2, 3], f64[3].within(0.5, 3)),
    (i64.of([7, -7, 7, -7]), i64.of([2, 2, -2, -2])),
    (u8[4], u8[4].within(1, 3)),
    (f16[3], f32[()].within(1, 2)),
]


@op(
    "aten::div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor",
    "aten::div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor",
    names=["aten::divide"],
)
class div_mode(Pointwise):
    """The quotient, rounded by mode: "trunc" to zero, "floor" down, None not at all."""

    saves = ("self", "other")
    accepts = "ifc"
    promoting = ("self", "other")
    samples = {
        "Tensor_mode": [
            case(x, y, rounding_mode=m) for m in MODES for x, y in QUOTIENTS
        ],
        "Scalar_mode": [
            case(x, y, rounding_mode=m)
            for m in MODES
            for x, y in ((f32[3], 2), (bf16[3], 1.5), (i64[3], 2), (i64[3], 1.5))
        ],
    }

    def kernel(x, y, mode):
        if mode is None:
            return div.kernel(x, y)
        check_mode(mode)
        return (floor_divide if mode == "floor" else trunc_divide).kernel(x, y)

    def infer(x, y, mode):
        if F.is_known(mode):
            if mode is None:
                return div.infer(x, y)
            try:
                check_mode(mode)
            except RuntimeError as e:
                raise ShapeError(str(e)) from None
            return floor_divide.infer(x, y)
        floored = floor_divide.infer(x, y)
        if floored.dtype is not None and floored.dtype.category < FLOATING:
            return T.TensorType(None, floored.sizes)
        return floored

    def raises(x, y, mode):
        if not F.is_known(mode) or mode not in (None, "trunc", "floor"):
            return True
        return (div if mode is None else floor_divide).raises(x, y)

    def grad(t, g, out, x, y, rounding_mode):
        if rounding_mode is None:
            return lambda: g / y, lambda: -g * ((x / y) / y)
        return lambda: t.zeros_like(g), lambda: t.zeros_like(g)


def check_mode(mode):
    """RuntimeError for a rounding mode that there is not."""
    if mode not in ("trunc", "floor"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but"
            f" found '{mode}'"
        )


@op(
    "aten::floor_divide(Tensor self, Tensor other) -> Tensor",
    "aten::floor_divide.Scalar(Tensor self, Scalar other) -> Tensor",
)
class floor_divide(Pointwise):
    """The quotient rounded down; integers stay integers."""

    accepts = "if"
    inplace = {
        "": "aten::floor_divide_.Tensor",
        "Scalar": "aten::floor_divide_.Scalar",
    }
    numpy = "floor_divide"
    numpy_inplace = True
    domain = NONZERO
    extra_samples = {"": DIVISIONS}

    def formula(m, x, y):
        return m.floor_divide(x, y)

    def check(common, x, y):
        check_divisor(common, y)

    def value_fault(common, x, y):
        return may_divide_by_zero(common, y)


class trunc_divide(Pointwise):
    """The quotient rounded towards zero: the kernel of `div` with mode "trunc"."""

    schema = floor_divide.schema
    accepts = "if"

    def formula(m, x, y):
        return m.trunc_divide(x, y)

    def check(common, x, y):
        check_divisor(common, y)


trunc_divide.complete()


@op(
    "aten::remainder.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::remainder.Scalar(Tensor self, Scalar other) -> Tensor",
    "aten::remainder.Scalar_Tensor(Scalar self, Tensor other) -> Tensor",
)
class remainder(Pointwise):
    """self - other * floor(self / other): the sign is the divisor's, as in Python."""

    saves = ("self", "other")
    accepts = "if"
    numpy = "remainder"
    numpy_inplace = True
    domain = NONZERO
    extra_samples = {"Tensor": DIVISIONS}

    def formula(m, x, y):
        return m.remainder(x, y)

    def check(common, x, y):
        check_divisor(common, y)

    def value_fault(common, x, y):
        return may_divide_by_zero(common, y)

    def grad(t, g, out, x, y):
        return g, lambda: -g * t.floor(x / y)


@op(
    "aten::fmod.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::fmod.Scalar(Tensor self, Scalar other) -> Tensor",
)
class fmod(Pointwise):
    """self - other * trunc(self / other): the sign is the dividend's, as in C."""

    saves = ("self", "other")
    accepts = "if"
    numpy = "fmod"
    domain = NONZERO
    extra_samples = {"Tensor": DIVISIONS}

    def formula(m, x, y):
        return m.fmod(x, y)

    def check(common, x, y):
        check_divisor(common, y)

    def value_fault(common, x, y):
        return may_divide_by_zero(common, y)

    def grad(t, g, out, x, y):
        return g, lambda: -g * t.trunc(x / y)


@op(
    "aten::pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor",
    "aten::pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor",
    "aten::pow.Scalar(Scalar self, Tensor exponent) -> Tensor",
)
class pow(Pointwise):
    """self to the power of exponent."""

    saves = ("self", "exponent", "out")
    accepts = "ifc"
    inplace = {
        "Tensor_Tensor": "aten::pow_.Tensor",
        "Tensor_Scalar": "aten::pow_.Scalar",
    }
    numpy = "power"
    numpy_inplace = True
    domain = (0.25, 3.0)

    def formula(m, x, y):
        return m.pow(x, y)

    def check(common, x, y):
        if common.category == INTEGER and type(y) is int and y < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")

    def grad(t, g, out, x, exponent):
        def of_base():
            slope = g * (exponent * t.pow(x, exponent - 1))
            idle = t.eq(t.tensor(exponent, like=g), 0)
            return t.where(idle, t.zeros_like(slope), slope)

        def of_exponent():
            base = t.tensor(x, like=g)
            slope = g * (out * t.log(base))
            size = t.real(exponent) if exponent.dtype.is_complex else exponent
            idle = t.logical_and(t.eq(base, 0), t.ge(size, 0))
            return t.where(idle, t.zeros_like(slope), slope)

        return of_base, of_exponent


@op(
    "aten::float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor",
    "aten::float_power.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor",
    "aten::float_power.Scalar(Scalar self, Tensor exponent) -> Tensor",
)
class float_power(Pointwise):
    """self to the power of exponent, always in double precision."""

    saves = ("self", "exponent", "out")
    accepts = "fc"
    inplace = {
        "Tensor_Tensor": "aten::float_power_.Tensor",
        "Tensor_Scalar": "aten::float_power_.Scalar",
    }
    domain = (0.25, 3.0)

    def common(dtype):
        return dtypes.complex128 if dtype.is_complex else dtypes.float64

    def check_inplace(dtype):
        wanted = float_power.common(dtype)
        if dtype is not wanted:
            raise RuntimeError(
                f"the base given to float_power_ has dtype {dtype.title} but the"
                f" operation's result requires dtype {wanted.title}"
            )

    def formula(m, x, y):
        return m.pow(x, y)

    def grad(t, g, out, x, exponent):
        return pow.grad(t, g, out, x, exponent)


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


@op("aten::reciprocal(Tensor self) -> Tensor")
class reciprocal(FloatPointwise):
    """1 / self."""

    saves = ("out",)
    accepts = "fc"

    def formula(m, x):
        return 1 / x

    def grad(t, g, out, x):
        return -g * (out * out)


@op("aten::square(Tensor self) -> Tensor")
class square(Pointwise):
    """self * self."""

    saves = ("self",)
    accepts = "ifc"
    numpy = "square"

    def common(dtype):
        return dtypes.int64 if dtype.category == BOOL else dtype

    def formula(m, x):
        return x * x

    def grad(t, g, out, x):
        return g * (2 * x)


@op("aten::hypot(Tensor self, Tensor other) -> Tensor")
class hypot(Pointwise):
    """sqrt(self ** 2 + other ** 2), without overflow on the way."""

    saves = ("self", "other", "out")
    accepts = "f"
    numpy = "hypot"
    commutative = True

    def formula(m, x, y):
        return m.hypot(x, y)

    def grad(t, g, out, x, y):
        return lambda: g * (x / out), lambda: g * (y / out)


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


POWER_OF_TWO = find_card("aten::pow", "Scalar")


@op("aten::ldexp.Tensor(Tensor self, Tensor other) -> Tensor")
class ldexp(FloatPointwise):
    """self * 2 ** other."""

    saves = ("other", "out")
    accepts = "fc"
    inplace = {"Tensor": "aten::ldexp_"}

    def kernel(x, y):
        # torch rounds the power to the dtype of the exponent
        return mul.kernel(x, POWER_OF_TWO.kernel(2.0, y))

    def formula(m, x, y):
        return x * m.exp2(y)

    def grad(t, g, out, x, y):
        return lambda: g * t.exp2(y), lambda: g * (out * LN2)


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


def check_same_dtype(x, y, message):
    """RuntimeError if two operands are known to have different dtypes."""
    a, b = F.dtype_seen(x), F.dtype_seen(y)
    if a is not None and b is not None and a is not b:
        raise RuntimeError(message)


@op(
    "aten::lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor",
    "aten::lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor",
)
class lerp(Pointwise):
    """self + weight * (end - self): the point between self and end."""

    saves = ("self", "end", "weight")
    accepts = "fc"
    promoting = ("self", "end")
    samples = {
        "Tensor": [
            case(f32[2, 3], f32[3], f32[3]),
            case(f64[2, 3], f64[2, 3], f64[()]),
        ],
        "Scalar": [
            case(f32[2, 3], f32[3], 0.25),
            case(f64[3], f64[3], 2),
            case(f16[3], f16[3], 0.75),
        ],
    }

    def formula(m, x, end, weight):
        return m.where(
            m.abs(weight) < 0.5,
            x + weight * (end - x),
            end - (end - x) * (1 - weight),
        )

    def check(common, x, end, weight):
        for name, other in (("end", end), ("weight", weight)):
            a, b = F.dtype_seen(x), F.dtype_seen(other)
            if a is not None and b is not None and a is not b:
                raise RuntimeError(
                    f"expected dtype {a.title.lower()} for `{name}` but got dtype"
                    f" {b.title.lower()}"
                )

    def grad(t, g, out, x, end, weight):
        return lambda: g * (1 - weight), lambda: g * weight, lambda: g * (end - x)


@op(
    "aten::addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1)"
    " -> Tensor"
)
class addcmul(Pointwise):
    """self + value * tensor1 * tensor2."""

    saves = ("tensor1", "tensor2")
    accepts = "ifc"
    extra_samples = [
        case(f32[2, 3], f32[3], f32[2, 1], value=0.5),
        case(i64[3], i64[3], i64[3], value=2),
    ]

    def formula(m, x, first, second, value):
        return x + m.scaled(first, value) * second

    def grad(t, g, out, x, first, second, value):
        return g, lambda: g * (second * value), lambda: g * (first * value)


@op(
    "aten::addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1)"
    " -> Tensor"
)
class addcdiv(Pointwise):
    """self + value * tensor1 / tensor2."""

    saves = ("tensor1", "tensor2")
    accepts = "fc"
    refusal = (
        "Integer division with addcdiv is no longer supported; use `self + value *"
        " torch.trunc(tensor1 / tensor2)` or divide floating-point tensors"
    )
    extra_samples = [case(f32[2, 3], f32[3], f32[2, 1].within(1, 2), value=0.5)]

    def formula(m, x, first, second, value):
        return x + m.scaled(first, value) / second

    def grad(t, g, out, x, first, second, value):
        return (
            g,
            lambda: g * (value / second),
            lambda: -g * (value * first / (second * second)),
        )


@op(
    "aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor",
    "aten::clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor",
    names=["aten::clip"],
)
class clamp(Pointwise):
    """self moved into [min, max]; the larger bound wins where they cross."""

    saves = ("self", "min", "max")
    promoting = ("self", "min", "max")
    accepts = "if"
    idempotent = True
    samples = {
        "": [
            case(f32[2, 3], -1, 1),
            case(f32.of([nan, inf, -inf]), 0, 2.5),
            case(f64[4], min=0.5),
            case(f64[4], max=0.5),
            case(i64[4], -1, 1),
            case(i64[4], 0.5, 2),
            case(f16[4], -1, 1),
            case(f32[3], 2, 1),
            case(f32[0], 0, 1),
            case(f32[()], 0, 1),
        ],
        "Tensor": [
            case(f32[2, 3], f32[3].within(-1, 0), f32[2, 1].within(0, 1)),
            case(f32[2, 3], f32[3]),
            case(f64[2, 3], max=f64[()]),
            case(i64[3], i64[3], i64[3]),
        ],
    }

    def formula(m, x, low, high):
        if low is not None:
            x = m.maximum(x, low)
        return x if high is None else m.minimum(x, high)

    def check(common, x, low, high):
        if low is None and high is None:
            raise RuntimeError(
                "torch.clamp: At least one of 'min' or 'max' must not be None"
            )

    def grad(t, g, out, x, low, high):
        nothing = t.zeros_like(g)

        def of_value():
            made = g
            if low is not None:
                made = t.where(t.ge(x, low), made, nothing)
            if high is not None:
                made = t.where(t.le(x, high), made, nothing)
            return made

        def of_low():
            below = t.lt(x, low)
            if high is not None:
                below = t.logical_and(below, t.lt(low, high))
            return t.where(below, g, nothing)

        def of_high():
            above = t.gt(x, high)
            if low is not None:
                above = t.logical_or(above, t.gt(low, high))
            return t.where(above, g, nothing)

        return of_value, of_low, of_high


@op(
    "aten::clamp_min(Tensor self, Scalar min) -> Tensor",
    "aten::clamp_min.Tensor(Tensor self, Tensor min) -> Tensor",
)
class clamp_min(Pointwise):
    """self, at least min."""

    saves = ("self", "min")
    accepts = "bif"
    promoting = ("self", "min")

    def formula(m, x, low):
        return m.maximum(x, low)

    def grad(t, g, out, x, low):
        nothing = t.zeros_like(g)
        return (
            lambda: t.where(t.ge(x, low), g, nothing),
            lambda: t.where(t.lt(x, low), g, nothing),
        )


@op(
    "aten::clamp_max(Tensor self, Scalar max) -> Tensor",
    "aten::clamp_max.Tensor(Tensor self, Tensor max) -> Tensor",
)
class clamp_max(Pointwise):
    """self, at most max."""

    saves = ("self", "max")
    accepts = "bif"
    promoting = ("self", "max")

    def formula(m, x, high):
        return m.minimum(x, high)

    def grad(t, g, out, x, high):
        nothing = t.zeros_like(g)
        return (
            lambda: t.where(t.le(x, high), g, nothing),
            lambda: t.where(t.gt(x, high), g, nothing),
        )

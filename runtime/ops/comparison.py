"""Comparisons, selection and tests of elements: eq, lt, where, maximum, isnan ..."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import BOOL
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import Comparison, Pointwise, op
from jit.runtime.ops.samples import boolean, case, f16, f32, f64, i64, inf, nan
from jit.runtime.ops.three_operands import check_same_dtype
from jit.runtime.promotion import result_dtype

SPECIAL = [case(f32.of([nan, inf, 1, 0.0]), f32.of([nan, inf, 2, -0.0]))]


@op(
    "aten::eq.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::eq.Scalar(Tensor self, Scalar other) -> Tensor",
)
class eq(Comparison):
    """Whether the operands are equal."""

    accepts = "bifc"
    numpy = "equal"
    commutative = True
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x == y


@op(
    "aten::ne.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::ne.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::not_equal"],
)
class ne(Comparison):
    """Whether the operands differ."""

    accepts = "bifc"
    numpy = "not_equal"
    commutative = True
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x != y


@op(
    "aten::lt.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::lt.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::less"],
)
class lt(Comparison):
    """Whether self is less than other."""

    numpy = "less"
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x < y


@op(
    "aten::le.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::le.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::less_equal"],
)
class le(Comparison):
    """Whether self is less than or equal to other."""

    numpy = "less_equal"
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x <= y


@op(
    "aten::gt.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::gt.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::greater"],
)
class gt(Comparison):
    """Whether self is greater than other."""

    numpy = "greater"
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x > y


@op(
    "aten::ge.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::ge.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::greater_equal"],
)
class ge(Comparison):
    """Whether self is greater than or equal to other."""

    numpy = "greater_equal"
    extra_samples = {"Tensor": SPECIAL}

    def formula(m, x, y):
        return x >= y


@op("aten::logical_and(Tensor self, Tensor other) -> Tensor")
class logical_and(Comparison):
    """Whether both operands are nonzero."""

    accepts = "bifc"
    numpy = "logical_and"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.logical_and(x, y)


@op("aten::logical_or(Tensor self, Tensor other) -> Tensor")
class logical_or(Comparison):
    """Whether one of the operands is nonzero."""

    accepts = "bifc"
    numpy = "logical_or"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.logical_or(x, y)


@op("aten::logical_xor(Tensor self, Tensor other) -> Tensor")
class logical_xor(Comparison):
    """Whether exactly one of the operands is nonzero."""

    accepts = "bifc"
    numpy = "logical_xor"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.logical_xor(x, y)


@op("aten::logical_not(Tensor self) -> Tensor")
class logical_not(Comparison):
    """Whether self is zero."""

    accepts = "bifc"
    numpy = "logical_not"

    def formula(m, x):
        return m.logical_not(x)


SPECIAL_VALUES = [case(f32.of([nan, inf, -inf, 0, -0.0, 1e30]))]


@op("aten::isnan(Tensor self) -> Tensor")
class isnan(Comparison):
    """Whether self is not a number."""

    accepts = "bifc"
    inplace = False
    numpy = "isnan"
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return m.isnan(x)


@op("aten::isinf(Tensor self) -> Tensor")
class isinf(Comparison):
    """Whether self is infinite."""

    accepts = "bifc"
    inplace = False
    numpy = "isinf"
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return m.isinf(x)


@op("aten::isfinite(Tensor self) -> Tensor")
class isfinite(Comparison):
    """Whether self is neither infinite nor nan."""

    accepts = "bifc"
    inplace = False
    numpy = "isfinite"
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return m.isfinite(x)


@op("aten::isposinf(Tensor self) -> Tensor")
class isposinf(Comparison):
    """Whether self is positive infinity."""

    inplace = False
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return x == inf


@op("aten::isneginf(Tensor self) -> Tensor")
class isneginf(Comparison):
    """Whether self is negative infinity."""

    inplace = False
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return x == -inf


@op("aten::signbit(Tensor self) -> Tensor")
class signbit(Comparison):
    """Whether the sign bit is set, as it is in -0.0."""

    inplace = False
    numpy = "signbit"
    extra_samples = SPECIAL_VALUES

    def formula(m, x):
        return m.signbit(x)


@op(
    "aten::isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08,"
    " bool equal_nan=False) -> Tensor"
)
class isclose(Comparison):
    """Whether the operands are equal up to atol + rtol * abs(other)."""

    accepts = "bifc"
    inplace = False
    commutative = False
    samples = [
        case(f32.of([1, 1, nan, inf]), f32.of([1, 1.00001, nan, inf])),
        case(f32.of([1, 1.1, nan, inf]), f32.of([1, 1, nan, -inf]), 0.2, 0.0, True),
        case(f64[2, 3], f64[3], atol=1.0),
        case(i64[4], i64[4], atol=1.0),
    ]

    def common(dtype):
        return dtypes.int64 if dtype.category == BOOL else dtype

    def formula(m, x, y, rtol, atol, equal_nan):
        near = m.abs(x - y) <= atol + m.abs(rtol * y)
        close = (x == y) | (m.isfinite(x) & m.isfinite(y) & near)
        return close | (m.isnan(x) & m.isnan(y)) if equal_nan else close

    def check(common, x, y, rtol, atol, equal_nan):
        for name, value in (("rtol", rtol), ("atol", atol)):
            if isinstance(value, int | float) and value < 0:
                raise RuntimeError(
                    f"{name} must be greater than or equal to zero, but got {value:g}"
                )
        a, b = F.dtype_seen(x), F.dtype_seen(y)
        if a is not None and b is not None:
            check_same_dtype(x, y, f"{a.title} did not match {b.title}")
        for name, bound in (("rtol", rtol), ("atol", atol)):
            if F.is_known(bound) and not bound >= 0:
                raise RuntimeError(
                    f"{name} must be greater than or equal to zero, but got {bound:g}"
                )


@op(
    "aten::allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08,"
    " bool equal_nan=False) -> bool"
)
class allclose(Card):
    """Whether all elements are equal up to atol + rtol * abs(other)."""

    samples = isclose.samples

    def kernel(*args):
        return bool(np.all(isclose.kernel(*args)))

    def infer(*facts):
        isclose.infer(*facts)
        return T.BOOL

    def raises(*facts):
        return isclose.raises(*facts)


@op("aten::equal(Tensor self, Tensor other) -> bool")
class equal(Card):
    """Whether both tensors have the same sizes and equal elements."""

    raises = False
    commutative = True
    samples = [
        case(f32[2, 3], f32[2, 3]),
        case(f32.of([1, 2]), f32.of([1, 2])),
        case(f32.of([1, 2]), f64.of([1, 2])),
        case(f32.of([[1, 2]]), f32.of([1, 2])),
        case(f32.of([nan]), f32.of([nan])),
        case(i64[0], i64[0]),
    ]

    def kernel(x, y):
        if x.shape != y.shape:
            return False
        common = result_dtype(x, y).numpy
        return bool(np.array_equal(x.astype(common), y.astype(common)))

    def infer(x, y):
        return T.BOOL


def _shared(t, g, x, y, is_chosen):
    """The gradient of the larger or smaller of two; equal ones share it."""
    x, y = t.tensor(x, like=g), t.tensor(y, like=g)
    half = t.where(t.eq(x, y), g * 0.5, t.zeros_like(g))
    return (
        lambda: t.where(is_chosen(x, y), g, half),
        lambda: t.where(is_chosen(y, x), g, half),
    )


@op(
    "aten::maximum(Tensor self, Tensor other) -> Tensor",
    names=["aten::max.other"],
)
class maximum(Pointwise):
    """The larger of the operands; nan if one is nan."""

    saves = ("self", "other")
    inplace = False
    numpy = "maximum"
    commutative = True
    associative = True
    idempotent = True
    extra_samples = SPECIAL

    def formula(m, x, y):
        return m.maximum(x, y)

    def grad(t, g, out, x, y):
        return _shared(t, g, x, y, t.gt)


@op(
    "aten::minimum(Tensor self, Tensor other) -> Tensor",
    names=["aten::min.other"],
)
class minimum(Pointwise):
    """The smaller of the operands; nan if one is nan."""

    saves = ("self", "other")
    inplace = False
    numpy = "minimum"
    commutative = True
    associative = True
    idempotent = True
    extra_samples = SPECIAL

    def formula(m, x, y):
        return m.minimum(x, y)

    def grad(t, g, out, x, y):
        return _shared(t, g, x, y, t.lt)


@op("aten::fmax(Tensor self, Tensor other) -> Tensor")
class fmax(Pointwise):
    """The larger of the operands; the other one where one is nan."""

    saves = ("self", "other")
    inplace = False
    numpy = "fmax"
    commutative = True
    associative = True
    idempotent = True
    extra_samples = [case(f32.of([nan, 1, nan]), f32.of([1, nan, nan]))]

    def formula(m, x, y):
        return m.fmax(x, y)

    def grad(t, g, out, x, y):
        x, y = t.tensor(x, like=g), t.tensor(y, like=g)
        first = t.logical_or(t.ge(x, y), t.isnan(y))
        nothing = t.zeros_like(g)
        return lambda: t.where(first, g, nothing), lambda: t.where(first, nothing, g)


@op("aten::fmin(Tensor self, Tensor other) -> Tensor")
class fmin(Pointwise):
    """The smaller of the operands; the other one where one is nan."""

    saves = ("self", "other")
    inplace = False
    numpy = "fmin"
    commutative = True
    associative = True
    idempotent = True
    extra_samples = [case(f32.of([nan, 1, nan]), f32.of([1, nan, nan]))]

    def formula(m, x, y):
        return m.fmin(x, y)

    def grad(t, g, out, x, y):
        x, y = t.tensor(x, like=g), t.tensor(y, like=g)
        first = t.logical_or(t.le(x, y), t.isnan(y))
        nothing = t.zeros_like(g)
        return lambda: t.where(first, g, nothing), lambda: t.where(first, nothing, g)


def check_condition(condition):
    """RuntimeError for a condition that is not bool."""
    dtype = F.dtype_seen(condition)
    if dtype not in (None, dtypes.bool_, dtypes.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with"
            f" dtype {dtype.title}"
        )


@op(
    "aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor",
    "aten::where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor",
    "aten::where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor",
    "aten::where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor",
)
class where(Pointwise):
    """self where condition is true, otherwise other."""

    saves = ("condition",)
    accepts = "bifc"
    inplace = False
    promoting = ("self", "other")
    samples = {
        "self": [
            case(boolean[2, 3], f32[2, 3], f32[3]),
            case(boolean[2, 1], f32[()], f64[3]),
            case(boolean[()], i64[3], f32[3]),
            case(boolean[0], i64[0], i64[0]),
            case(boolean[3], boolean[3], boolean[3]),
        ],
        "ScalarSelf": [
            case(boolean[2, 3], 1, f32[3]),
            case(boolean[3], 1.5, i64[3]),
            case(boolean[3], 1.5, f16[3]),
        ],
        "ScalarOther": [
            case(boolean[2, 3], f32[3], 1),
            case(boolean[3], i64[3], 1.5),
            case(boolean[3], f16[3], 1.5),
        ],
        "Scalar": [
            case(boolean[2, 3], 1, 2),
            case(boolean[3], 1, 2.5),
            case(boolean[()], True, False),
        ],
    }

    def formula(m, condition, x, y):
        return m.where(condition, x, y)

    def check(common, condition, x, y):
        check_condition(condition)

    def grad(t, g, out, condition, x, y):
        nothing = t.zeros_like(g)
        return (
            None,
            lambda: t.where(condition, g, nothing),
            lambda: t.where(condition, nothing, g),
        )

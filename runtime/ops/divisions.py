"""Quotients and remainders, with every rounding."""

from __future__ import annotations

import numpy as np

from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import FLOATING, INTEGER
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import FloatPointwise, Pointwise, op
from jit.runtime.ops.samples import (
    bf16,
    case,
    f16,
    f32,
    f64,
    i64,
    inf,
    nan,
    u8,
)


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


@op("aten::reciprocal(Tensor self) -> Tensor")
class reciprocal(FloatPointwise):
    """1 / self."""

    saves = ("out",)
    accepts = "fc"

    def formula(m, x):
        return 1 / x

    def grad(t, g, out, x):
        return -g * (out * out)

"""Powers, and what is made of them."""

from __future__ import annotations

import math

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, INTEGER
from jit.ir.registry import find_card
from jit.runtime.ops.arithmetic import mul
from jit.runtime.ops.families import FloatPointwise, Pointwise, op

LN2 = math.log(2)


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

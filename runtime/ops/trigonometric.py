"""Trigonometric and hyperbolic functions, and angles."""

from __future__ import annotations

import math

from jit.runtime.ops.families import FloatPointwise, op
from jit.runtime.ops.samples import case, f32, inf, nan

SPECIAL = [case(f32.of([nan, inf, -inf, 0.0, -0.0, 1e-30]))]


@op("aten::sin(Tensor self) -> Tensor")
class sin(FloatPointwise):
    """The sine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "sin"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.sin(x)

    def grad(t, g, out, x):
        return g * t.cos(x)


@op("aten::cos(Tensor self) -> Tensor")
class cos(FloatPointwise):
    """The cosine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "cos"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.cos(x)

    def grad(t, g, out, x):
        return g * -t.sin(x)


@op("aten::tan(Tensor self) -> Tensor")
class tan(FloatPointwise):
    """The tangent."""

    saves = ("out",)
    accepts = "fc"
    numpy = "tan"
    domain = (-1.5, 1.5)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.tan(x)

    def grad(t, g, out, x):
        return g * (1 + out * out)


@op("aten::asin(Tensor self) -> Tensor", names=["aten::arcsin"])
class asin(FloatPointwise):
    """The arc sine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arcsin"
    domain = (-1.0, 1.0)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.asin(x)

    def grad(t, g, out, x):
        return g * t.rsqrt(1 - x * x)


@op("aten::acos(Tensor self) -> Tensor", names=["aten::arccos"])
class acos(FloatPointwise):
    """The arc cosine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arccos"
    domain = (-1.0, 1.0)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.acos(x)

    def grad(t, g, out, x):
        return g * -t.rsqrt(1 - x * x)


@op("aten::atan(Tensor self) -> Tensor", names=["aten::arctan"])
class atan(FloatPointwise):
    """The arc tangent."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arctan"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.atan(x)

    def grad(t, g, out, x):
        return g / (1 + x * x)


@op("aten::sinh(Tensor self) -> Tensor")
class sinh(FloatPointwise):
    """The hyperbolic sine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "sinh"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.sinh(x)

    def grad(t, g, out, x):
        return g * t.cosh(x)


@op("aten::cosh(Tensor self) -> Tensor")
class cosh(FloatPointwise):
    """The hyperbolic cosine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "cosh"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.cosh(x)

    def grad(t, g, out, x):
        return g * t.sinh(x)


@op("aten::tanh(Tensor self) -> Tensor")
class tanh(FloatPointwise):
    """The hyperbolic tangent."""

    saves = ("out",)
    accepts = "fc"
    numpy = "tanh"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.tanh(x)

    def grad(t, g, out, x):
        return g * (1 - out * out)


@op("aten::asinh(Tensor self) -> Tensor", names=["aten::arcsinh"])
class asinh(FloatPointwise):
    """The inverse hyperbolic sine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arcsinh"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.asinh(x)

    def grad(t, g, out, x):
        return g * t.rsqrt(1 + x * x)


@op("aten::acosh(Tensor self) -> Tensor", names=["aten::arccosh"])
class acosh(FloatPointwise):
    """The inverse hyperbolic cosine."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arccosh"
    domain = (1.0, 5.0)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.acosh(x)

    def grad(t, g, out, x):
        return g * t.rsqrt(x * x - 1)


@op("aten::atanh(Tensor self) -> Tensor", names=["aten::arctanh"])
class atanh(FloatPointwise):
    """The inverse hyperbolic tangent."""

    saves = ("self",)
    accepts = "fc"
    numpy = "arctanh"
    domain = (-0.9375, 0.9375)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.atanh(x)

    def grad(t, g, out, x):
        return g / (1 - x * x)


@op("aten::atan2(Tensor self, Tensor other) -> Tensor", names=["aten::arctan2"])
class atan2(FloatPointwise):
    """The angle of the point (other, self), in radians."""

    saves = ("self", "other")
    accepts = "f"
    numpy = "arctan2"
    extra_samples = [case(f32.of([0, 0, -0.0, 1]), f32.of([-1, 1, -1, 0]))]

    def formula(m, y, x):
        return m.atan2(y, x)

    def grad(t, g, out, y, x):
        def over_square():
            square = x * x + y * y
            return t.where(t.eq(square, 0), t.zeros_like(square), 1 / square)

        return lambda: g * (x * over_square()), lambda: g * (-y * over_square())


@op("aten::deg2rad(Tensor self) -> Tensor")
class deg2rad(FloatPointwise):
    """Degrees as radians."""

    accepts = "f"
    numpy = "deg2rad"

    def formula(m, x):
        return x * (math.pi / 180)

    def grad(t, g, out, x):
        return g * (math.pi / 180)


@op("aten::rad2deg(Tensor self) -> Tensor")
class rad2deg(FloatPointwise):
    """Radians as degrees."""

    accepts = "f"
    numpy = "rad2deg"

    def formula(m, x):
        return x * (180 / math.pi)

    def grad(t, g, out, x):
        return g * (180 / math.pi)

"""Rounding to integers; integers stay as they are."""

from __future__ import annotations

from jit.runtime.ops.families import Pointwise, op
from jit.runtime.ops.samples import case, f16, f32, f64, inf, nan

HALVES = [case(f32.of([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e30, nan, inf, -0.0]))]


@op("aten::floor(Tensor self) -> Tensor")
class floor(Pointwise):
    """The largest integer not above self."""

    accepts = "if"
    numpy = "floor"
    idempotent = True
    extra_samples = HALVES

    def formula(m, x):
        return m.floor(x)

    def grad(t, g, out, x):
        return t.zeros_like(g)


@op("aten::ceil(Tensor self) -> Tensor")
class ceil(Pointwise):
    """The smallest integer not below self."""

    accepts = "if"
    numpy = "ceil"
    idempotent = True
    extra_samples = HALVES

    def formula(m, x):
        return m.ceil(x)

    def grad(t, g, out, x):
        return t.zeros_like(g)


@op("aten::trunc(Tensor self) -> Tensor", names=["aten::fix"])
class trunc(Pointwise):
    """self without its fraction."""

    accepts = "if"
    numpy = "trunc"
    idempotent = True
    extra_samples = HALVES

    def formula(m, x):
        return m.trunc(x)

    def grad(t, g, out, x):
        return t.zeros_like(g)


@op("aten::round(Tensor self) -> Tensor")
class round(Pointwise):
    """The nearest integer; halves go to the even one."""

    accepts = "if"
    idempotent = True
    extra_samples = HALVES

    def formula(m, x):
        return m.round(x)

    def grad(t, g, out, x):
        return t.zeros_like(g)


@op("aten::round.decimals(Tensor self, *, int decimals) -> Tensor")
class round_decimals(Pointwise):
    """self rounded to a number of decimals; negative counts round to tens, hundreds."""

    accepts = "f"
    text = "round(self * 10**decimals) / 10**decimals"
    samples = [
        case(f32.of([1.25, 2.675, -0.125, 125.0]), decimals=2),
        case(f32.of([125.0, 2.5, -15.0, inf]), decimals=-1),
        case(f64[2, 3], decimals=1),
        case(f64[3], decimals=0),
        case(f16[3], decimals=1),
    ]

    def formula(m, x, decimals):
        scale = 10.0 ** (decimals if decimals >= 0 else -decimals)
        if decimals >= 0:
            return m.round(x * scale) / scale
        return m.round(x / scale) * scale

    def grad(t, g, out, x, decimals):
        return t.zeros_like(g)


@op("aten::frac(Tensor self) -> Tensor")
class frac(Pointwise):
    """The fraction of self, with its sign."""

    accepts = "f"

    def formula(m, x):
        return x - m.trunc(x)

    def grad(t, g, out, x):
        return g

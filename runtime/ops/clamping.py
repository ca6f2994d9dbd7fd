"""Elements kept between bounds."""

from __future__ import annotations

from jit.runtime.ops.families import Pointwise, op
from jit.runtime.ops.samples import (
    case,
    f16,
    f32,
    f64,
    i64,
    inf,
    nan,
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

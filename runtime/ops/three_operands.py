"""Pointwise operators of three tensors: interpolation; products and quotients added."""

from __future__ import annotations

from jit.runtime.ops import facts as F
from jit.runtime.ops.families import Pointwise, op
from jit.runtime.ops.samples import (
    case,
    f16,
    f32,
    f64,
    i64,
)


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

"""Activation functions of neural networks."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import types as T
from jit.ir.card import Card, ShapeError
from jit.ir.dtypes import dtype_of, uint8
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import FloatPointwise, Pointwise, op
from jit.runtime.ops.refusals import refuse_integers
from jit.runtime.ops.samples import bf16, case, f16, f32, f64, i64, inf, nan, u8

SPECIAL = [case(f32.of([nan, inf, -inf, 0.0, -0.0, 50, -50]))]


def _inside(t, g, x, low, high):
    """The gradient where x lies between two bounds, 0 elsewhere."""
    between = t.logical_and(t.gt(x, low), t.lt(x, high))
    return t.where(between, g, t.zeros_like(g))


@op("aten::sigmoid(Tensor self) -> Tensor")
class sigmoid(FloatPointwise):
    """1 / (1 + exp(-self)), between 0 and 1."""

    saves = ("out",)
    accepts = "fc"
    extra_samples = SPECIAL

    def formula(m, x):
        return 1 / (1 + m.exp(-x))

    def grad(t, g, out, x):
        return g * (out * (1 - out))


@op("aten::relu(Tensor self) -> Tensor")
class relu(Pointwise):
    """self, but 0 below zero."""

    saves = ("out",)
    accepts = "if"
    refusal = "relu is not supported for bool or complex tensors"
    idempotent = True
    extra_samples = SPECIAL

    def formula(m, x):
        return m.maximum(x, 0)

    def grad(t, g, out, x):
        return t.threshold_backward(g, out, 0)


@op(
    "aten::threshold_backward(Tensor grad_output, Tensor self, Scalar threshold)"
    " -> Tensor"
)
class threshold_backward(Pointwise):
    """grad_output where self is above threshold, otherwise 0."""

    saves = ("self",)
    accepts = "if"
    promoting = ("grad_output", "self")
    inplace = False
    samples = [case(f32[2, 3], f32[2, 3], 0.5), case(f64[4], f64[4], 0),
               case(f64[2, 3], f64[3], -0.25), case(f32.of([1, 1]), f32.of([nan, 1]), 0),
               case(f16[3], f16[3], 0.5), case(bf16[3], bf16[3], 0)]  # fmt: skip

    def formula(m, g, x, bound):
        return m.where(x <= bound, 0, g)

    def grad(t, g, out, given, x, bound):
        return t.threshold_backward(g, x, bound)


NO_BOUNDS = "{dtype} inputs not supported for hardtanh"


@op("aten::relu6(Tensor self) -> Tensor")
class relu6(Pointwise):
    """self moved into [0, 6]."""

    saves = ("self",)
    accepts = "if"
    refusal = NO_BOUNDS
    idempotent = True
    domain = (-3, 9)
    extra_samples = SPECIAL

    def formula(m, x):
        return m.minimum(m.maximum(x, 0), 6)

    def grad(t, g, out, x):
        return _inside(t, g, x, 0, 6)


@op("aten::hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor")
class hardtanh(Pointwise):
    """self moved into [min_val, max_val]."""

    saves = ("self",)
    accepts = "if"
    refusal = NO_BOUNDS
    idempotent = True
    samples = [
        *SPECIAL,
        case(f32[2, 3], -0.5, 2),
        case(f64[2, 3]),
        case(f16[3]),
        case(bf16[3]),
        case(i64[4], 0, 2),
        case(u8[4], 1, 2),
        case(f32[0]),
        case(f32[()]),
    ]

    def formula(m, x, low, high):
        return m.minimum(m.maximum(x, low), high)

    def check(common, x, low, high):
        if common is uint8 and F.is_known(low, high) and (low < 0 or high < 0):
            raise RuntimeError(
                "cannot do hardtanh on an unsigned type with negative limits"
            )

    def grad(t, g, out, x, low, high):
        return _inside(t, g, x, low, high)


@op('aten::gelu(Tensor self, *, str approximate="none") -> Tensor')
class gelu(Pointwise):
    """self times the normal distribution function of self."""

    saves = ("self",)
    accepts = "f"
    extra_samples = [
        case(f32.of([nan, 0.0, -0.0, 50, -50])),
        case(f32[2, 3], approximate="tanh"),
        case(f64[2, 3], approximate="tanh"),
        case(bf16[3], approximate="tanh"),
    ]

    def formula(m, x, approximate):
        if approximate == "tanh":
            inner = x * (1 + 0.044715 * x * x) * math.sqrt(2 / math.pi)
            return 0.5 * x * (1 + m.tanh(inner))
        return 0.5 * x * (1 + m.erf(x * math.sqrt(0.5)))

    def check(common, x, approximate):
        if F.is_known(approximate) and approximate not in ("none", "tanh"):
            raise RuntimeError("approximate argument must be either none or tanh.")

    def grad(t, g, out, x, approximate):
        if approximate == "tanh":
            slope = math.sqrt(2 / math.pi)
            square = x * x
            bent = t.tanh(slope * x * (1 + 0.044715 * square))
            inner = slope * (1 + 3 * 0.044715 * square)
            return g * (0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * inner)
        share = 0.5 * (1 + t.erf(x * math.sqrt(0.5)))
        density = t.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
        return g * (share + x * density)


@op("aten::silu(Tensor self) -> Tensor")
class silu(Pointwise):
    """self * sigmoid(self), also called swish."""

    saves = ("self",)
    accepts = "fc"
    extra_samples = SPECIAL

    def formula(m, x):
        return x / (1 + m.exp(-x))

    def grad(t, g, out, x):
        share = t.sigmoid(x)
        return g * (share * (1 + x * (1 - share)))


@op("aten::mish(Tensor self) -> Tensor")
class mish(Pointwise):
    """self * tanh(log(1 + exp(self)))."""

    saves = ("self",)
    accepts = "f"

    def formula(m, x):
        return x * m.tanh(m.log1p(m.exp(x)))

    def grad(t, g, out, x):
        bent = t.tanh(t.softplus(x))
        return g * (bent + x * t.sigmoid(x) * (1 - bent * bent))


@op("aten::softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor")
class softplus(Pointwise):
    """log(1 + exp(beta * self)) / beta, and self where beta * self > threshold."""

    saves = ("self",)
    accepts = "f"
    inplace = False
    extra_samples = [*SPECIAL, case(f32[2, 3], 2, 3), case(f64[3], beta=0.5)]

    def formula(m, x, beta, threshold):
        scaled = x * beta
        return m.where(scaled > threshold, x, m.log1p(m.exp(scaled)) / beta)

    def grad(t, g, out, x, beta, threshold):
        return g * t.where(t.gt(x * beta, threshold), 1.0, t.sigmoid(x * beta))


@op(
    "aten::elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1)"
    " -> Tensor"
)
class elu(Pointwise):
    """scale * self above zero, scale * alpha * (exp(input_scale * self) - 1) below."""

    saves = ("self",)
    accepts = "f"
    extra_samples = [*SPECIAL, case(f32[2, 3], 0.5), case(f64[3], 1.5, 2, 0.5)]

    def formula(m, x, alpha, scale, input_scale):
        return m.where(x > 0, x * scale, m.expm1(x * input_scale) * (alpha * scale))

    def grad(t, g, out, x, alpha, scale, input_scale):
        below = t.exp(t.clamp_max(x, 0) * input_scale) * (alpha * input_scale * scale)
        return g * t.where(t.gt(x, 0), scale, below)


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@op("aten::selu(Tensor self) -> Tensor")
class selu(Pointwise):
    """elu with the alpha and scale that keep mean 0 and variance 1."""

    saves = ("self",)
    accepts = "f"
    extra_samples = SPECIAL

    def formula(m, x):
        negative = m.expm1(x) * (SELU_ALPHA * SELU_SCALE)
        return m.where(x > 0, x * SELU_SCALE, negative)

    def grad(t, g, out, x):
        return elu.grad(t, g, out, x, SELU_ALPHA, SELU_SCALE, 1.0)


@op("aten::celu(Tensor self, Scalar alpha=1.) -> Tensor")
class celu(Pointwise):
    """self above zero, alpha * (exp(self / alpha) - 1) below."""

    saves = ("self",)
    accepts = "f"
    extra_samples = [*SPECIAL, case(f32[2, 3], 0.5)]

    def formula(m, x, alpha):
        return m.where(x > 0, x, m.expm1(x / alpha) * alpha)

    def check(common, x, alpha):
        if F.is_known(alpha) and alpha == 0:
            raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")

    def grad(t, g, out, x, alpha):
        return elu.grad(t, g, out, x, alpha, 1.0, 1.0 / alpha)


@op("aten::leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor")
class leaky_relu(Pointwise):
    """self above zero, negative_slope * self below."""

    saves = ("self",)
    accepts = "f"
    extra_samples = [*SPECIAL, case(f64[4], negative_slope=-1.5)]

    def formula(m, x, slope):
        return m.where(x > 0, x, x * slope)

    def grad(t, g, out, x, slope):
        return t.where(t.gt(x, 0), g, g * slope)


@op("aten::hardsigmoid(Tensor self) -> Tensor")
class hardsigmoid(Pointwise):
    """(self + 3) / 6 moved into [0, 1]."""

    saves = ("self",)
    accepts = "f"
    domain = (-6, 6)

    def formula(m, x):
        return m.minimum(m.maximum(x + 3, 0), 6) / 6

    def grad(t, g, out, x):
        return _inside(t, g * (1 / 6), x, -3, 3)


@op("aten::hardswish(Tensor self) -> Tensor")
class hardswish(Pointwise):
    """self * hardsigmoid(self)."""

    saves = ("self",)
    accepts = "f"
    domain = (-6, 6)

    def formula(m, x):
        return x * m.minimum(m.maximum(x + 3, 0), 6) / 6

    def grad(t, g, out, x):
        between = g * (x / 3 + 0.5)
        return t.where(t.lt(x, -3), t.zeros_like(g), t.where(t.le(x, 3), between, g))


@op("aten::log_sigmoid(Tensor self) -> Tensor")
class log_sigmoid(Pointwise):
    """log(sigmoid(self)), without overflow on the way."""

    saves = ("self",)
    accepts = "f"
    inplace = False
    extra_samples = SPECIAL

    def formula(m, x):
        return m.minimum(x, 0) - m.log1p(m.exp(-m.abs(x)))

    def grad(t, g, out, x):
        return g * t.sigmoid(-x)


@op("aten::hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor")
class hardshrink(Pointwise):
    """self, but 0 between -lambd and lambd."""

    saves = ("self",)
    accepts = "f"
    inplace = False
    extra_samples = [*SPECIAL, case(f32[2, 3], 1)]

    def formula(m, x, bound):
        return m.where((x >= -bound) & (x <= bound), 0, x)

    def grad(t, g, out, x, bound):
        return t.where(t.le(t.abs(x), bound), t.zeros_like(g), g)


@op("aten::softshrink(Tensor self, Scalar lambd=0.5) -> Tensor")
class softshrink(Pointwise):
    """self moved towards zero by lambd, and 0 between -lambd and lambd."""

    saves = ("self",)
    accepts = "f"
    inplace = False
    extra_samples = [*SPECIAL, case(f32[2, 3], 1)]

    def formula(m, x, bound):
        return m.where(x > bound, x - bound, m.where(x < -bound, x + bound, x * 0))

    def check(common, x, bound):
        if F.is_known(bound) and bound < 0:
            raise RuntimeError(
                f"lambda must be greater or equal to 0, but found to be {bound:g}."
            )

    def grad(t, g, out, x, bound):
        return t.where(t.le(t.abs(x), bound), t.zeros_like(g), g)


@op("aten::threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor")
class threshold(Pointwise):
    """self above threshold, otherwise value."""

    saves = ("self",)
    accepts = "if"
    samples = [case(f32[2, 3], 0.5, -1), case(f64[4], 0, 20), case(i64[4], 1, 7),
               case(f16[3], 0.5, 0.1), case(f32.of([nan, inf, 0]), 0, 1)]  # fmt: skip

    def formula(m, x, bound, value):
        return m.where(x <= bound, value, x)

    def grad(t, g, out, x, bound, value):
        return t.threshold_backward(g, x, bound)


@op(
    "aten::nan_to_num(Tensor self, float? nan=None, float? posinf=None,"
    " float? neginf=None) -> Tensor"
)
class nan_to_num(Pointwise):
    """self with nan and infinities replaced, by default by 0 and the largest numbers."""

    saves = ("self",)
    samples = [
        case(f32.of([nan, inf, -inf, 1])),
        case(f64.of([nan, inf, -inf, 1]), 1.0, 2.0, 3.0),
        case(f16.of([nan, inf, -inf, 1])),
        case(i64[3]),
    ]

    def kernel(x, nan, posinf, neginf):
        if x.dtype.kind in "iub":
            return x.copy()
        limits = np.finfo(x.dtype) if x.dtype.kind == "f" else bfloat16_limits()
        high = limits.max if posinf is None else posinf
        low = limits.min if neginf is None else neginf
        y = np.where(np.isnan(x), 0.0 if nan is None else nan, x)
        y = np.where(x == np.inf, high, np.where(x == -np.inf, low, y))
        return y.astype(x.dtype)

    raises = False

    def grad(t, g, out, x, nan, posinf, neginf):
        return t.where(t.isfinite(x), g, t.zeros_like(g))


def bfloat16_limits():
    """The largest and smallest bfloat16."""
    import ml_dtypes

    return ml_dtypes.finfo("bfloat16")


@op("aten::prelu(Tensor self, Tensor weight) -> Tensor")
class prelu(Card):
    """self above zero, weight * self below; one weight, or one for each channel."""

    saves = ("self", "weight")
    samples = [
        case(f32[2, 3, 4], f32[3]),
        case(f32[2, 3], f32[1]),
        case(f64[3], f64[1]),
        case(f32[()], f32[1]),
    ]

    def kernel(x, weight):
        refuse_integers("prelu_cpu", dtype_of(x.dtype))
        check_prelu(x.shape, weight.shape)
        if weight.size != 1:
            weight = weight.reshape((-1,) + (1,) * (x.ndim - 2))
        else:
            weight = weight.reshape(())
        return np.where(x > 0, x, x * weight).astype(x.dtype)

    def infer(x, weight):
        refuse_integers("prelu_cpu", x.dtype)
        if F.numel(x.sizes) is not None and F.numel(weight.sizes) is not None:
            try:
                check_prelu(x.sizes, weight.sizes)
            except RuntimeError as e:
                raise ShapeError(str(e)) from None
        return T.TensorType(x.dtype, x.sizes)

    def grad(t, g, out, x, weight):
        single = x.ndim < 2 or math.prod(weight.shape) == 1
        shape = [] if single else [-1, *[1] * (x.ndim - 2)]
        below = t.le(x, 0)

        def of_weight():
            slope = t.where(below, g * x, 0.0)
            if single:
                return t.reshape(t.sum(slope), list(weight.shape))
            return t.sum(slope, [d for d in range(x.ndim) if d != 1])

        return lambda: t.where(below, g * t.reshape(weight, shape), g), of_weight


def check_prelu(sizes, weight_sizes):
    """RuntimeError if weights and channels differ in number."""
    if len(weight_sizes) > 1:
        raise RuntimeError(
            "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim ="
            f" {len(weight_sizes)}"
        )
    count = math.prod(weight_sizes)
    if count == 1:
        return
    channels = sizes[1] if len(sizes) > 1 else 1
    if count != channels:
        raise RuntimeError(
            "Mismatch of parameter numbers and input channel size. Found parameter"
            f" numbers = {count} and channel size = {channels}."
        )


@op("aten::glu(Tensor self, int dim=-1) -> Tensor")
class glu(Card):
    """The first half along dim times the sigmoid of the second half."""

    saves = ("self",)
    samples = [case(f32[2, 4]), case(f64[4, 3], 0), case(f16[2, 4])]

    def kernel(x, dim):
        refuse_integers("glu_cpu", dtype_of(x.dtype))
        if x.ndim == 0:
            raise RuntimeError(
                "glu does not support 0-dimensional tensors because halving size must"
                " be even"
            )
        axis = F.wrap_dim(dim, x.ndim)
        check_halves(x.shape[axis], axis)
        first, second = np.split(x.astype(np.result_type(x, np.float32)), 2, axis)
        return (first / (1 + np.exp(-second))).astype(x.dtype)

    def infer(x, dim):
        refuse_integers("glu_cpu", x.dtype)
        if x.sizes is None or not F.is_known(dim):
            return T.TensorType(x.dtype)
        axis = F.wrap_dim(dim, len(x.sizes), ShapeError)
        size = x.sizes[axis]
        if size is None:
            return x
        try:
            check_halves(size, axis)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None
        return T.TensorType(x.dtype, (*x.sizes[:axis], size // 2, *x.sizes[axis + 1 :]))

    def grad(t, g, out, x, dim):
        half = x.shape[dim] // 2
        first, second = t.narrow(x, dim, 0, half), t.narrow(x, dim, half, half)
        share = t.sigmoid(second)
        inner = g * share
        return t.cat([inner, inner * first * (1 - share)], dim)


def check_halves(size, axis):
    """RuntimeError if a size cannot be halved."""
    if size % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {axis} is size {size}"
        )

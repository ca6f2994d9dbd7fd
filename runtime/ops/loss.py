"""Losses: one number for how far predictions are from targets, or one for each."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_of, promote_dtypes
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f16, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.promotion import get_default_dtype

NONE, MEAN, SUM = range(3)
"""Torch's numbers for `reduction`."""


def reduced(loss, reduction, dtype):
    """All losses, their mean or their sum, in the dtype of the result."""
    if reduction == MEAN:
        loss = loss.mean() if loss.size else np.asarray(np.nan, loss.dtype)
    elif reduction == SUM:
        loss = loss.sum()
    elif reduction != NONE:
        raise RuntimeError(f"{reduction} is not a valid value for reduction")
    return np.asarray(loss).astype(dtype, copy=False)


def reduced_sizes(sizes, reduction):
    """The sizes after a reduction; None if it is not known which."""
    if reduction is UNKNOWN:
        return None
    return sizes if reduction == NONE else ()


def each(t, g, x, y, reduction):
    """The gradient of each loss, given that of what they were reduced to."""
    if reduction == NONE:
        return g
    shape = S.broadcast(tuple(x.shape), tuple(y.shape))
    if reduction == MEAN:
        g = g / math.prod(shape)
    return t.expand(g, list(shape))


class Loss(Shaped):
    """Element by element on broadcast operands of a floating dtype, then reduced.

    The card gives `formula(m, x, y, *rest)`, where the rest comes behind `reduction`.
    """

    unknown = ("reduction",)

    def dtypes(x, y, *rest):
        return None if x is None or y is None else common_floating(x, y)

    def sizes(x, y, reduction, *rest):
        return reduced_sizes(S.broadcast(x, y), reduction)

    @classmethod
    def complete(cls):
        formula = cls.formula
        if cls.kernel is None:
            cls.kernel = staticmethod(_loss_kernel(formula))
        super().complete()


def common_floating(x, y):
    return only_floating("loss", promote_dtypes(x, y))


def only_floating(name, dtype):
    """The dtype; NotImplementedError for integers, in the words of torch's kernel."""
    if dtype is not None and not dtype.is_floating_point and not dtype.is_complex:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.title}'")
    return dtype


def _loss_kernel(formula, result=None):
    """The kernel of a loss; `result` gives its dtype where it is not the common one."""
    result = result or common_floating

    def kernel(x, y, reduction, *rest):
        S.broadcast(x.shape, y.shape)
        given = dtype_of(x.dtype), dtype_of(y.dtype)
        wanted = result(*given).numpy
        dtype = promote_dtypes(*given).numpy
        x, y = widened(x.astype(dtype)), widened(y.astype(dtype))
        kind = x.dtype.type
        loss = formula(np, x, y, *(kind(r) for r in rest))
        return reduced(np.asarray(loss), reduction, wanted)

    return kernel


def _own(x, y):
    """The dtype of a result that is stored in the dtype of the input."""
    common = promote_dtypes(x, y)
    if not x.is_floating_point:
        wanted = common if common.is_floating_point else get_default_dtype()
        raise RuntimeError(
            f"result type {wanted.title} can't be cast to the desired output type"
            f" {x.title}"
        )
    return x


class OwnDtypeLoss(Loss):
    """A loss in the dtype of the input, whatever the target's."""

    def dtypes(x, y, *rest):
        return None if x is None or y is None else _own(x, y)


PAIRS = [
    case(f32[2, 3], f32[2, 3]),
    case(f32[2, 3], f32[2, 3], 0),
    case(f64[2, 3], f64[3], 2),
    case(f32[()], f64[()]),
    case(f32[0], f32[0], 2),
    case(f16[4], f16[4]),
]


@op("aten::mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor")
class mse_loss(Loss):
    """The squares of the differences."""

    saves = ("self", "target")

    def formula(m, x, y):
        return (x - y) * (x - y)

    samples = PAIRS

    def grad(t, g, out, x, y, reduction):
        slope = each(t, g, x, y, reduction) * (2 * (x - y))
        return slope, lambda: -slope


@op("aten::l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor")
class l1_loss(Loss):
    """The absolute differences."""

    saves = ("self", "target")

    def formula(m, x, y):
        return m.abs(x - y)

    samples = PAIRS

    def grad(t, g, out, x, y, reduction):
        slope = each(t, g, x, y, reduction) * t.sgn(x - y)
        return slope, lambda: -slope


def _check_positive(name, value):
    if value is not UNKNOWN and not isinstance(value, DType) and value < 0:
        raise RuntimeError(f"{name} does not support negative values")


@op(
    "aten::smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.)"
    " -> Tensor"
)
class smooth_l1_loss(Loss):
    """Squared below `beta`, absolute above, joined smoothly."""

    saves = ("self", "target")

    def kernel(x, y, reduction, beta):
        _check_positive("smooth_l1_loss", beta)
        if beta == 0:
            return l1_loss.kernel(x, y, reduction)
        return _smooth_l1(x, y, reduction, beta)

    def sizes(x, y, reduction, beta):
        _check_positive("smooth_l1_loss", beta)
        return reduced_sizes(S.broadcast(x, y), reduction)

    def formula(m, x, y, beta):
        z = m.abs(x - y)
        return m.where(z < beta, z * z * (0.5 / beta), z - 0.5 * beta)

    samples = [*PAIRS, case(f32[3], f32[3], beta=0.5), case(f32[3], f32[3], beta=0.0)]

    def grad(t, g, out, x, y, reduction, beta):
        gap = x - y
        bent = t.sgn(gap) if beta == 0 else t.clamp(gap / beta, -1, 1)
        slope = each(t, g, x, y, reduction) * bent
        return slope, lambda: -slope


_smooth_l1 = _loss_kernel(smooth_l1_loss.formula)


@op(
    "aten::huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.)"
    " -> Tensor"
)
class huber_loss(OwnDtypeLoss):
    """Squared below `delta`, absolute above, `delta` times steeper than smooth_l1."""

    saves = ("self", "target")

    def kernel(x, y, reduction, delta):
        _check_delta(delta)
        return _huber(x, y, reduction, delta)

    def sizes(x, y, reduction, delta):
        _check_delta(delta)
        return reduced_sizes(S.broadcast(x, y), reduction)

    def formula(m, x, y, delta):
        z = m.abs(x - y)
        return m.where(z < delta, 0.5 * z * z, delta * (z - 0.5 * delta))

    samples = [*PAIRS, case(f32[3], f32[3], delta=0.5)]

    def grad(t, g, out, x, y, reduction, delta):
        slope = each(t, g, x, y, reduction) * t.clamp(x - y, -delta, delta)
        return slope, lambda: -slope


def _check_delta(delta):
    if delta is not UNKNOWN and delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")


_huber = _loss_kernel(huber_loss.formula, _own)


@op("aten::soft_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor")
class soft_margin_loss(OwnDtypeLoss):
    """log(1 + exp(-target * input)), for targets of -1 and 1."""

    saves = ("self", "target")

    def kernel(x, y, reduction):
        return _soft_margin(x, y, reduction)

    def formula(m, x, y):
        return m.log1p(m.exp(-y * x))

    samples = PAIRS

    def grad(t, g, out, x, y, reduction):
        slope = -each(t, g, x, y, reduction) * t.sigmoid(-y * x)
        return lambda: slope * y, lambda: slope * x


_soft_margin = _loss_kernel(soft_margin_loss.formula, _own)


@op(
    "aten::kl_div(Tensor self, Tensor target, int reduction=1, *,"
    " bool log_target=False) -> Tensor"
)
class kl_div(Loss):
    """target * (log target - input), for inputs that are logarithms."""

    domain = (0.1, 0.9)

    saves = ("self", "target")

    def kernel(x, y, reduction, log_target):
        return (_kl_log if log_target else _kl_plain)(x, y, reduction)

    def sizes(x, y, reduction, log_target):
        return reduced_sizes(S.broadcast(x, y), reduction)

    samples = [
        case(f32[2, 3], f32[2, 3].within(0, 1)),
        case(f32[2, 3], f32[3], 2, log_target=True),
        case(f64[2], f64[2].within(0, 0), 0),
        case(f64[2, 3], f64[3], 0, log_target=True),
    ]

    def grad(t, g, out, x, y, reduction, log_target):
        g = each(t, g, x, y, reduction)
        if log_target:
            share = t.exp(y)
            return lambda: -g * share, lambda: g * (share * (y - x + 1))
        return lambda: -g * y, lambda: g * (t.log(y) + 1 - x)


_kl_log = _loss_kernel(lambda m, x, y: m.exp(y) * (y - x))
_kl_plain = _loss_kernel(
    # 0 log 0 counts as 0
    lambda m, x, y: m.where(y == 0, 0 * y, y * m.log(m.where(y == 0, 1, y))) - y * x
)


def _weighted(loss, weight, shape):
    if weight is None:
        return loss
    S.expand(weight.shape, shape)
    return loss * widened(weight)


def _same_sizes(x, y, message):
    same = len(x) == len(y) and all(
        a is None or b is None or a == b for a, b in zip(x, y, strict=True)
    )
    if not same:
        raise ValueError(message)
    return x


def _size_text(sizes):
    return f"torch.Size({S.shown(sizes)})"


def _check_bce(x, y):
    return _same_sizes(
        x,
        y,
        f"Using a target size ({_size_text(y)}) that is different to the input size"
        f" ({_size_text(x)}) is deprecated. Please ensure they have the same size.",
    )


@op(
    "aten::binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None,"
    " int reduction=1) -> Tensor"
)
class binary_cross_entropy(Shaped):
    """-(target log input + (1 - target) log(1 - input)), logarithms above -100."""

    domain = (0.1, 0.9)

    saves = ("self", "target", "weight")
    fails = VALUES
    unknown = ("reduction",)

    def kernel(x, y, weight, reduction):
        _check_bce(x.shape, y.shape)
        only_floating("binary_cross_entropy", dtype_of(x.dtype))
        wide, target = widened(x), widened(y)
        if not ((wide >= 0) & (wide <= 1)).all():
            raise RuntimeError("all elements of input should be between 0 and 1")
        floor = wide.dtype.type(-100)
        positive = np.maximum(np.log(wide), floor)
        negative = np.maximum(np.log1p(-wide), floor)
        loss = (target - 1) * negative - target * positive
        return reduced(_weighted(loss, weight, x.shape), reduction, x.dtype)

    def sizes(x, y, weight, reduction):
        return reduced_sizes(_check_bce(x, y), reduction)

    def dtypes(x, y, *rest):
        return only_floating("binary_cross_entropy", x)

    samples = [
        case(f32[2, 3].within(0, 1), f32[2, 3].within(0, 1)),
        case(f32[2, 3].within(0, 1), f32[2, 3].within(0, 1), f32[3], 0),
        case(f64[1].within(0, 0), f64[1].within(1, 1), None, 2),
    ]

    def grad(t, g, out, x, y, weight, reduction):
        g = each(t, g, x, y, reduction)
        weighted = g if weight is None else g * weight

        def of_target():
            chance = t.clamp_min(t.log1p(-x), -100) - t.clamp_min(t.log(x), -100)
            return weighted * chance

        return (
            lambda: weighted * ((x - y) / t.clamp_min(x * (1 - x), 1e-12)),
            of_target,
            lambda: g * t.binary_cross_entropy(x, y, None, NONE),
        )


def _check_logits(x, y):
    return _same_sizes(
        x,
        y,
        f"Target size ({_size_text(y)}) must be the same as input size"
        f" ({_size_text(x)})",
    )


@op(
    "aten::binary_cross_entropy_with_logits(Tensor self, Tensor target,"
    " Tensor? weight=None, Tensor? pos_weight=None, int reduction=1) -> Tensor"
)
class binary_cross_entropy_with_logits(Shaped):
    """`binary_cross_entropy` of the sigmoid of the input, without overflow."""

    saves = ("self", "target", "weight", "pos_weight")
    fails = VALUES
    unknown = ("reduction",)

    def kernel(x, y, weight, pos_weight, reduction):
        S.broadcast(x.shape, y.shape)
        only_floating("log_sigmoid_cpu", dtype_of(x.dtype))
        wide, target = widened(x), widened(y)
        # log(1 + exp(-x)) = max(-x, 0) + log1p(exp(-|x|))
        softplus = np.log1p(np.exp(-np.abs(wide))) + np.maximum(-wide, 0)
        if pos_weight is None:
            loss = (1 - target) * wide + softplus
        else:
            factor = (widened(pos_weight) - 1) * target + 1
            loss = (1 - target) * wide + factor * softplus
        return reduced(_weighted(loss, weight, loss.shape), reduction, x.dtype)

    def sizes(x, y, weight, pos_weight, reduction):
        return reduced_sizes(S.broadcast(x, y), reduction)

    def dtypes(x, y, *rest):
        return only_floating("log_sigmoid_cpu", x)

    samples = [
        case(f32[2, 3], f32[2, 3].within(0, 1)),
        case(f32[2, 3], f32[2, 3].within(0, 1), f32[3], f32[3].within(1, 2), 0),
        case(f64[1].within(800, 800), f64[1].within(0, 0), None, None, 2),
    ]

    def grad(t, g, out, x, y, weight, pos_weight, reduction):
        g = each(t, g, x, y, reduction)
        weighted = g if weight is None else g * weight
        softplus = -t.log_sigmoid(x)

        def of_input():
            if pos_weight is None:
                return weighted * (t.sigmoid(x) - y)
            factor = (pos_weight - 1) * y + 1
            return weighted * (1 - y - factor * t.sigmoid(-x))

        def of_target():
            slope = -x if pos_weight is None else (pos_weight - 1) * softplus - x
            return weighted * slope

        return (
            of_input,
            of_target,
            lambda: (
                g * t.binary_cross_entropy_with_logits(x, y, None, pos_weight, NONE)
            ),
            lambda: weighted * (y * softplus),
        )

"""Losses of margins, of several labels, of pairs and of counts."""

from __future__ import annotations

import math

from jit.ir import dtypes
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.arithmetic import check_terms
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.loss import MEAN, NONE, SUM
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES


def reduced(t, loss, reduction):
    """All losses, their mean or their sum."""
    if reduction == MEAN:
        return t.mean(loss)
    if reduction == SUM:
        return t.sum(loss)
    if reduction != NONE:
        raise RuntimeError(f"{reduction} is not a valid value for reduction")
    return loss


class PairLoss(Composed):
    """A loss whose sizes come of its inputs only when it runs."""

    fails = VALUES

    def sizes(*arguments):
        return None


def _check_multi(x, target):
    if len(x) > 2 or 0 in x[1:]:
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but"
            f" got: {S.shown(x)}"
        )
    rows = x[0] if len(x) == 2 else 1
    if len(target) > 1 or (target and target[0] != rows):
        raise RuntimeError(
            f"inconsistent target size, expected {rows} but got {S.shown(target)}"
        )


@op(
    "aten::multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1,"
    " Tensor? weight=None, int reduction=1) -> Tensor"
)
class multi_margin_loss(PairLoss):
    """How far other classes come within a margin of the target's class."""

    def composite(t, x, target, p, margin, weight, reduction):
        _check_multi(tuple(x.shape), tuple(target.shape))
        if p not in (1, 2):
            raise RuntimeError("only p == 1 and p == 2 supported")
        if x.dtype.name in ("int64", "bool"):
            raise NotImplementedError(
                f"\"multi_margin_loss\" not implemented for '{x.dtype.title}'"
            )
        lone = x.ndim < 2
        x = t.reshape(x, [-1, x.shape[-1] if x.ndim else 1])
        classes = x.shape[1]
        at = t.reshape(target, [-1, 1])
        gap = t.clamp_min(margin - t.gather(x, 1, at) + x, 0)
        if p == 2:
            gap = gap * gap
        if weight is not None:
            gap = gap * t.reshape(t.take(weight, at), [-1, 1])
        others = t.ne(t.unsqueeze(t.arange(classes), 0), at)
        loss = t.sum(gap * others, [1]) / classes
        if lone and not target.ndim:
            loss = t.squeeze(loss, 0)
        return reduced(t, loss, reduction)

    samples = [
        case(f64[2, 3], i64.of([0, 2])),
        case(f64[2, 3], i64.of([1, 2]), 2, 0.5, f64[3].within(1, 2), 0),
        case(f32[3], i64.of(1), reduction=2),
    ]


@op(
    "aten::multilabel_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor"
)
class multilabel_margin_loss(PairLoss):
    """How far other classes come within 1 of those that the target lists.

    The list ends at the first -1.
    """

    def composite(t, x, target, reduction):
        shape = tuple(x.shape)
        if len(shape) > 2 or 0 in shape[1:] or tuple(target.shape) != shape:
            raise RuntimeError(
                f"inconsistent target size: {S.shown(tuple(target.shape))} for input of"
                f" size: {S.shown(shape)}"
            )
        if not x.dtype.is_floating_point:
            raise NotImplementedError(
                f"\"multilabel_margin_loss\" not implemented for '{x.dtype.title}'"
            )
        if not shape:
            x, target = t.reshape(x, [1]), t.reshape(target, [1])
        listed = t.cumprod(t.to(t.ge(target, 0), dtypes.int64), -1)
        at = t.clamp_min(target, 0)
        is_target = t.scatter_add(t.zeros_like(at), -1, at, listed)
        gap = 1 - t.unsqueeze(t.gather(x, -1, at), -1) + t.unsqueeze(x, -2)
        counts = t.unsqueeze(listed, -1) * t.unsqueeze(t.eq(is_target, 0), -2)
        loss = t.sum(t.clamp_min(gap, 0) * counts, [-2, -1]) / x.shape[-1]
        return reduced(t, loss, reduction)

    samples = [
        case(f64[2, 4], i64.of([[3, 0, -1, 1], [1, 2, 3, -1]])),
        case(f64[3], i64.of([0, -1, 2]), 2),
        case(f32[1, 3], i64.of([[0, 1, 2]]), 0),
    ]


@op(
    "aten::margin_ranking_loss(Tensor input1, Tensor input2, Tensor target,"
    " float margin=0., int reduction=1) -> Tensor"
)
class margin_ranking_loss(PairLoss):
    """How far pairs are from the order that the target, 1 or -1, gives them."""

    def composite(t, x, y, target, margin, reduction):
        return reduced(t, t.clamp_min((y - x) * target + margin, 0), reduction)

    samples = [case(f64[3], f64[3], i64.of([1, -1, 1]), 0.5),
               case(f32[3], f32[3], i64.of([1, -1, 1]), 0.5, 0)]  # fmt: skip


@op(
    "aten::hinge_embedding_loss(Tensor self, Tensor target, float margin=1.,"
    " int reduction=1) -> Tensor"
)
class hinge_embedding_loss(PairLoss):
    """The input for targets of 1, max(0, margin - input) for targets of -1."""

    def composite(t, x, target, margin, reduction):
        check_terms(x)
        zero = t.zeros_like(x)
        far = t.where(t.ne(target, 1), t.clamp_min(margin - x, 0), zero)
        return reduced(t, far + t.where(t.ne(target, -1), x, zero), reduction)

    samples = [case(f64[3], i64.of([1, -1, 1])), case(f32[2], i64.of([1, -1]), 0.5, 2)]


@op(
    "aten::cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target,"
    " float margin=0., int reduction=1) -> Tensor"
)
class cosine_embedding_loss(PairLoss):
    """1 - cosine for targets of 1, the cosine above a margin for targets of -1."""

    def composite(t, x, y, target, margin, reduction):
        _check_pairs(tuple(x.shape), tuple(y.shape), tuple(target.shape))
        # integers are compared as floats are
        eps = 1e-12
        product = t.sum(x * y, [-1])
        squares = (t.sum(x * x, [-1]) + eps) * (t.sum(y * y, [-1]) + eps)
        cosine = product / t.sqrt(squares)
        zero = t.zeros_like(cosine)
        near = t.where(t.eq(target, 1), 1 - cosine, zero)
        far = t.where(t.eq(target, -1), t.clamp_min(cosine - margin, 0), zero)
        return reduced(t, near + far, reduction)

    samples = [case(f64[2, 3], f64[2, 3], i64.of([1, -1])),
               case(f32[2, 3], f32[2, 3], i64.of([1, -1]), 0.1, 0)]  # fmt: skip


def _check_pairs(x, y, target):
    if len(target) not in (0, 1):
        raise RuntimeError(
            "0D or 1D target tensor expected, multi-target not supported"
        )
    if len(x) != len(target) + 1 or len(y) != len(target) + 1:
        raise RuntimeError(
            f"{len(target)}D target tensor expects {len(target) + 1}D input tensors, but"
            f" found inputs with sizes {S.shown(x)} and {S.shown(y)}."
        )


@op(
    "aten::triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative,"
    " float margin=1., float p=2., float eps=9.9999999999999995e-07, bool swap=False,"
    " int reduction=1) -> Tensor"
)
class triplet_margin_loss(PairLoss):
    """How much nearer the negative is than the positive, plus a margin."""

    def composite(t, anchor, positive, negative, margin, p, eps, swap, reduction):
        if margin <= 0:
            raise RuntimeError("triplet_margin_loss: margin must be greater than 0")
        check_terms(anchor, positive, negative)
        anchor, positive, negative = (
            x if x.dtype.is_floating_point else t.to(x, dtypes.float32)
            for x in (anchor, positive, negative)
        )
        near = t.pairwise_distance(anchor, positive, p, eps)
        far = t.pairwise_distance(anchor, negative, p, eps)
        if swap:
            far = t.minimum(far, t.pairwise_distance(positive, negative, p, eps))
        return reduced(t, t.clamp_min(margin + near - far, 0), reduction)

    samples = [case(f64[2, 3], f64[2, 3], f64[2, 3]),
               case(f32[2, 3], f32[2, 3], f32[2, 3], swap=True, reduction=0)]  # fmt: skip


@op(
    "aten::poisson_nll_loss(Tensor input, Tensor target, bool log_input, bool full,"
    " float eps, int reduction) -> Tensor"
)
class poisson_nll_loss(PairLoss):
    """Minus the logarithm of the probability of counts, but for a constant."""

    domain = (0.2, 1.4)

    def composite(t, x, target, log_input, full, eps, reduction):
        check_terms(x, target)
        if log_input:
            loss = t.exp(x) - target * x
        else:
            loss = x - target * t.log(x + eps)
        if full:
            more = target * t.log(target) - target
            more = more + 0.5 * t.log(target * (2 * math.pi))
            loss = loss + t.where(t.le(target, 1), 0.0, more)
        return reduced(t, loss, reduction)

    samples = [
        case(f64[3].within(0.5, 2), f64[3].within(0.5, 2), True, False, 1e-8, 1),
        case(f32[3].within(0.5, 2), f32[3].within(2, 3), False, True, 1e-8, 0),
    ]

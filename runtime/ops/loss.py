"""Losses: one number for how far predictions are from targets, or one for each."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_of, int64, promote_dtypes, uint8
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f16, f32, f64, i64
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


class Loss(Shaped):
    """Element by element on broadcast operands of a floating dtype, then reduced.

    The card gives `formula(m, x, y, *rest)`, where the rest comes behind `reduction`.
    """

    unknown = ("reduction",)

    def dtypes(x, y, *rest):
        return None if x is None or y is None else _common(x, y)

    def sizes(x, y, reduction, *rest):
        return reduced_sizes(S.broadcast(x, y), reduction)

    @classmethod
    def complete(cls):
        formula = cls.formula
        if cls.kernel is None:
            cls.kernel = staticmethod(_loss_kernel(formula))
        super().complete()


def _common(x, y):
    dtype = promote_dtypes(x, y)
    if not dtype.is_floating_point and not dtype.is_complex:
        raise NotImplementedError(f"\"loss\" not implemented for '{dtype.title}'")
    return dtype


def _loss_kernel(formula, result=None):
    """The kernel of a loss; `result` gives its dtype where it is not the common one."""
    result = result or _common

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

    def formula(m, x, y):
        return (x - y) * (x - y)

    samples = PAIRS


@op("aten::l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor")
class l1_loss(Loss):
    """The absolute differences."""

    def formula(m, x, y):
        return m.abs(x - y)

    samples = PAIRS


def _check_positive(name, value):
    if value is not UNKNOWN and not isinstance(value, DType) and value < 0:
        raise RuntimeError(f"{name} does not support negative values")


@op(
    "aten::smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.)"
    " -> Tensor"
)
class smooth_l1_loss(Loss):
    """Squared below `beta`, absolute above, joined smoothly."""

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


_smooth_l1 = _loss_kernel(smooth_l1_loss.formula)


@op(
    "aten::huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.)"
    " -> Tensor"
)
class huber_loss(OwnDtypeLoss):
    """Squared below `delta`, absolute above, `delta` times steeper than smooth_l1."""

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


def _check_delta(delta):
    if delta is not UNKNOWN and delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")


_huber = _loss_kernel(huber_loss.formula, _own)


@op("aten::soft_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor")
class soft_margin_loss(OwnDtypeLoss):
    """log(1 + exp(-target * input)), for targets of -1 and 1."""

    def kernel(x, y, reduction):
        return _soft_margin(x, y, reduction)

    def formula(m, x, y):
        return m.log1p(m.exp(-y * x))

    samples = PAIRS


_soft_margin = _loss_kernel(soft_margin_loss.formula, _own)


@op(
    "aten::kl_div(Tensor self, Tensor target, int reduction=1, *,"
    " bool log_target=False) -> Tensor"
)
class kl_div(Loss):
    """target * (log target - input), for inputs that are logarithms."""

    def kernel(x, y, reduction, log_target):
        return (_kl_log if log_target else _kl_plain)(x, y, reduction)

    def sizes(x, y, reduction, log_target):
        return reduced_sizes(S.broadcast(x, y), reduction)

    samples = [
        case(f32[2, 3], f32[2, 3].within(0, 1)),
        case(f32[2, 3], f32[3], 2, log_target=True),
        case(f64[2], f64[2].within(0, 0), 0),
    ]


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

    fails = VALUES
    unknown = ("reduction",)

    def kernel(x, y, weight, reduction):
        _check_bce(x.shape, y.shape)
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
        return x

    samples = [
        case(f32[2, 3].within(0, 1), f32[2, 3].within(0, 1)),
        case(f32[2, 3].within(0, 1), f32[2, 3].within(0, 1), f32[3], 0),
        case(f64[1].within(0, 0), f64[1].within(1, 1), None, 2),
    ]


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

    fails = VALUES
    unknown = ("reduction",)

    def kernel(x, y, weight, pos_weight, reduction):
        S.broadcast(x.shape, y.shape)
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
        return x

    samples = [
        case(f32[2, 3], f32[2, 3].within(0, 1)),
        case(f32[2, 3], f32[2, 3].within(0, 1), f32[3], f32[3].within(1, 2), 0),
        case(f64[1].within(800, 800), f64[1].within(0, 0), None, None, 2),
    ]


def _check_classes(x, target):
    """Check the sizes of inputs and class numbers; the dim of the classes."""
    if len(x) < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {len(x)})")
    if len(x) == 1:
        if len(target) > 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported"
            )
        return 0
    if target and None not in (x[0], target[0]) and x[0] != target[0]:
        raise ValueError(
            f"Expected input batch_size ({x[0]}) to match target batch_size"
            f" ({target[0]})."
        )
    if len(x) == 2:
        if len(target) != 1:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported"
            )
        return 1
    wanted = (x[0], *x[2:])
    misfit = len(wanted) != len(target) or any(
        a is not None and b is not None and a != b
        for a, b in zip(wanted, target, strict=False)
    )
    if misfit:
        raise RuntimeError(
            f"Expected target size {S.shown(wanted)}, got {S.shown(target)}"
        )
    return 1


def _check_class_dtype(dtype):
    if dtype not in (int64, uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {dtype.title}"
        )


def _class_sizes(x, target, reduction):
    dim = _check_classes(x, target)
    return reduced_sizes((*x[:dim], *x[dim + 1 :]), reduction)


def _nll(logs, target, weight, ignored):
    """Minus the element of each target's class, weighted, and the weights."""
    dim = _check_classes(logs.shape, target.shape)
    _check_class_dtype(dtype_of(target.dtype))
    classes = logs.shape[dim]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no"
            f" classes but got weight tensor of shape: {S.shown(weight.shape)}"
        )
    shape = (*logs.shape[:dim], *logs.shape[dim + 1 :])
    numbers = target.astype(np.int64).reshape(shape)
    counts = numbers != ignored
    used = np.where(counts, numbers, 0)
    wrong = counts & ((numbers < 0) | (numbers >= classes))
    if wrong.any():
        raise IndexError(f"Target {numbers[wrong][0]} is out of bounds.")
    if not classes and used.size:
        raise IndexError("Target 0 is out of bounds.")
    picked = np.take_along_axis(logs, np.expand_dims(used, dim), dim)
    picked = picked.reshape(shape)
    scale = counts.astype(logs.dtype)
    if weight is not None:
        scale = scale * widened(weight)[used]
    # an ignored element may be infinite
    return np.where(counts, -picked * scale, logs.dtype.type(0)), scale


def _class_mean(loss, scale, reduction, dtype):
    """As `reduced`, where the mean is weighted."""
    if reduction == MEAN:
        total = scale.sum()
        mean = loss.sum() / total if total else np.nan
        return np.asarray(mean).astype(dtype)
    return reduced(loss, reduction, dtype)


class ClassLoss(Shaped):
    """A loss of class numbers."""

    fails = VALUES
    unknown = ("reduction", "ignore_index", "label_smoothing")

    def dtypes(x, target, *rest):
        if x is not None and not x.is_floating_point:
            raise NotImplementedError(
                f"\"nll_loss_out_frame\" not implemented for '{x.title}'"
            )
        return x

    def sizes(x, target, weight, reduction, *rest):
        return _class_sizes(x, target, reduction)


CLASSES = [
    case(f32[2, 3], i64.of([0, 2])),
    case(f32[2, 3], i64.of([0, -100]), f32[3].within(1, 2), 0),
    case(f32[3], i64.of(1), None, 2),
    case(f64[2, 3], i64.of([0, 2]), f64[3].within(1, 2)),
]
SPATIAL = [
    case(f32[1, 3, 2, 2], i64.of([[[0, 2], [1, 1]]])),
    case(f32[1, 3, 1, 2], i64.of([[[0, 2]]]), None, 0),
]


def _nll_kernel(x, target, weight, reduction, ignore_index):
    ClassLoss.dtypes(dtype_of(x.dtype), None)
    loss, scale = _nll(widened(x), target, weight, ignore_index)
    return _class_mean(loss, scale, reduction, x.dtype)


NLL = (
    "(Tensor self, Tensor target, Tensor? weight=None, int reduction=1,"
    " SymInt ignore_index=-100) -> Tensor"
)


@op(f"aten::nll_loss{NLL}")
class nll_loss(ClassLoss):
    """Minus the logarithm of the probability of the target's class."""

    kernel = _nll_kernel

    samples = CLASSES


@op(f"aten::nll_loss2d{NLL}")
class nll_loss2d(ClassLoss):
    """`nll_loss` for each pixel of images."""

    kernel = _nll_kernel

    samples = SPATIAL


@op(f"aten::nll_loss_nd{NLL}")
class nll_loss_nd(ClassLoss):
    """`nll_loss` for inputs with any number of dims behind the classes."""

    kernel = _nll_kernel

    samples = [*CLASSES, *SPATIAL]


def _log_softmax(x, dim):
    shifted = x - x.max(dim, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))


def _check_smoothing(value):
    if value is not UNKNOWN and not 0 <= value <= 1:
        raise RuntimeError(
            f"label_smoothing must be between 0.0 and 1.0. Got: {value:g}"
        )


def _probability_loss(x, target, weight, reduction, smoothing, dtype):
    """Cross entropy with a probability for each class."""
    dim = 0 if x.ndim == 1 else 1
    classes = x.shape[dim]
    wanted = widened(target)
    if smoothing:
        wanted = wanted * (1 - smoothing) + smoothing / classes
    loss = -_log_softmax(x, dim) * wanted
    if weight is not None:
        loss = loss * widened(weight).reshape(-1, *(1,) * (x.ndim - dim - 1))
    loss = loss.sum(dim)
    if reduction == MEAN:
        return np.asarray(loss.sum() / max(x.size // classes, 1)).astype(dtype)
    return reduced(loss, reduction, dtype)


@op(
    "aten::cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None,"
    " int reduction=1, SymInt ignore_index=-100, float label_smoothing=0.) -> Tensor"
)
class cross_entropy_loss(ClassLoss):
    """`nll_loss` of the logarithm of the softmax; targets are numbers or shares."""

    def kernel(x, target, weight, reduction, ignore_index, smoothing):
        dtype = x.dtype
        ClassLoss.dtypes(dtype_of(dtype), None)
        _check_smoothing(smoothing)
        wide = widened(x)
        if x.shape == target.shape:
            if not dtype_of(target.dtype).is_floating_point:
                raise RuntimeError(
                    "Expected floating point type for target with class probabilities,"
                    f" got {dtype_of(target.dtype).title}"
                )
            if ignore_index >= 0:
                raise RuntimeError(
                    "ignore_index is not supported for floating point target"
                )
            return _probability_loss(wide, target, weight, reduction, smoothing, dtype)
        dim = _check_classes(x.shape, target.shape)
        logs = _log_softmax(wide, dim)
        loss, scale = _nll(logs, target, weight, ignore_index)
        plain = _class_mean(loss, scale, reduction, wide.dtype)
        if not smoothing:
            return plain.astype(dtype, copy=False)
        spread = -logs
        if weight is not None:
            shape = (-1, *(1,) * (x.ndim - dim - 1))
            spread = spread * widened(weight).reshape(shape)
        spread = spread.sum(dim)
        counts = target.reshape(spread.shape) != ignore_index
        spread = np.where(counts, spread, wide.dtype.type(0))
        smooth = _class_mean(spread, scale, reduction, wide.dtype)
        share = smoothing / x.shape[dim]
        return np.asarray((1 - smoothing) * plain + share * smooth).astype(dtype)

    def sizes(x, target, weight, reduction, ignore_index, smoothing):
        _check_smoothing(smoothing)
        if len(x) == len(target):
            same = all(
                a is None or b is None or a == b
                for a, b in zip(x, target, strict=True)
            )
            if same:
                dim = 0 if len(x) == 1 else 1
                return reduced_sizes((*x[:dim], *x[dim + 1 :]), reduction)
        return _class_sizes(x, target, reduction)

    samples = [
        *CLASSES,
        *SPATIAL,
        case(f32[2, 3], f32[2, 3].within(0, 1)),
        case(f32[2, 3], f32[2, 3].within(0, 1), f32[3], 0, label_smoothing=0.25),
        case(f32[2, 3], i64.of([0, -100]), f32[3].within(1, 2), label_smoothing=0.25),
        case(f16[2, 3], i64.of([0, 1])),
    ]


def _norm(x, dim):
    return np.sqrt(np.square(x).sum(dim, keepdims=True))


@op(
    "aten::cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor"
)
class cosine_similarity(Shaped):
    """The cosines of the angles between vectors along a dim."""

    def kernel(a, b, dim, eps):
        shape = S.broadcast(a.shape, b.shape)
        dim = S.wrap_dim(dim, len(shape))
        dtype = _common(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x = np.broadcast_to(widened(a.astype(dtype)), shape)
        y = np.broadcast_to(widened(b.astype(dtype)), shape)
        floor = x.dtype.type(eps)
        x = x / np.maximum(_norm(x, dim if shape else None), floor)
        y = y / np.maximum(_norm(y, dim if shape else None), floor)
        return (x * y).sum(dim if shape else None).astype(dtype)

    def sizes(a, b, dim, eps):
        shape = S.broadcast(a, b)
        dim = S.wrap_dim(dim, len(shape))
        return (*shape[:dim], *shape[dim + 1 :])

    def dtypes(a, b, *rest):
        return None if a is None or b is None else _common(a, b)

    samples = [
        case(f32[2, 3], f32[2, 3]),
        case(f32[2, 3], f32[3], -1),
        case(f64[3].within(0, 0), f64[3], 0),
    ]


@op(
    "aten::pairwise_distance(Tensor x1, Tensor x2, float p=2., float eps=1e-06,"
    " bool keepdim=False) -> Tensor"
)
class pairwise_distance(Shaped):
    """The p-norms of differences along the last dim, to which eps is added."""

    def kernel(a, b, p, eps, keepdim):
        S.broadcast(a.shape, b.shape)
        dtype = _common(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x, y = widened(a.astype(dtype)), widened(b.astype(dtype))
        gap = np.abs(x - y + x.dtype.type(eps))
        out = p_norm(gap, p, -1 if gap.ndim else None, keepdim)
        return np.asarray(out).astype(dtype)

    def sizes(a, b, p, eps, keepdim):
        shape = S.broadcast(a, b)
        return (*shape[:-1], 1) if keepdim and shape else shape[:-1]

    def dtypes(a, b, *rest):
        return None if a is None or b is None else _common(a, b)

    samples = [case(f32[2, 3], f32[2, 3]), case(f32[2, 3], f32[3], 1.0, keepdim=True)]


def p_norm(x, p, axis, keepdims):
    """The p-norm of absolute values along axes."""
    if p == 2:
        return np.sqrt(np.square(x).sum(axis, keepdims=keepdims))
    if p == 1:
        return x.sum(axis, keepdims=keepdims)
    if p == math.inf:
        return x.max(axis, keepdims=keepdims)
    if p == -math.inf:
        return x.min(axis, keepdims=keepdims)
    if p == 0:
        return (x != 0).sum(axis, keepdims=keepdims).astype(x.dtype)
    power = x.dtype.type(p)
    return np.power(np.power(x, power).sum(axis, keepdims=keepdims), 1 / power)


@op(
    "aten::cdist(Tensor x1, Tensor x2, float p=2., int? compute_mode=None) -> Tensor"
)
class cdist(Shaped):
    """The p-norms of the differences between all rows of one and all of the other."""

    unknown = ("p", "compute_mode")

    def kernel(a, b, p, compute_mode):
        cdist.sizes(a.shape, b.shape, p, compute_mode)
        dtype = _common(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x, y = widened(a.astype(dtype)), widened(b.astype(dtype))
        gap = np.abs(x[..., :, None, :] - y[..., None, :, :])
        return p_norm(gap, p, -1, False).astype(dtype)

    def sizes(a, b, p, compute_mode):
        for name, x in (("X1", a), ("X2", b)):
            if len(x) < 2:
                raise RuntimeError(
                    f"cdist only supports at least 2D tensors, {name} got: {len(x)}D"
                )
        if None not in (a[-1], b[-1]) and a[-1] != b[-1]:
            raise RuntimeError(
                f"X1 and X2 must have the same number of columns. X1: {a[-1]} X2:"
                f" {b[-1]}"
            )
        return (*S.broadcast(a[:-2], b[:-2]), a[-2], b[-2])

    def dtypes(a, b, *rest):
        return None if a is None or b is None else _common(a, b)

    samples = [case(f32[2, 3], f32[4, 3]), case(f64[5, 1, 3], f64[2, 3], 1.0)]

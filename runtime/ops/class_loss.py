"""Losses of classes: how likely the right one was held to be."""

from __future__ import annotations

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import dtype_of, int64, uint8
from jit.passes.autodiff import argument
from jit.passes.gradient_vocabulary import GraphVocabulary
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.loss import MEAN, NONE, SUM, reduced, reduced_sizes
from jit.runtime.ops.samples import case, f16, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


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
    case(f32[2, 3], i64.of([0, 2]), f32[3].within(1, 2)),
    case(f32[3], i64.of(1), None, 2),
    case(f64[2, 3], i64.of([0, 2])),
    case(f64[3], i64.of([1]), None, 2),
]
SPATIAL = [
    case(f32[1, 3, 2, 2], i64.of([[[0, 2], [1, 1]]])),
    case(f32[1, 3, 1, 2], i64.of([[[0, 2]]]), None, 0),
]


def _nll_kernel(x, target, weight, reduction, ignore_index):
    ClassLoss.dtypes(dtype_of(x.dtype), None)
    loss, scale = _nll(widened(x), target, weight, ignore_index)
    return _class_mean(loss, scale, reduction, x.dtype)


def _class_scale(t, x, target, weight, ignored):
    """The classes, 0 where ignored, and how much each counts in the loss."""
    counts = t.ne(target, ignored)
    used = t.where(counts, t.to(target, int64), 0)
    if weight is None:
        return used, t.to(counts, x.dtype)
    return used, t.where(counts, t.take(weight, used), 0.0)


def _places(t, x, used):
    """The dim of the classes, and the classes as indices along it."""
    dim = 0 if x.ndim == 1 else 1
    return dim, t.reshape(used, [*x.shape[:dim], 1, *x.shape[dim + 1 :]])


def _nll_slope(t, g, x, target, weight, reduction, ignored):
    """The gradient of the input."""
    used, scale = _class_scale(t, x, target, weight, ignored)
    share = g / t.sum(scale) if reduction == MEAN else g
    dim, places = _places(t, x, used)
    values = t.reshape(-(share * scale), places.shape)
    return t.scatter(t.zeros(x.shape, dtype=x.dtype), dim, places, values)


def _nll_grad(t, g, out, x, target, weight, reduction, ignored):
    def of_input():
        return t._nll_loss_nd_backward(g, x, target, weight, reduction, ignored)

    def of_weight():
        used, scale = _class_scale(t, x, target, weight, ignored)
        share = g / t.sum(scale) if reduction == MEAN else g
        dim, places = _places(t, x, used)
        loss = -t.gather(x, dim, places)
        # a larger weight also makes a weighted mean smaller
        loss = t.reshape(loss - out if reduction == MEAN else loss, used.shape)
        parts = t.where(t.ne(target, ignored), share * loss, 0.0)
        made = t.zeros(weight.shape, dtype=x.dtype)
        return t.scatter_add(made, 0, t.flatten(used), t.flatten(parts))

    return of_input, None, of_weight


@op(
    "aten::_nll_loss_nd_backward(Tensor grad_output, Tensor self, Tensor target,"
    " Tensor? weight, int reduction, SymInt ignore_index) -> Tensor"
)
class _nll_loss_nd_backward(Shaped):
    """The gradient of the input of `nll_loss_nd`."""

    fails = VALUES
    unknown = ("reduction", "ignore_index")
    composite = _nll_slope

    def kernel(g, x, target, weight, reduction, ignored):
        dim = _check_classes(x.shape, target.shape)
        shape = (*x.shape[:dim], *x.shape[dim + 1 :])
        numbers = target.astype(np.int64).reshape(shape)
        counts = numbers != ignored
        used = np.where(counts, numbers, 0)
        scale = counts.astype(x.dtype)
        if weight is not None:
            scale = np.where(counts, weight[used], x.dtype.type(0))
        share = g / scale.sum() if reduction == MEAN else g.reshape(g.shape and shape)
        made = np.zeros(x.shape, x.dtype)
        values, places = (np.expand_dims(a, dim) for a in (-(share * scale), used))
        np.put_along_axis(made, places, values.astype(x.dtype, copy=False), dim)
        return made

    def decompose(make, *inputs):
        t = GraphVocabulary(make)
        g, x, target, weight, reduction, ignored = (argument(t, v) for v in inputs)
        if not (isinstance(reduction, int) and x.is_sized() and target.is_sized()):
            return None
        return _nll_slope(t, g, x, target, weight, reduction, ignored).value

    def sizes(g, x, *rest):
        return x

    def dtypes(g, x, *rest):
        return x

    samples = [
        case(f32[()], f32[2, 3], i64.of([0, 2]), None, MEAN, -100),
        case(f64[2], f64[2, 3], i64.of([0, -100]), f64[3].within(1, 2), NONE, -100),
        case(f64[()], f64[1, 3, 2], i64.of([[0, 2]]), f64[3].within(1, 2), SUM, 2),
        case(f64[()], f64[3], i64.of(1), None, SUM, -100),
        case(f64[()], f64[3], i64.of([1]), None, NONE, -100),
    ]  # fmt: skip


NLL = (
    "(Tensor self, Tensor target, Tensor? weight=None, int reduction=1,"
    " SymInt ignore_index=-100) -> Tensor"
)


@op(f"aten::nll_loss{NLL}")
class nll_loss(ClassLoss):
    """Minus the logarithm of the probability of the target's class."""

    saves = ("self", "target", "weight", "out")
    kernel = _nll_kernel
    grad = _nll_grad

    samples = CLASSES


@op(f"aten::nll_loss2d{NLL}")
class nll_loss2d(ClassLoss):
    """`nll_loss` for each pixel of images."""

    saves = ("self", "target", "weight", "out")
    kernel = _nll_kernel
    grad = _nll_grad

    samples = SPATIAL


@op(f"aten::nll_loss_nd{NLL}")
class nll_loss_nd(ClassLoss):
    """`nll_loss` for inputs with any number of dims behind the classes."""

    saves = ("self", "target", "weight", "out")
    kernel = _nll_kernel
    grad = _nll_grad

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


def _by_class(t, x, weight, dim):
    """`x` times the weights of the classes along a dim."""
    if weight is None:
        return x
    return x * t.reshape(weight, [-1, *[1] * (x.ndim - dim - 1)])


def _probability_form(t, logs, target, weight, reduction, smoothing, dim):
    """`_probability_loss` of the logarithms in operators that have derivatives."""
    classes = logs.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    loss = -t.sum(_by_class(t, logs * target, weight, dim), [dim])
    if reduction == NONE:
        return loss
    total = t.sum(loss)
    return total / max(loss.numel(), 1) if reduction == MEAN else total


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
                a is None or b is None or a == b for a, b in zip(x, target, strict=True)
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

    def composite(t, x, target, weight, reduction, ignore_index, smoothing):
        _check_smoothing(smoothing)
        dim = 0 if x.ndim == 1 else 1
        logs = t.log_softmax(x, dim)
        if target.ndim == x.ndim and target.dtype.is_floating_point:
            if ignore_index >= 0:
                raise RuntimeError(
                    "ignore_index is not supported for floating point target"
                )
            return _probability_form(t, logs, target, weight, reduction, smoothing, dim)
        plain = t.nll_loss_nd(logs, target, weight, reduction, ignore_index)
        if not smoothing:
            return plain
        spread = t.sum(_by_class(t, -logs, weight, dim), [dim])
        counts = t.ne(t.reshape(target, spread.shape), ignore_index)
        spread = t.where(counts, spread, 0.0)
        if reduction == MEAN:
            scale = _class_scale(t, x, target, weight, ignore_index)[1]
            spread = t.sum(spread) / t.sum(scale)
        elif reduction == SUM:
            spread = t.sum(spread)
        return plain * (1 - smoothing) + spread * (smoothing / x.shape[dim])

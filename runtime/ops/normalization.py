"""Normalisation to mean 0 and variance 1, over batches, layers or groups."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops import normalization_gradients as G
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import refuse_integers
from jit.runtime.ops.samples import bf16, case, f16, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped


class Normalization(Shaped):
    """The result has the sizes and the dtype of the input, which is floating."""

    def dtypes(x, *rest):
        refuse_integers("LayerNormKernelImpl", x)
        return x


def _normalized(x, axes, eps):
    """`x`, widened, with mean 0 and variance 1 over axes; mean and 1/deviation too."""
    wide = widened(x)
    mean = wide.mean(axes, keepdims=True)
    centred = wide - mean
    variance = np.square(centred).mean(axes, keepdims=True)
    rstd = 1 / np.sqrt(variance + wide.dtype.type(eps))
    return centred * rstd, mean, rstd


def _affine(x, weight, bias):
    """`x * weight + bias`, either of which may be None."""
    if weight is not None:
        x = x * widened(weight)
    if bias is not None:
        x = x + widened(bias)
    return x


def _check_normalized_shape(x, shape, weight, bias):
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing"
            f" at least one element, but got normalized_shape = {S.shown(shape)}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and not _fits(given, shape):
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got"
                f" {name} of shape {S.shown(given)} and normalized_shape ="
                f" {S.shown(shape)}"
            )
    if len(x) < len(shape) or not _fits(x[-len(shape) :], shape):
        wanted = ", ".join("*" if n is None else str(n) for n in shape)
        raise RuntimeError(
            f"Given normalized_shape={S.shown(shape)}, expected input with shape"
            f" [*, {wanted}], but got input of size{S.shown(x)}"
        )
    return x


def _fits(a, b):
    """Whether two lists of sizes may be equal."""
    return len(a) == len(b) and all(
        x is None or y is None or x == y for x, y in zip(a, b, strict=True)
    )


def _shape_of(x):
    return None if x is None else x.shape


def _layer_norm(x, shape, weight, bias, eps):
    refuse_integers("LayerNormKernelImpl", dtype_of(x.dtype))
    _check_normalized_shape(x.shape, shape, _shape_of(weight), _shape_of(bias))
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    made, mean, rstd = _normalized(x, axes, eps)
    return _affine(made, weight, bias).astype(x.dtype, copy=False), mean, rstd


def _layer_slopes(t, g, x, shape, weight, eps):
    dims = list(range(x.ndim - len(shape), x.ndim))
    return G.normalized_slopes(t, g, x, dims, eps, weight, [])


@op(
    "aten::layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None,"
    " Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True) -> Tensor"
)
class layer_norm(Normalization):
    """Mean 0 and variance 1 over the last dims, then `* weight + bias`."""

    saves = ("input", "weight")

    def kernel(x, shape, weight, bias, eps, cudnn_enable):
        return _layer_norm(x, shape, weight, bias, eps)[0]

    def sizes(x, shape, weight, bias, eps, cudnn_enable):
        return _check_normalized_shape(x, shape, weight, bias)

    samples = [
        case(f32[2, 3], [3], f32[3], f32[3]),
        case(f64[2, 3, 4], [3, 4]),
        case(f32[0, 3], [3]),
        case(f16[2, 4], [4], f16[4], f16[4]),
        case(bf16[2, 4], [4]),
    ]

    def grad(t, g, out, x, shape, weight, bias, *rest):
        of_x, of_weight, of_bias = _layer_slopes(t, g, x, shape, weight, rest[0])
        return of_x, None, of_weight, of_bias


@op(
    "aten::native_layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight,"
    " Tensor? bias, float eps) -> (Tensor, Tensor, Tensor)"
)
class native_layer_norm(Normalization):
    """As `layer_norm`, with the means and the reciprocal standard deviations."""

    saves = ("input", "weight", "out")

    def kernel(x, shape, weight, bias, eps):
        return _layer_norm(x, shape, weight, bias, eps)

    def sizes(x, shape, weight, bias, eps):
        _check_normalized_shape(x, shape, weight, bias)
        reduced = (*x[: len(x) - len(shape)], *(1,) * len(shape))
        return x, reduced, reduced

    def dtypes(x, *rest):
        refuse_integers("LayerNormKernelImpl", x)
        wide = None if x is None or x.itemsize < 4 else x
        return x, wide, wide

    samples = [case(f32[2, 3], [3], f32[3], f32[3], 1e-5),
               case(f64[2, 3], [3], None, None, 1e-5)]  # fmt: skip

    def grad(t, g, out, x, shape, weight, bias, eps):
        of_x, of_weight, of_bias = _layer_slopes(t, g[0], x, shape, weight, eps)

        def of_input():
            _, mean, rstd = out
            of_deviation = g[2] * rstd * rstd * rstd * (mean - G.wide(t, x))
            return of_x() + (g[1] + of_deviation) / math.prod(shape)

        return of_input, None, of_weight, of_bias


@op(
    "aten::rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None,"
    " float? eps=None) -> Tensor"
)
class rms_norm(Normalization):
    """Divided by the root of the mean square over the last dims, then `* weight`."""

    saves = ("input", "weight")

    def kernel(x, shape, weight, eps):
        refuse_integers("rms_norm", dtype_of(x.dtype))
        _check_normalized_shape(x.shape, shape, _shape_of(weight), None)
        axes = tuple(range(x.ndim - len(shape), x.ndim))
        wide = widened(x)
        eps = np.finfo(wide.dtype).eps if eps is None else eps
        square = np.square(wide).mean(axes, keepdims=True)
        made = wide / np.sqrt(square + wide.dtype.type(eps))
        return _affine(made, weight, None).astype(x.dtype, copy=False)

    def sizes(x, shape, weight, eps):
        return _check_normalized_shape(x, shape, weight, None)

    samples = [case(f32[2, 3], [3], f32[3]), case(f64[2, 3], [2, 3], eps=1e-3)]

    def grad(t, g, out, x, shape, weight, eps):
        g, x = G.wide(t, g), G.wide(t, x)
        eps = np.finfo(x.dtype.numpy).eps.item() if eps is None else eps
        dims = list(range(x.ndim - len(shape), x.ndim))
        rate = t.rsqrt(t.mean(x * x, dims, True) + eps)
        made = x * rate

        def of_input():
            inner = g if weight is None else g * weight
            return rate * (inner - made * t.mean(inner * made, dims, True))

        return of_input, None, lambda: g * made


def _check_groups(x, groups, weight, bias):
    if len(x) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {len(x)}"
        )
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    channels = x[1]
    if channels is not None and channels % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but"
            f" got input of shape {S.shown(x)} and num_groups={groups}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and not _fits(given, (channels,)):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of"
                f" channels in input, but got {name} of shape {S.shown(given)} and"
                f" input of shape {S.shown(x)}"
            )
    return x


def _by_channel(x, rank):
    """A vector of one number a channel, so that it broadcasts with the input."""
    return None if x is None else x.reshape(-1, *(1,) * (rank - 2))


@op(
    "aten::group_norm(Tensor input, int num_groups, Tensor? weight=None,"
    " Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True) -> Tensor"
)
class group_norm(Normalization):
    """Mean 0 and variance 1 over groups of channels, then `* weight + bias`."""

    saves = ("input", "weight")

    def kernel(x, groups, weight, bias, eps, cudnn_enabled):
        refuse_integers("GroupNormKernelImpl", dtype_of(x.dtype))
        _check_groups(x.shape, groups, _shape_of(weight), _shape_of(bias))
        size = math.prod(x.shape[1:]) // groups
        made, _, _ = _normalized(x.reshape(x.shape[0], groups, size), (2,), eps)
        weight, bias = _by_channel(weight, x.ndim), _by_channel(bias, x.ndim)
        made = _affine(made.reshape(x.shape), weight, bias)
        return made.astype(x.dtype, copy=False)

    def sizes(x, groups, weight, bias, eps, cudnn_enabled):
        return _check_groups(x, groups, weight, bias)

    samples = [
        case(f32[2, 4, 3], 2, f32[4], f32[4]),
        case(f64[2, 4], 4),
        case(f32[0, 4, 3], 2),
    ]

    def grad(t, g, out, x, groups, weight, bias, eps, cudnn_enabled):
        of_x, of_weight, of_bias = G.group_slopes(t, g, x, groups, weight, eps)
        return of_x, None, of_weight, of_bias


def _check_channels(x, named):
    """Raise unless each of the named vectors has one element a channel."""
    if len(x) < 2:
        S.wrap_dim(1, len(x))
    channels = x[1]
    for name, given in named:
        if given is None:
            continue
        count = S.product(given)
        if channels is not None and count is not None and count != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {count}")
    return x


def _check_batch_norm(x, weight, bias, mean, var, training):
    if training is not UNKNOWN and not training:
        for name, given in (("running_mean", mean), ("running_var", var)):
            if given is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
    named = (("running_mean", mean), ("running_var", var), ("weight", weight),
             ("bias", bias))  # fmt: skip
    return _check_channels(x, named)


def _update_running(running, batch, momentum):
    """`running` moved towards `batch`, in place."""
    if running is not None:
        old = widened(running)
        kept = old.dtype.type(1 - momentum)
        running[...] = old * kept + batch.reshape(-1) * old.dtype.type(momentum)


def _batch_norm(x, weight, bias, mean, var, training, momentum, eps):
    """The result, and in training the means and reciprocal deviations of the batch."""
    refuse_integers("batch_norm", dtype_of(x.dtype))
    given = (_shape_of(v) for v in (weight, bias, mean, var))
    _check_batch_norm(x.shape, *given, training)
    weight, bias = _by_channel(weight, x.ndim), _by_channel(bias, x.ndim)
    wide = widened(x)
    if training:
        axes = (0, *range(2, x.ndim))
        made, batch_mean, rstd = _normalized(x, axes, eps)
        count = x.size // max(x.shape[1], 1)
        centred = wide - batch_mean
        square = np.square(centred).sum(axes)
        _update_running(mean, batch_mean, momentum)
        # the variance that is kept is that of the population the batch is drawn from
        _update_running(var, square / wide.dtype.type(max(count - 1, 1)), momentum)
        out = _affine(made, weight, bias).astype(x.dtype, copy=False)
        return out, batch_mean.reshape(-1), rstd.reshape(-1)
    scale = 1 / np.sqrt(_by_channel(widened(var), x.ndim) + wide.dtype.type(eps))
    made = (wide - _by_channel(widened(mean), x.ndim)) * scale
    out = _affine(made, weight, bias).astype(x.dtype, copy=False)
    return out, np.empty(0, wide.dtype), np.empty(0, wide.dtype)


class BatchStatistics(Normalization):
    """Writes into the running statistics in training, though the schema hides it."""

    fails = VALUES
    unknown = ("training", "use_input_stats", "momentum")

    def hidden_writes(x, weight, bias, mean, var, training, *rest):
        """Positions of the arguments that a call writes and the schema does not name.

        The schema is torch's. Alias analysis asks here, with facts.
        """
        return () if training is False else (3, 4)


@op(
    "aten::batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean,"
    " Tensor? running_var, bool training, float momentum, float eps,"
    " bool cudnn_enabled) -> Tensor"
)
class batch_norm(BatchStatistics):
    """Mean 0 and variance 1 for each channel, then `* weight + bias`.

    In training the statistics are the batch's, and the running ones move towards them;
    in evaluation they are the running ones.
    """

    saves = ("input", "weight", "running_mean", "running_var")

    def kernel(x, weight, bias, mean, var, training, momentum, eps, cudnn_enabled):
        if not x.size:  # whatever its rank, and whatever is said of its channels
            return x.copy()
        return _batch_norm(x, weight, bias, mean, var, training, momentum, eps)[0]

    def sizes(x, weight, bias, mean, var, training, *rest):
        if 0 in x or len(x) < 2:  # a vector is taken if it has no elements
            return x
        # a vector that is not known to be there stands as None
        return _check_batch_norm(x, weight, bias, mean, var, True)

    samples = [
        case(f32[2, 3, 4], f32[3], f32[3], f32[3], f32[3].within(1, 2), training,
             0.1, 1e-5, True)
        for training in (True, False)
    ] + [
        case(f64[4, 3], None, None, None, None, True, 0.1, 1e-5, True),
        case(f32[0, 3, 2], None, None, f32[3], f32[3].within(1, 1), False, 0.1, 1e-5,
             True),
        case(f32[0], None, None, f32[3], f32[3], True, 0.1, 1e-5, True),
        case(f16[2, 3, 2, 2], f16[3], f16[3], f16[3], f16[3].within(1, 2), False, 0.1,
             1e-5, True),
    ]  # fmt: skip

    def grad(t, g, out, x, weight, bias, mean, var, training, momentum, eps, cudnn):
        if x.ndim < 2:  # and so without elements
            return g, lambda: t.zeros_like(weight), lambda: t.zeros_like(weight)
        return G.batch_slopes(t, g, x, weight, mean, var, training, eps)


@op(
    "aten::native_batch_norm(Tensor input, Tensor? weight, Tensor? bias,"
    " Tensor? running_mean, Tensor? running_var, bool training, float momentum,"
    " float eps) -> (Tensor, Tensor, Tensor)"
)
class native_batch_norm(BatchStatistics):
    """As `batch_norm`, with the statistics of the batch that the gradient needs."""

    saves = ("input", "weight", "running_mean", "running_var", "out")

    def kernel(x, weight, bias, mean, var, training, momentum, eps):
        return _batch_norm(x, weight, bias, mean, var, training, momentum, eps)

    def sizes(x, weight, bias, mean, var, training, *rest):
        _check_batch_norm(x, weight, bias, mean, var, True)
        kept = (None,) if training is UNKNOWN else (x[1],) if training else (0,)
        return x, kept, kept

    def dtypes(x, *rest):
        wide = None if x is None or x.itemsize < 4 else x
        return x, wide, wide

    samples = [
        case(f32[2, 3, 4], f32[3], f32[3], f32[3], f32[3].within(1, 2), training,
             0.1, 1e-5)
        for training in (True, False)
    ]  # fmt: skip

    def grad(t, g, out, x, weight, bias, mean, var, training, momentum, eps):
        found = G.batch_slopes(t, g[0], x, weight, mean, var, training, eps)
        if not training:
            return found

        def of_input():
            _, mean, rstd = (G.by_channel(t, v, x.ndim) for v in out)
            of_mean, of_rstd = (G.by_channel(t, v, x.ndim) for v in g[1:])
            of_deviation = of_rstd * rstd * rstd * rstd * (mean - G.wide(t, x))
            count = x.numel() // max(x.shape[1], 1)
            return found[0]() + (of_mean + of_deviation) / count

        return of_input, *found[1:]


@op(
    "aten::instance_norm(Tensor input, Tensor? weight, Tensor? bias,"
    " Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum,"
    " float eps, bool cudnn_enabled) -> Tensor"
)
class instance_norm(BatchStatistics):
    """Mean 0 and variance 1 for each channel of each element of the batch."""

    saves = ("input", "weight", "running_mean", "running_var")

    def kernel(x, weight, bias, mean, var, use_input, momentum, eps, cudnn_enabled):
        shapes = (_shape_of(v) for v in (weight, bias, mean, var))
        refuse_integers("batch_norm", dtype_of(x.dtype))
        instance_norm.sizes(x.shape, *shapes, use_input)
        if not use_input:
            return _batch_norm(x, weight, bias, mean, var, False, momentum, eps)[0]
        made, batch_mean, rstd = _normalized(x, tuple(range(2, x.ndim)), eps)
        count = math.prod(x.shape[2:])
        variance = (1 / np.square(rstd) - eps) * (count / max(count - 1, 1))
        _update_running(mean, batch_mean.mean(0), momentum)
        _update_running(var, variance.mean(0), momentum)
        weight, bias = _by_channel(weight, x.ndim), _by_channel(bias, x.ndim)
        return _affine(made, weight, bias).astype(x.dtype, copy=False)

    def sizes(x, weight, bias, mean, var, use_input, *rest):
        return _check_batch_norm(x, weight, bias, mean, var, True)

    samples = [
        case(f32[2, 3, 4], f32[3], f32[3], None, None, True, 0.1, 1e-5, True),
        case(f32[2, 3, 4], None, None, f32[3], f32[3].within(1, 2), False, 0.1, 1e-5,
             True),
    ]  # fmt: skip

    def grad(t, g, out, x, weight, bias, mean, var, use_input, momentum, eps, cudnn):
        if not use_input:
            return G.batch_slopes(t, g, x, weight, mean, var, False, eps)
        rest = [d for d in range(x.ndim) if d != 1]
        factor = G.by_channel(t, weight, x.ndim)
        return G.normalized_slopes(t, g, x, list(range(2, x.ndim)), eps, factor, rest)

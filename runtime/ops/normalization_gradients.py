"""The gradients of normalisations, which their cards share."""

from __future__ import annotations

import math

from jit.ir import dtypes


def wide(t, x):
    """`x` in the dtype that sums are kept in: float32 for the half types."""
    return t.to(x, dtypes.float32) if x.dtype.itemsize < 4 else x


def by_channel(t, x, rank):
    """A vector of one number a channel, so that it broadcasts with the input."""
    return None if x is None else t.reshape(x, [-1, *[1] * (rank - 2)])


def statistics(t, x, dims, eps):
    """The difference from the mean over dims, and the reciprocal deviation."""
    centred = x - t.mean(x, dims, True)
    variance = t.mean(centred * centred, dims, True)
    return centred, t.rsqrt(variance + eps)


def through_statistics(t, g, made, rstd, dims):
    """The gradient through mean 0 and variance 1 over dims, `made` being the result."""
    level, tilt = t.mean(g, dims, True), t.mean(g * made, dims, True)
    return rstd * (g - level - made * tilt)


def normalized_slopes(t, g, x, dims, eps, weight, vector_dims):
    """The gradients of `normalized(x) * weight + bias` to x, weight and bias.

    The weight broadcasts with x; the gradients to weight and bias are summed over
    `vector_dims`, if there are any.
    """
    g, x = wide(t, g), wide(t, x)
    centred, rstd = statistics(t, x, dims, eps)
    made = centred * rstd

    def of_input():
        inner = g if weight is None else g * weight
        return through_statistics(t, inner, made, rstd, dims)

    def total(y):
        return t.sum(y, vector_dims) if vector_dims else y

    return of_input, lambda: total(g * made), lambda: total(g)


def batch_slopes(t, g, x, weight, mean, var, training, eps):
    """The gradients of `batch_norm` to x, weight, bias, mean and variance."""
    rest = [d for d in range(x.ndim) if d != 1]
    factor = by_channel(t, weight, x.ndim)
    if training:
        return normalized_slopes(t, g, x, rest, eps, factor, rest)
    g, x = wide(t, g), wide(t, x)
    centred = x - by_channel(t, mean, x.ndim)
    rstd = t.rsqrt(by_channel(t, var, x.ndim) + eps)
    inner = g * rstd if weight is None else g * (rstd * factor)
    return (
        inner,
        lambda: t.sum(g * (centred * rstd), rest),
        lambda: t.sum(g, rest),
        lambda: -t.sum(inner, rest),
        lambda: t.sum(inner * (centred * (-0.5 * rstd * rstd)), rest),
    )


def group_slopes(t, g, x, groups, weight, eps):
    """The gradients of `group_norm` to x, weight and bias."""
    g, x = wide(t, g), wide(t, x)
    shape = list(x.shape)
    rest = [d for d in range(x.ndim) if d != 1]
    parts = [shape[0], groups, math.prod(shape[1:]) // groups]
    centred, rstd = statistics(t, t.reshape(x, parts), [2], eps)
    made = centred * rstd

    def of_input():
        inner = g if weight is None else g * by_channel(t, weight, x.ndim)
        through = through_statistics(t, t.reshape(inner, parts), made, rstd, [2])
        return t.reshape(through, shape)

    return (
        of_input,
        lambda: t.sum(g * t.reshape(made, shape), rest),
        lambda: t.sum(g, rest),
    )

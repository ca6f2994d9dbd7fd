"""Elements set to zero at random, in training."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime import random as R
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f16, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped, Updating


def check_probability(p):
    """RuntimeError unless p lies between 0 and 1."""
    if not 0 <= p <= 1:
        raise RuntimeError(
            f"dropout probability has to be between 0 and 1, but got {p:g}"
        )


def _kept(shape, p):
    """Which elements stay: each with probability 1 - p."""
    return R.draw_uniform(shape, dtypes.float32) >= p


class Dropping(Updating):
    """Keeps a share of the elements in training; the input as it is otherwise."""

    random = True
    fails = VALUES
    unknown = ("p", "train")


def _drop(x, p, train, shape):
    check_probability(p)
    if not train or p == 0 or not x.size:
        return x
    dtype = dtype_of(x.dtype)
    if not dtype.is_floating_point and not dtype.is_complex:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {dtype.title}"
        )
    if p == 1:
        x[...] = 0
        return x
    wide = widened(x)
    scale = wide.dtype.type(1 / (1 - p))
    x[...] = np.where(_kept(shape, p), wide * scale, wide.dtype.type(0))
    return x


@op("aten::dropout(Tensor input, float p, bool train) -> Tensor")
class dropout(Dropping):
    """Each element 0 with probability p, else divided by 1 - p; only in training."""

    def update(x, p, train):
        return _drop(x, p, train, x.shape)

    samples = [
        case(f32[2, 3], 0.5, True),
        case(f32[2, 3], 0.5, False),
        case(f64[()], 1.0, True),
        case(f16[4], 0.0, True),
        case(f32[0], 0.5, True),
    ]

    def composite(t, x, p, train):
        return t.native_dropout(x, p, train)[0]


@op("aten::native_dropout(Tensor input, float p, bool? train) -> (Tensor, Tensor)")
class native_dropout(Shaped):
    """As `dropout`, and which elements stay."""

    saves = ("out",)
    random = True
    fails = VALUES
    unknown = ("p", "train")

    def kernel(x, p, train):
        check_probability(p)
        if train is False or p == 0 or not x.size:
            return x.copy(), np.ones(x.shape, np.bool_)
        if p == 1:
            return np.zeros_like(x), np.zeros(x.shape, np.bool_)
        wide = widened(x)
        kind = wide.dtype.type
        kept = _kept(x.shape, p)
        made = np.where(kept, wide * kind(1 / (1 - p)), kind(0))
        return made.astype(x.dtype, copy=False), kept

    def sizes(x, p, train):
        return x, x

    def dtypes(x, p, train):
        return x, dtypes.bool_

    samples = [case(f32[2, 3], 0.5, True), case(f32[2, 3], 0.5, False),
               case(f64[3], 1.0, None)]  # fmt: skip

    def grad(t, g, out, x, p, train):
        if p == 0 or (train is not None and not train):
            return g[0]
        return g[0] * out[1] * (0.0 if p == 1 else 1 / (1 - p))


@op("aten::feature_dropout(Tensor input, float p, bool train) -> Tensor")
class feature_dropout(Dropping):
    """As `dropout`, for whole channels."""

    def update(x, p, train):
        if x.ndim < 2:
            raise RuntimeError(
                "Feature dropout requires at least 2 dimensions in the input"
            )
        return _drop(x, p, train, (*x.shape[:2], *(1,) * (x.ndim - 2)))

    samples = [case(f32[2, 3, 4], 0.5, True), case(f32[2, 3], 0.5, False)]

    def composite(t, x, p, train):
        every = t.ones([*x.shape[:2], *[1] * (x.ndim - 2)], dtype=x.dtype)
        return x * t.native_dropout(every, p, train)[0]


_ALPHA = 1.7580993408473766
"""Minus the limit of selu towards minus infinity."""


def _alpha_scale(p):
    """Factor and summand that give mean 0 and variance 1."""
    scale = 1 / math.sqrt((_ALPHA**2 * p + 1) * (1 - p))
    return scale, scale * _ALPHA * p


@op("aten::alpha_dropout(Tensor input, float p, bool train) -> Tensor")
class alpha_dropout(Dropping):
    """As `dropout`, in a way that keeps mean 0 and variance 1 after selu."""

    def update(x, p, train):
        check_probability(p)
        if not train or p == 0 or not x.size:
            return x
        if p == 1:
            x[...] = 0
            return x
        wide = widened(x)
        scale, shift = _alpha_scale(p)
        kind = wide.dtype.type
        dropped = np.where(_kept(x.shape, p), wide, kind(-_ALPHA))
        x[...] = dropped * kind(scale) + kind(shift)
        return x

    samples = [case(f32[2, 3], 0.5, True), case(f32[2, 3], 0.5, False)]

    def composite(t, x, p, train):
        if not train or p in (0, 1):
            return t.native_dropout(x, p, train)[0]
        kept = t.native_dropout(x, p, train)[1]
        scale, shift = _alpha_scale(p)
        return t.where(kept, x * scale + shift, shift - _ALPHA * scale)


@op("aten::feature_alpha_dropout(Tensor input, float p, bool train) -> Tensor")
class feature_alpha_dropout(Dropping):
    """As `alpha_dropout`, for whole channels."""

    def update(x, p, train):
        check_probability(p)
        if not train or p == 0 or not x.size:
            return x
        if x.ndim < 2:
            raise RuntimeError(
                "Feature dropout requires at least 2 dimensions in the input"
            )
        if p == 1:
            x[...] = 0
            return x
        wide = widened(x)
        scale, shift = _alpha_scale(p)
        kind = wide.dtype.type
        kept = _kept((*x.shape[:2], *(1,) * (x.ndim - 2)), p)
        x[...] = np.where(kept, wide, kind(-_ALPHA)) * kind(scale) + kind(shift)
        return x

    samples = [case(f32[2, 3, 4], 0.5, True), case(f32[2, 3], 0.5, False)]

    def composite(t, x, p, train):
        if not train or p in (0, 1):
            return t.native_dropout(x, p, train)[0]
        every = t.ones([*x.shape[:2], *[1] * (x.ndim - 2)], dtype=x.dtype)
        kept = t.native_dropout(every, p, train)[1]
        scale, shift = _alpha_scale(p)
        return t.where(kept, x * scale + shift, shift - _ALPHA * scale)

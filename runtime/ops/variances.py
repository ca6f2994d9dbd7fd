"""Variance and standard deviation, alone and with the mean."""

from __future__ import annotations

import numpy as np

from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.reduction import (
    REAL,
    average,
    count_along,
    dims_of,
    spread,
    total,
)
from jit.runtime.ops.samples import (
    case,
    f32,
    f64,
)  # fmt: skip


def variance(x, axes, keepdim, correction):
    """The mean square distance from the mean, with `correction` fewer elements."""
    wide = x.astype(np.result_type(x.dtype, np.float64))
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    distance = np.abs(wide - average(wide, axes, True))
    squares = total(distance * distance, axes, keepdim)
    return np.true_divide(squares, np.maximum(count - correction, 0))


class Variance(Reduction):
    """Base of std and var: `unbiased`, or the `correction` of the number of elements."""

    accepts = "fc"
    refusal = "std and var only support floating point and complex dtypes"

    def result(dtype):
        return REAL.get(dtype, dtype)

    @classmethod
    def complete(cls):
        measure, with_mean = cls.measure, len(cls.results) == 2

        def reduce(x, axes, keepdim, unbiased=True, correction=None):
            if correction is None:
                correction = 1 if unbiased else 0
            spread = measure(variance(x, axes, keepdim, correction))
            return (spread, average(x, axes, keepdim)) if with_mean else spread

        cls.reduce = staticmethod(reduce)
        super().complete()


def variance_arguments(rest):
    """Dims, correction and keepdim from the arguments of any overload after the first."""
    if len(rest) == 1:
        return None, 1 if rest[0] else 0, False
    dim, told, keepdim = rest
    correction = 1 if told is None else told
    return dim, correction, keepdim


def variance_slope(t, g, x, dim, correction, keepdim):
    """The gradient through a variance."""
    mean = t.mean(x, dims_of(x, dim), True)
    rest = count_along(x, dim) - correction
    if isinstance(rest, int | float) and rest < 0:
        rest = 0
    return spread(t, g * 2, x, dim, keepdim) * (x - mean) / rest


def deviation_slope(t, g, out):
    """The gradient to the variance through its root; zero where that is zero."""
    return t.masked_fill(g / (out * 2), t.eq(out, 0), 0)


BIASED = {
    "": [case(f32[5], False), case(f32[2, 3], unbiased=False)],
    "dim": [case(f32[2, 3], [1], False), case(f64[2, 3], None, unbiased=False)],
    "correction": [case(f32[2, 3], [1], correction=0), case(f64[5], correction=2)],
}


@op(
    "aten::var(Tensor self, bool unbiased=True) -> Tensor",
    "aten::var.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False)"
    " -> Tensor",
    "aten::var.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None,"
    " bool keepdim=False) -> Tensor",
)
class var(Variance):
    """The variance; without bias unless told otherwise."""

    saves = ("self",)
    extra_samples = BIASED

    def measure(x):
        return x

    def grad(t, g, out, x, *rest):
        return variance_slope(t, g, x, *variance_arguments(rest))


@op(
    "aten::std(Tensor self, bool unbiased=True) -> Tensor",
    "aten::std.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False)"
    " -> Tensor",
    "aten::std.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None,"
    " bool keepdim=False) -> Tensor",
)
class std(Variance):
    """The standard deviation; without bias unless told otherwise."""

    saves = ("self", "out")
    extra_samples = BIASED

    def measure(x):
        return np.sqrt(x)

    def grad(t, g, out, x, *rest):
        g = deviation_slope(t, g, out)
        return variance_slope(t, g, x, *variance_arguments(rest))


class VarianceAndMean(Variance):
    """Base of std_mean and var_mean."""

    accepts = "f"
    results = (None, None)

    def mean_slope(t, g, x, dim, keepdim):
        return spread(t, g / count_along(x, dim), x, dim, keepdim)


@op(
    "aten::var_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)",
    "aten::var_mean.dim(Tensor self, int[1]? dim, bool unbiased=True,"
    " bool keepdim=False) -> (Tensor, Tensor)",
    "aten::var_mean.correction(Tensor self, int[1]? dim=None, *,"
    " Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)",
)
class var_mean(VarianceAndMean):
    """The variance and the mean."""

    saves = ("self",)
    extra_samples = BIASED

    def measure(x):
        return x

    def grad(t, g, out, x, *rest):
        dim, correction, keepdim = variance_arguments(rest)
        slope = variance_slope(t, g[0], x, dim, correction, keepdim)
        return slope + VarianceAndMean.mean_slope(t, g[1], x, dim, keepdim)


@op(
    "aten::std_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)",
    "aten::std_mean.dim(Tensor self, int[1]? dim, bool unbiased=True,"
    " bool keepdim=False) -> (Tensor, Tensor)",
    "aten::std_mean.correction(Tensor self, int[1]? dim=None, *,"
    " Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)",
)
class std_mean(VarianceAndMean):
    """The standard deviation and the mean."""

    saves = ("self", "out")
    extra_samples = BIASED

    def measure(x):
        return np.sqrt(x)

    def grad(t, g, out, x, *rest):
        dim, correction, keepdim = variance_arguments(rest)
        squared = deviation_slope(t, g[0], out[0])
        slope = variance_slope(t, squared, x, dim, correction, keepdim)
        return slope + VarianceAndMean.mean_slope(t, g[1], x, dim, keepdim)

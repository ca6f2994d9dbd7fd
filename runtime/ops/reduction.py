"""Reductions: sum, mean, max, std, norm ... over all elements or over dims."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import FLOATING
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.samples import (
    boolean,
    c64,
    case,
    f16,
    f32,
    f64,
    i32,
    i64,
    inf,
    nan,
    u8,
)  # fmt: skip
from jit.runtime.promotion import to_floating

REAL = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


def to_integer(dtype):
    """int64 for bools and integers: what they are summed in."""
    return dtype if dtype.category >= FLOATING else dtypes.int64


def total(x, axes, keepdim):
    """The sum over axes; float32 in double precision where NumPy sums naively."""
    if x.dtype == np.float32 and axes != (x.ndim - 1,):
        return np.add.reduce(x, axis=axes, keepdims=keepdim, dtype=np.float64)
    return np.add.reduce(x, axis=axes, keepdims=keepdim)


def kept(t, g, x, dim, keepdim):
    """What was reduced over dims of x, as with `keepdim`."""
    if not keepdim and x.ndim:
        for d in sorted(d % x.ndim for d in dims_of(x, dim)):
            g = t.unsqueeze(g, d)
    return g


def spread(t, g, x, dim, keepdim):
    """What was reduced over dims, spread over the sizes that x had."""
    return t.expand(kept(t, g, x, dim, keepdim), x.shape)


def evenly(t, g, out, x, dim, keepdim):
    """The gradient of an extreme, in equal parts to all elements that reach it."""
    top = spread(t, out, x, dim, keepdim)
    reach = t.logical_or(t.eq(x, top), t.logical_and(t.isnan(x), t.isnan(top)))
    count = t.sum(reach, dims_of(x, dim), True)
    return t.where(reach, spread(t, g, x, dim, keepdim) / count, 0.0)


def dims_of(x, dim):
    """The dims of a reduction as a list; all of them where none is given."""
    if dim is None or dim == []:
        return list(range(x.ndim))
    return [dim] if isinstance(dim, int) else list(dim)


def count_along(x, dim):
    """How many elements of x are reduced to one."""
    count = 1
    if x.ndim:
        for d in dims_of(x, dim):
            count = count * x.shape[d]
    return count


def placed(t, g, indices, x, dim, keepdim):
    """The gradient at the places along a dim where elements were taken, else zero."""
    if x.ndim and not keepdim:
        g, indices = t.unsqueeze(g, dim), t.unsqueeze(indices, dim)
    return t.scatter(t.new_zeros(g, x.shape), dim, indices, g)


DTYPED = [case(f32[2, 3], dtype=f64), case(i64[2, 3], dtype=f32)]


@op("aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class sum(Reduction):
    """The sum of all elements."""

    accepts = "bifc"
    common = to_integer
    extra_samples = [*DTYPED, case(f32[4], dtype=i32), case(boolean[3], dtype=boolean)]

    def reduce(x, axes, keepdim):
        return total(x, axes, keepdim)

    def grad(t, g, out, x, dtype):
        return t.expand(g, x.shape)


@op(
    "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class sum_dims(Reduction):
    """The sum along dims."""

    accepts = "bifc"
    common = to_integer
    extra_samples = [case(f32[2, 3], 1, dtype=f64), case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return total(x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g, x, dim, keepdim)


@op("aten::nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor")  # fmt: skip
class nansum(Reduction):
    """The sum along dims, nan counted as 0."""

    saves = ("self",)
    common = to_integer
    extra_samples = [case(f32.of([1, nan, 2]))]

    def reduce(x, axes, keepdim):
        return total(np.where(np.isnan(x), x.dtype.type(0), x), axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g, x, dim, keepdim) * t.logical_not(t.isnan(x))


NO_MEAN = (
    "mean(): could not infer output dtype. Input dtype must be either a floating point"
    " or complex dtype. Got: {dtype}"
)


def average(x, axes, keepdim):
    """The mean over axes; nan of no elements."""
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    return np.true_divide(total(x, axes, keepdim), count)


@op("aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class mean(Reduction):
    """The mean of all elements."""

    accepts = "fc"
    refusal = NO_MEAN
    extra_samples = DTYPED

    def reduce(x, axes, keepdim):
        return average(x, axes, keepdim)

    def grad(t, g, out, x, dtype):
        return t.expand(g / x.numel(), x.shape)


@op(
    "aten::mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class mean_dims(Reduction):
    """The mean along dims."""

    accepts = "fc"
    refusal = NO_MEAN
    extra_samples = [case(i64[2, 3], 1, dtype=f64), case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return average(x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        return spread(t, g / count_along(x, dim), x, dim, keepdim)


@op("aten::nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor")  # fmt: skip
class nanmean(Reduction):
    """The mean along dims of the elements that are not nan."""

    saves = ("self",)
    accepts = "f"
    refusal = (
        "nanmean(): expected input to have floating point or complex dtype but got"
        " {dtype}"
    )
    extra_samples = [case(f32.of([1, nan, 2]))]

    def reduce(x, axes, keepdim):
        missing = np.isnan(x)
        count = np.add.reduce(~missing, axis=axes, keepdims=keepdim, dtype=np.int64)
        return np.true_divide(total(np.where(missing, 0, x), axes, keepdim), count)

    def grad(t, g, out, x, dim, keepdim, dtype):
        there = t.logical_not(t.isnan(x))
        count = t.sum(there, dims_of(x, dim), keepdim)
        return spread(t, g / count, x, dim, keepdim) * there


def others_multiplied(t, x, dim):
    """For each element the product of all others along a dim, also where some are 0."""

    def before(y):
        one = t.ones_like(t.slice(y, dim, 0, 1))
        return t.slice(t.cumprod(t.cat([one, y], dim), dim), dim, 0, -1)

    return before(x) * t.flip(before(t.flip(x, [dim])), [dim])


@op("aten::prod(Tensor self, *, ScalarType? dtype=None) -> Tensor")
class prod(Reduction):
    """The product of all elements."""

    saves = ("self",)
    accepts = "bifc"
    common = to_integer
    extra_samples = DTYPED

    def reduce(x, axes, keepdim):
        return np.multiply.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dtype):
        line = t.to(t.reshape(x, [-1]), g.dtype)
        return g * t.reshape(others_multiplied(t, line, 0), x.shape)


@op(
    "aten::prod.dim_int(Tensor self, int dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor"
)
class prod_dim(Reduction):
    """The product along a dim."""

    saves = ("self",)
    accepts = "bifc"
    common = to_integer

    def reduce(x, axes, keepdim):
        return np.multiply.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim, dtype):
        if not x.ndim:
            return g
        wide = t.to(x, g.dtype)
        return spread(t, g, x, dim, keepdim) * others_multiplied(t, wide, dim)


EXTREMES = [case(f32.of([1, nan, 3])), case(f32.of([-inf, inf]))]


@op("aten::max(Tensor self) -> Tensor")
class max(Reduction):
    """The largest element; nan if there is one."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return np.maximum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op("aten::min(Tensor self) -> Tensor")
class min(Reduction):
    """The smallest element; nan if there is one."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return np.minimum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op("aten::amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor")
class amax(Reduction):
    """The largest elements along dims."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = [*EXTREMES, case(f32[2, 3], [], True)]

    def reduce(x, axes, keepdim):
        return np.maximum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return evenly(t, g, out, x, dim, keepdim)


@op("aten::amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor")
class amin(Reduction):
    """The smallest elements along dims."""

    saves = ("self", "out")
    needs_elements = True
    extra_samples = [*EXTREMES, case(f32[2, 3], [], True)]

    def reduce(x, axes, keepdim):
        return np.minimum.reduce(x, axis=axes, keepdims=keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return evenly(t, g, out, x, dim, keepdim)


def along(function, x, axes, keepdim):
    """An arg function of NumPy along one axis, or of the flattened array."""
    if len(axes) == 1:
        return function(x, axis=axes[0], keepdims=keepdim)
    found = function(x.reshape(-1))
    return found.reshape((1,) * x.ndim) if keepdim else found


def taken(x, indices, axes):
    """The elements that an arg function has found, with the axis kept."""
    if x.ndim == 0:
        return x.reshape(())
    return np.take_along_axis(x, indices, axes[0])


def with_indices(function, x, axes, keepdim):
    """Values and indices of an arg function."""
    if x.ndim == 0:
        return x.copy(), np.zeros((), np.int64)
    indices = function(x, axis=axes[0], keepdims=True)
    values = np.take_along_axis(x, indices, axes[0])
    if keepdim:
        return values, indices
    return values.squeeze(axes[0]), indices.squeeze(axes[0])


@op(
    "aten::max.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class max_dim(Reduction):
    """The largest elements along a dim, and where they are."""

    saves = ("out",)
    needs_elements = True
    results = (None, dtypes.int64)
    extra_samples = [case(f32.of([1, nan, 3]), 0), case(f32.of([[1, 3], [3, 1]]), 1)]

    def reduce(x, axes, keepdim):
        return with_indices(np.argmax, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


@op(
    "aten::min.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class min_dim(Reduction):
    """The smallest elements along a dim, and where they are."""

    saves = ("out",)
    needs_elements = True
    results = (None, dtypes.int64)
    extra_samples = [case(f32.of([1, nan, 3]), 0), case(f32.of([[1, 3], [3, 1]]), 1)]

    def reduce(x, axes, keepdim):
        return with_indices(np.argmin, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)


@op("aten::argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
class argmax(Reduction):
    """Where the largest element is, the first of equals."""

    accepts = "if"
    refusal = "argmax(): does not support {dtype} input"
    needs_elements = True
    results = (dtypes.int64,)
    extra_samples = [case(f32.of([1, nan, 3])), case(f32.of([2, 3, 3]))]

    def reduce(x, axes, keepdim):
        return along(np.argmax, x, axes, keepdim)


@op("aten::argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor")
class argmin(Reduction):
    """Where the smallest element is, the first of equals."""

    accepts = "if"
    refusal = "argmin(): does not support {dtype} input"
    needs_elements = True
    results = (dtypes.int64,)
    extra_samples = [case(f32.of([1, nan, 3])), case(f32.of([2, 1, 1]))]

    def reduce(x, axes, keepdim):
        return along(np.argmin, x, axes, keepdim)


@op("aten::aminmax(Tensor self, *, int? dim=None, bool keepdim=False)"
    " -> (Tensor min, Tensor max)")  # fmt: skip
class aminmax(Reduction):
    """The smallest and the largest elements."""

    saves = ("self", "out")
    needs_elements = True
    results = (None, None)
    extra_samples = EXTREMES

    def reduce(x, axes, keepdim):
        return (
            np.minimum.reduce(x, axis=axes, keepdims=keepdim),
            np.maximum.reduce(x, axis=axes, keepdims=keepdim),
        )

    def grad(t, g, out, x, dim, keepdim):
        smallest = evenly(t, g[0], out[0], x, dim, keepdim)
        return smallest + evenly(t, g[1], out[1], x, dim, keepdim)


def truth(dtype):
    """bool, but uint8 for uint8."""
    return dtypes.uint8 if dtype is dtypes.uint8 else dtypes.bool_


@op(
    "aten::any(Tensor self) -> Tensor",
    "aten::any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
)
class any(Reduction):
    """Whether an element is nonzero."""

    accepts = "bifc"
    result = truth

    def reduce(x, axes, keepdim):
        return np.any(x, axis=axes, keepdims=keepdim)


@op(
    "aten::all(Tensor self) -> Tensor",
    "aten::all.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
)
class all(Reduction):
    """Whether all elements are nonzero."""

    accepts = "bifc"
    result = truth

    def reduce(x, axes, keepdim):
        return np.all(x, axis=axes, keepdims=keepdim)


def no_dims_stay(card):
    """Give a card the rule that an empty list of dims reduces none of them."""
    kernel, infer = card.kernel, card.infer

    def elementwise(x, dims, keepdim):
        if dims is not None and len(dims) == 0:
            return (x != 0).astype(truth(dtypes.dtype_of(x.dtype)).numpy)
        return kernel(x, dims, keepdim)

    def inferred(x, dims, keepdim):
        if isinstance(dims, list) and not dims:
            dtype = None if x.dtype is None else truth(x.dtype)
            return T.TensorType(dtype, x.sizes)
        return infer(x, dims, keepdim)

    card.kernel, card.infer = staticmethod(elementwise), staticmethod(inferred)


@op("aten::any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")
class any_dims(Reduction):
    """Whether an element along dims is nonzero; no dims leave the elements apart."""

    accepts = "bifc"
    result = truth
    extra_samples = [case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return np.any(x, axis=axes, keepdims=keepdim)


@op("aten::all.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")
class all_dims(Reduction):
    """Whether all elements along dims are nonzero; no dims leave the elements apart."""

    accepts = "bifc"
    result = truth
    extra_samples = [case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return np.all(x, axis=axes, keepdims=keepdim)


no_dims_stay(any_dims)
no_dims_stay(all_dims)


@op(
    "aten::count_nonzero(Tensor self, int? dim=None) -> Tensor",
    "aten::count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor",
)
class count_nonzero(Reduction):
    """The number of nonzero elements."""

    accepts = "bifc"
    results = (dtypes.int64,)

    def reduce(x, axes, keepdim):
        return np.count_nonzero(x, axis=axes, keepdims=keepdim)


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


def vector_norm(x, axes, keepdim, p):
    """The p-norm over axes: (sum of |x| ** p) ** (1 / p), and its limits."""
    size = np.abs(x)
    if p is None or p == 2:
        return np.sqrt(total(size * size, axes, keepdim))
    if p == inf:
        return np.maximum.reduce(size, axis=axes, keepdims=keepdim)
    if p == -inf:
        return np.minimum.reduce(size, axis=axes, keepdims=keepdim)
    if p == 0:
        return np.count_nonzero(size, axis=axes, keepdims=keepdim)
    if p == 1:
        return total(size, axes, keepdim)
    return np.power(total(np.power(size, p), axes, keepdim), 1.0 / p)


def norm_slope(t, g, out, x, p, dim, keepdim):
    """The gradient through a p-norm: zero where the norm is not smooth and zero."""
    g, out = spread(t, g, x, dim, keepdim), spread(t, out, x, dim, keepdim)
    if p is None or p == 2:
        return g * t.masked_fill(x / out, t.eq(out, 0), 0)
    if p == 0:
        return t.zeros_like(x)
    if p == 1:
        return g * t.sgn(x)
    size = t.abs(x)
    if p in (inf, -inf):
        reach = t.logical_or(t.eq(size, out), t.isnan(size))
        share = g / t.sum(reach, dims_of(x, dim), True)
        return t.where(reach, t.sgn(x) * share, 0.0)
    if p < 1:
        steep = t.masked_fill(t.pow(size, p - 1), t.eq(x, 0), 0)
        return t.sgn(x) * steep * g * t.pow(out, 1 - p)
    scale = t.masked_fill(g / t.pow(out, p - 1), t.eq(out, 0), 0)
    return t.sgn(x) * t.pow(size, p - 1) * scale


class Norm(Reduction):
    """Base of the vector norms."""

    saves = ("self", "out")
    accepts = "fc"
    refusal = (
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got"
        " {dtype}"
    )

    def result(dtype):
        return REAL.get(dtype, dtype)

    def check(dtype, sizes, p=2, ord=2, **rest):
        power = ord if p == 2 else p
        if F.is_known(power) and power in (inf, -inf) and sizes and 0 in sizes:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {power:g} norm on an empty"
                " tensor because the operation does not have an identity"
            )

    def reduce(x, axes, keepdim, p=2, ord=2):
        return vector_norm(x, axes, keepdim, ord if p == 2 else p)


POWERS = (1, 2, 3, 0, 0.5, inf, -inf)


@op(
    "aten::linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None,"
    " bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_vector_norm(Norm):
    """The p-norm of the elements along dims, as of one vector."""

    extra_samples = [case(f32[2, 3], p, 1) for p in POWERS] + [case(c64[3], 3)]

    def grad(t, g, out, x, ord, dim, keepdim, dtype):
        return norm_slope(t, g, out, x, ord, dim, keepdim)


@op(
    "aten::norm.Scalar(Tensor self, Scalar p=2) -> Tensor",
    "aten::norm.ScalarOpt_dtype(Tensor self, Scalar? p, *, ScalarType dtype) -> Tensor",
    "aten::norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False)"
    " -> Tensor",
    "aten::norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *,"
    " ScalarType dtype) -> Tensor",
)
class norm(Norm):
    """The p-norm of the elements, as of one vector."""

    samples = {
        "Scalar": [case(f32[2, 3], p) for p in POWERS] + [case(f64[3]), case(f32[0])],
        "ScalarOpt_dtype": [
            case(f32[2, 3], 1, dtype=f64),
            case(f32[3], None, dtype=f64),
        ],
        "ScalarOpt_dim": [
            case(f32[2, 3], 2, 1),
            case(f32[2, 3], None, [0, 1], True),
            case(f16[2, 3], 3, [-1]),
        ],
        "ScalarOpt_dim_dtype": [case(f32[2, 3], 2, 1, False, dtype=f64)],
    }

    def grad(t, g, out, x, p, *rest):
        dim, keepdim = rest[:2] if len(rest) > 1 else (None, False)
        return norm_slope(t, g, out, x, p, dim, keepdim)


@op("aten::dist(Tensor self, Tensor other, Scalar p=2) -> Tensor")
class dist(Card):
    """The p-norm of the difference."""

    saves = ("self", "other", "out")
    samples = [case(f32[2, 3], f32[3]), case(f64[3], f64[3], 1)]

    def kernel(x, y, p):
        from jit.runtime.ops.arithmetic import sub

        return linalg_vector_norm.kernel(sub.kernel(x, y, 1), p, None, False, None)

    def infer(x, y, p):
        from jit.runtime.ops.arithmetic import sub

        return T.TensorType(sub.infer(x, y, 1).dtype, ())

    def grad(t, g, out, x, y, p):
        slope = norm_slope(t, g, out, x - y, p, None, False)
        return slope, lambda: -slope


@op("aten::logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor")
class logsumexp(Reduction):
    """log(sum(exp(self))) along dims, without overflow on the way."""

    saves = ("self", "out")
    common = to_floating
    accepts = "f"
    extra_samples = [case(f32.of([-inf, -inf]), 0), case(f32.of([1000, inf, 0]), 0)]

    def reduce(x, axes, keepdim):
        if 0 in x.shape:
            return np.log(total(np.exp(x), axes, keepdim))
        top = np.maximum.reduce(x, axis=axes, keepdims=True)
        top = np.where(np.isfinite(top), top, x.dtype.type(0))
        result = np.log(total(np.exp(x - top), axes, True)) + top
        return result if keepdim else np.squeeze(result, axes)

    def grad(t, g, out, x, dim, keepdim):
        top = spread(t, out, x, dim, keepdim)
        return spread(t, g, x, dim, keepdim) * t.exp(x - top)


def middle(x, axis):
    """Where the lower median along an axis is; the first nan where there is one."""
    order = np.argsort(x, axis=axis, kind="stable")
    found = np.take(order, [(x.shape[axis] - 1) // 2], axis)
    missing = np.isnan(x)
    first = np.argmax(missing, axis=axis, keepdims=True)
    return np.where(np.any(missing, axis=axis, keepdims=True), first, found)


DISTINCT = case(f32.of([[3, 1, 2, 4], [0, 5, 7, 6]]), 1)


@op("aten::median(Tensor self) -> Tensor")
class median(Reduction):
    """The middle element of all, the lower one of two; nan if there is one."""

    saves = ("self", "out")
    accepts = "if"
    extra_samples = [case(f32.of([1, nan, 0])), case(i64.of([4, 1, 3, 2])), case(u8[5])]

    def reduce(x, axes, keepdim):
        line = x.reshape(-1)
        if line.size == 0:
            return np.asarray(np.nan)
        return line[middle(line, 0)[0]]

    def grad(t, g, out, x):
        return evenly(t, g, out, x, None, False)


@op(
    "aten::median.dim(Tensor self, int dim, bool keepdim=False)"
    " -> (Tensor values, Tensor indices)"
)
class median_dim(Reduction):
    """The middle elements along a dim, the lower one of two, and where they are."""

    saves = ("out",)
    accepts = "if"
    needs_elements = True
    results = (None, dtypes.int64)
    samples = [DISTINCT, case(f32.of([1, nan, 0]), 0), case(i64.of([3, 1, 2]), 0, True),
               case(f32[()], 0)]  # fmt: skip

    def reduce(x, axes, keepdim):
        def find(y, axis, keepdims):
            return middle(y, axis)

        return with_indices(find, x, axes, keepdim)

    def grad(t, g, out, x, dim, keepdim):
        return placed(t, g[0], out[1], x, dim, keepdim)

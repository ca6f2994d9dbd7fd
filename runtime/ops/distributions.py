"""Random numbers of further distributions, written into a tensor or drawn for one."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime import random as R
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.random_ops import Random, RandomInPlace
from jit.runtime.ops.samples import case, f32, f64, i64


class Distribution(RandomInPlace):
    """What was there before is overwritten, so no gradient goes back to it."""

    def grad(t, g, out, x, *rest):
        return t.zeros_like(g)


def _check_floating(name, x):
    if dtype_of(x.dtype).category != FLOATING:
        raise NotImplementedError(
            f"\"{name}\" not implemented for '{dtype_of(x.dtype).title}'"
        )


def _open_unit(x, generator):
    """Uniform float64 numbers between 0 and 1, without both."""
    drawn = R.draw_uniform(x.shape, dtypes.float64, generator)
    return np.maximum(drawn, 2.0**-54)


@op(
    "aten::cauchy_(Tensor(a!) self, float median=0., float sigma=1., *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class cauchy_(Distribution):
    """Numbers of the Cauchy distribution written into `self`."""

    unknown = ("median", "sigma")

    def kernel(x, median, sigma, generator):
        if sigma <= 0:
            raise RuntimeError(
                f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}"
            )
        if dtype_of(x.dtype).category != FLOATING:
            raise RuntimeError(
                "Cauchy distribution is a continuous probability distribution. dtype"
                f" must be a floating point but you specified {dtype_of(x.dtype).title}"
            )
        x[...] = median + sigma * np.tan(math.pi * (_open_unit(x, generator) - 0.5))
        return x

    samples = [f32[2, 3], case(f64[2], 1.0, 2.0), f32[0]]


@op(
    "aten::exponential_(Tensor(a!) self, float lambd=1., *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class exponential_(Distribution):
    """Numbers of the exponential distribution written into `self`."""

    unknown = ("lambd",)

    def kernel(x, rate, generator):
        if rate <= 0:
            raise RuntimeError(
                f"exponential_ expects lambda > 0.0, but found lambda={rate:g}"
            )
        if dtype_of(x.dtype).category != FLOATING:
            raise RuntimeError(
                "Exponential distribution is a continuous probability distribution."
                " dtype must be a floating point but you specified"
                f" {dtype_of(x.dtype).title}"
            )
        x[...] = -np.log(_open_unit(x, generator)) / rate
        return x

    samples = [f32[2, 3], case(f64[2], 2.0), f32[0]]


@op(
    "aten::geometric_(Tensor(a!) self, float p, *, Generator? generator=None)"
    " -> Tensor(a!)"
)
class geometric_(Distribution):
    """How many tries until a success of probability `p`, written into `self`."""

    unknown = ("p",)

    def kernel(x, p, generator):
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        if x.dtype == np.bool_:
            raise NotImplementedError("\"geometric_cpu\" not implemented for 'Bool'")
        tries = np.ceil(np.log(_open_unit(x, generator)) / math.log1p(-p))
        x[...] = np.maximum(tries, 1).astype(x.dtype)
        return x

    samples = [case(f32[2, 3], 0.5), case(i64[2], 0.25), case(f32[0], 0.5)]


@op(
    "aten::log_normal_(Tensor(a!) self, float mean=1., float std=2., *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class log_normal_(Distribution):
    """Exponentials of normal numbers written into `self`."""

    unknown = ("mean", "std")

    def kernel(x, mean, std, generator):
        if std <= 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        _check_floating("log_normal_", x)
        drawn = R.draw_normal(x.shape, dtypes.float64, generator)
        x[...] = np.exp(mean + std * drawn)
        return x

    samples = [f32[2, 3], case(f64[2], 0.0, 0.5), f32[0]]


def _bounds(dtype):
    """The integers that `random_` draws for a dtype when nothing is told."""
    if dtype is dtypes.bool_:
        return 0, 2
    if dtype.category == FLOATING:
        digits = {2: 11, 4: 24, 8: 53}[dtype.itemsize]
        return 0, 2 ** (8 if dtype is dtypes.bfloat16 else digits) + 1
    return 0, int(np.iinfo(dtype.numpy).max) + (dtype.itemsize < 8)


def _fill(x, low, high, generator):
    x[...] = R.draw_integers(low, high, x.shape, dtypes.int64, generator)
    return x


def _check_range(low, high):
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >="
            f" to={high}"
        )


@op("aten::random_(Tensor(a!) self, *, Generator? generator=None) -> Tensor(a!)")
class random_(Distribution):
    """Integers of the whole range of the dtype written into `self`."""

    def kernel(x, generator):
        return _fill(x, *_bounds(dtype_of(x.dtype)), generator)

    samples = [f32[2, 3], i64[3], f32[0]]


@op(
    "aten::random_.to(Tensor(a!) self, int to, *, Generator? generator=None)"
    " -> Tensor(a!)"
)
class random_to_(Distribution):
    """Integers from 0 to before `to` written into `self`."""

    unknown = ("to",)

    def kernel(x, high, generator):
        _check_range(0, high)
        return _fill(x, 0, high, generator)

    samples = [case(f32[2, 3], 5), case(i64[3], 2)]


@op(
    "aten::random_.from(Tensor(a!) self, int from, int? to, *,"
    " Generator? generator=None) -> Tensor(a!)"
)
class random_from_(Distribution):
    """Integers from `from` to before `to` written into `self`."""

    unknown = ("from", "to")

    def kernel(x, low, high, generator):
        if high is None:
            high = _bounds(dtype_of(x.dtype))[1]
        _check_range(low, high)
        return _fill(x, low, high, generator)

    samples = [case(f32[2, 3], -2, 5), case(i64[3], 2, None)]


def _numpy_generator(generator):
    """NumPy's own generator, started from the next words of ours."""
    words = (generator or R.default_generator).take(4)
    return np.random.default_rng(words.tolist())


@op("aten::poisson(Tensor self, Generator? generator=None) -> Tensor")
class poisson(Random):
    """Numbers of the Poisson distributions with the given rates."""

    domain = (0.5, 3.0)

    def kernel(x, generator):
        _check_floating("poisson_cpu", x)
        if x.size and x.min() < 0:
            raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        drawn = _numpy_generator(generator).poisson(x.astype(np.float64))
        return np.asarray(drawn).astype(x.dtype)

    def sizes(x, generator):
        return x

    samples = [f32[2, 3].within(0, 4), f64[0]]

    def grad(t, g, out, x, generator):
        return t.zeros_like(g)


@op("aten::binomial(Tensor count, Tensor prob, Generator? generator=None) -> Tensor")
class binomial(Random):
    """How many of `count` tries of probability `prob` are successes."""

    def kernel(count, prob, generator):
        _check_floating("binomial_cpu", count)
        if count.dtype != prob.dtype:
            raise RuntimeError(
                "binomial: count and prob must have the same dtype, but they are"
                f" {dtype_of(count.dtype).title} and {dtype_of(prob.dtype).title}"
            )
        tries = np.broadcast_to(count, S.broadcast(count.shape, prob.shape))
        drawn = _numpy_generator(generator).binomial(
            tries.astype(np.int64), np.clip(prob.astype(np.float64), 0, 1)
        )
        return np.asarray(drawn).astype(count.dtype)

    def sizes(count, prob, generator):
        return S.broadcast(count, prob)

    def dtypes(count, prob, generator):
        return count

    samples = [case(f32.of([3, 5]), f32[2, 2].within(0, 1)), case(f32[0], f32[0])]

    def grad(t, g, out, count, prob, generator):
        return t.new_zeros(g, count.shape), t.new_zeros(g, prob.shape)

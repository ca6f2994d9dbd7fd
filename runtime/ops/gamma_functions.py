"""Incomplete gamma functions, the multivariate one, and Hurwitz' zeta function.

Incomplete gamma: the power series below the mean of the distribution (DLMF 8.7.1), the
continued fraction above (DLMF 8.9.2, by Lentz' rule), and near zero a series of the
complement (DLMF 8.7.3); Stirling's series in front where the parameter is large.
Zeta: a first stretch of its series, then Euler and Maclaurin's rule (DLMF 25.11.7).
"""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.runtime.ops import facts as F
from jit.runtime.ops import special
from jit.runtime.ops.families import FloatPointwise, op
from jit.runtime.ops.samples import case, f32, f64, inf, nan

MOST_TERMS = 20_000
"""Terms after which a series counts as summed; a parameter of 1e6 takes half of them."""
SMALLEST = 1e-300
ROUNDING = 2.0**-53


def first_term(a, x):
    """x ** a * exp(-x) / gamma(a + 1), without overflow on the way."""
    large = np.maximum(a, 13.0)
    shift = (x - large) / large
    inverse = 1 / (large * large)
    stirling = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))
    from_mean = large * (np.log1p(shift) - shift) - stirling / large
    below = a * np.log(x) - x - special.lgamma(a + 1)
    scale = np.where(a < 13, 1.0, np.sqrt(2 * np.pi * large))
    return np.exp(np.where(a < 13, below, from_mean)) / scale


def lower_series(a, x):
    """The lower function, by its power series; for x not far above a."""
    term, total, count = np.ones_like(a), np.ones_like(a), a.copy()
    for _ in range(MOST_TERMS):
        count += 1
        term *= x / count
        total += term
        if not (term > total * ROUNDING).any():
            break
    return total * first_term(a, x)


def upper_fraction(a, x):
    """The upper function, by its continued fraction; for x above a and 1."""
    b = x + 1 - a
    c = np.full_like(a, 1 / SMALLEST)
    d = 1 / np.where(b == 0, SMALLEST, b)
    h = d.copy()
    for i in range(1, MOST_TERMS):
        factor = -i * (i - a)
        b = b + 2
        d = factor * d + b
        c = b + factor / c
        d = 1 / np.where(d == 0, SMALLEST, d)
        c = np.where(c == 0, SMALLEST, c)
        h *= d * c
        if not (np.abs(d * c - 1) > ROUNDING * 4).any():
            break
    return h * a * first_term(a, x)


def upper_series(a, x):
    """The upper function, by a series of what is missing; for small x."""
    factor, total = np.ones_like(a), np.zeros_like(a)
    for n in range(1, 60):
        factor = factor * (-x / n)
        total += factor * a / (a + n)
    power = a * np.log(x) - special.lgamma(a + 1)
    return -np.expm1(power) - np.exp(power) * total


def incomplete_gamma(a, x, upper):
    """The share of the gamma distribution with parameter a below x, or above it."""
    a, x = (np.asarray(v, np.float64) for v in np.broadcast_arrays(a, x))
    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    by_fraction = inside & (x > 1.1) & (x > a)
    with np.errstate(all="ignore"):
        bound = np.where(x <= 0.5, -0.4 / np.log(x), 0.75 * x)
    by_missing = inside & (x <= 1.1) & (bound >= a)
    by_series = inside & ~by_fraction & ~by_missing
    # at the ends: nothing lies above infinity, everything above 0
    result = np.where((a == 0) | np.isinf(x), 0.0, 1.0)
    undefined = (x < 0) | (a < 0) | ((a == 0) & (x == 0)) | np.isnan(x) | np.isnan(a)
    result[undefined | (np.isinf(a) & np.isinf(x))] = nan
    for where, method in ((by_fraction, upper_fraction), (by_missing, upper_series)):
        if where.any():
            result[where] = method(a[where], x[where])
    if not upper:
        result = 1 - result
    if by_series.any():
        lower = lower_series(a[by_series], x[by_series])
        result[by_series] = 1 - lower if upper else lower
    return result


PARAMETERS = [
    case(f64.of([0.5, 1, 2, 10, 30, 200, 1e4, 0.1]),
         f64.of([0.2, 1.5, 5, 3, 31, 180, 1e4, 1e-3])),
    case(f32.of([0, 0, 1, inf, inf, -1, 1, nan, 1]),
         f32.of([0, 1, 0, 1, inf, 1, -1, 1, inf])),
]  # fmt: skip


def gamma_density(t, g, a, x):
    """The gradient with respect to where a gamma distribution is cut."""
    return g * t.exp((a - 1) * t.log(x) - x - t.lgamma(a))


def refuse_parameter(name):
    """NotImplementedError where torch has it: for the gradient of the parameter."""

    def refused():
        raise NotImplementedError(
            f"the derivative for '{name}: input' is not implemented."
        )

    return refused


class IncompleteGamma(FloatPointwise):
    """Base of the two parts of the gamma distribution."""

    accepts = "f"
    saves = ("self", "other")
    domain = (0.0625, 5.0)
    extra_samples = PARAMETERS

    def common(dtype):
        return dtype


@op("aten::igamma(Tensor self, Tensor other) -> Tensor")
class igamma(IncompleteGamma):
    """The regularized lower incomplete gamma function with parameter self."""

    def function(a, x):
        return incomplete_gamma(a, x, upper=False)

    def grad(t, g, out, a, x):
        return refuse_parameter("igamma"), lambda: gamma_density(t, g, a, x)


@op("aten::igammac(Tensor self, Tensor other) -> Tensor")
class igammac(IncompleteGamma):
    """The regularized upper incomplete gamma function with parameter self."""

    def function(a, x):
        return incomplete_gamma(a, x, upper=True)

    def grad(t, g, out, a, x):
        return refuse_parameter("igammac"), lambda: -gamma_density(t, g, a, x)


def shifts(p):
    """By how much each of the factors of a multivariate gamma function is moved."""
    return [-0.5 * j for j in range(p)]


@op("aten::mvlgamma(Tensor self, int p) -> Tensor")
class mvlgamma(FloatPointwise):
    """The logarithm of the multivariate gamma function of dimension p."""

    text = "sum(lgamma(self - j / 2) for j < p) + p * (p - 1) / 4 * log(pi)"
    saves = ("self",)
    accepts = "f"
    domain = (2.5, 6.0)
    samples = [
        case(f32[2, 3].within(2, 5), 1),
        case(f64[4].within(3, 5), 3),
        case(f64.of([1.0, 2.0, nan]), 3),
    ]

    def check(common, x, p):
        if F.dtype_seen(x) is dtypes.bool_:
            raise RuntimeError("The input tensor may not be a boolean tensor.")
        if isinstance(p, int) and p < 1:
            raise RuntimeError("p has to be greater than or equal to 1")

    def formula(m, x, p):
        total = p * (p - 1) / 4 * math.log(math.pi)
        for shift in shifts(p):
            total = m.lgamma(x + shift) + total
        return total

    def grad(t, g, out, x, p):
        slope = t.digamma(x)
        for shift in shifts(p)[1:]:
            slope = slope + t.digamma(x + shift)
        return g * slope


BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6,
             -3617 / 510, 43867 / 798, -174611 / 330)  # fmt: skip


def zeta(s, q):
    """The sum of (q + k) ** -s over all k from 0 on."""
    s, q = (np.asarray(v, np.float64) for v in np.broadcast_arrays(s, q))
    pole = (s == 1) | (q <= 0) & (np.floor(q) == q)
    undefined = (s < 1) | (q <= 0) & ~pole & (np.floor(s) != s)
    undefined |= np.isnan(s) | np.isnan(q)
    idle = pole | undefined
    order, z = np.where(idle, 2.0, s), np.where(idle, 1.0, q)
    total = np.zeros_like(z)
    for _ in range(9):
        total = total + z**-order
        z = z + 1
    while (low := z <= 9.0).any():
        total = np.where(low, total + z**-order, total)
        z = np.where(low, z + 1, z)
    power = z**-order
    total = total + power * z / (order - 1) + 0.5 * power
    factor = order
    for k, bernoulli in enumerate(BERNOULLI, 1):
        power = power / (z if k == 1 else z * z)
        term = bernoulli / math.factorial(2 * k) * factor * power
        total = total + np.where(power == 0, 0.0, term)
        factor = factor * (order + 2 * k - 1) * (order + 2 * k)
    return np.where(undefined, nan, np.where(pole, inf, total))


@op(
    "aten::special_zeta(Tensor self, Tensor other) -> Tensor",
    "aten::special_zeta.other_scalar(Tensor self, Scalar other) -> Tensor",
    "aten::special_zeta.self_scalar(Scalar self, Tensor other) -> Tensor",
)
class special_zeta(FloatPointwise):
    """Hurwitz' zeta function: the sum of (other + k) ** -self over all k from 0 on."""

    inplace = False
    saves = ("self", "other")
    accepts = "f"
    domain = (1.25, 6.0)
    extra_samples = {
        "": [
            case(f64.of([1.1, 2, 30, 3, 2.5]), f64.of([0.1, 1, 2, 1e6, 0.5])),
            case(f32.of([1, 0.5, 2, 2, 2.5, nan]), f32.of([2, 2, -1, -1.5, -1.5, 1])),
        ]
    }

    def function(s, q):
        return zeta(s, q)

    def grad(t, g, out, s, q):
        return refuse_parameter(
            "special_zeta"
        ), lambda: g * (-s * t.special_zeta(s + 1, q))

"""Special functions that NumPy lacks: erf, erfc, erfinv, lgamma, digamma, polygamma.

Each takes and gives arrays of float32 or float64 and computes in float64.

erf and erfc: W. J. Cody, "Rational Chebyshev approximations for the error function",
Mathematics of Computation 23 (1969); erf within 4, erfc within 8 units in the last place.
lgamma and digamma: S. L. Moshier, "Methods and Programs for Mathematical Functions"
(1989): a rational function on [2, 3], Stirling's series beyond 13 (10 for digamma),
recurrence between, reflection below zero.
polygamma: the series of Hurwitz' zeta function, then Euler and Maclaurin's rule.
erfinv: a rational first guess, then Newton steps on erf.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any

_SMALL_P = (1.85777706184603153e-1, 3.16112374387056560e00, 1.13864154151050156e02,
            3.77485237685302021e02, 3.20937758913846947e03)  # fmt: skip
_SMALL_Q = (1.0, 2.36012909523441209e01, 2.44024637934444173e02,
            1.28261652607737228e03, 2.84423683343917062e03)  # fmt: skip
_MIDDLE_P = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e00,
             6.61191906371416295e01, 2.98635138197400131e02, 8.81952221241769090e02,
             1.71204761263407058e03, 2.05107837782607147e03,
             1.23033935479799725e03)  # fmt: skip
_MIDDLE_Q = (1.0, 1.57449261107098347e01, 1.17693950891312499e02,
             5.37181101862009858e02, 1.62138957456669019e03, 3.29079923573345963e03,
             4.36261909014324716e03, 3.43936767414372164e03,
             1.23033935480374942e03)  # fmt: skip
_LARGE_P = (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
            1.25781726111229246e-1, 1.60837851487422766e-2,
            6.58749161529837803e-4)  # fmt: skip
_LARGE_Q = (1.0, 2.56852019228982242e00, 1.87295284992346725e00,
            5.27905102951428412e-1, 6.05183413124413191e-2,
            2.33520497626869185e-3)  # fmt: skip


def _polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    """Horner's rule, the highest power first."""
    result = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        result = result * x + c
    return result


def _in_double(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Compute in float64, give the result in the type of the operand."""

    def converted(x: Array) -> Array:
        x = np.asarray(x)
        return function(x.astype(np.float64)).astype(x.dtype)

    converted.__doc__ = function.__doc__
    converted.__name__ = function.__name__
    return converted


def _gaussian(y: Array) -> Array:
    """exp(-y * y) without the error that squaring y would make."""
    head = np.trunc(y * 16.0) / 16.0
    return np.exp(-head * head) * np.exp(-(y - head) * (y + head))


def _erf_near_zero(x: Array) -> Array:
    square = x * x
    return x * _polynomial(square, _SMALL_P) / _polynomial(square, _SMALL_Q)


def _erfc_beyond(y: Array) -> Array:
    """erfc of y > 0.46875; inputs below count as that."""
    middle = np.clip(y, 0.46875, 4.0)
    large = np.clip(y, 4.0, 30.0)
    scaled = _polynomial(middle, _MIDDLE_P) / _polynomial(middle, _MIDDLE_Q)
    inverse = 1.0 / (large * large)
    tail = inverse * _polynomial(inverse, _LARGE_P) / _polynomial(inverse, _LARGE_Q)
    far = (0.56418958354775628695 - tail) / large
    return _gaussian(np.clip(y, 0.46875, 30.0)) * np.where(y <= 4.0, scaled, far)


@_in_double
def erf(x: Array) -> Array:
    """The error function, 2 / sqrt(pi) * integral of exp(-t * t) from 0 to x."""
    y = np.abs(x)
    near = _erf_near_zero(np.clip(x, -0.46875, 0.46875))
    beyond = np.copysign(1.0 - _erfc_beyond(y), x)
    result = np.where(y <= 0.46875, near, beyond)
    return np.where(np.isnan(x), x, result)


@_in_double
def erfc(x: Array) -> Array:
    """1 - erf(x), accurate where erf is near 1."""
    y = np.abs(x)
    near = 1.0 - _erf_near_zero(np.clip(x, -0.46875, 0.46875))
    tail = _erfc_beyond(y)
    result = np.where(y <= 0.46875, near, np.where(x < 0, 2.0 - tail, tail))
    return np.where(np.isnan(x), x, result)


_CENTRE_P = (-0.140543331, 0.914624893, -1.645349621, 0.886226899)
_CENTRE_Q = (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0)
_TAIL_P = (1.641345311, 3.429567803, -1.624906493, -1.970840454)
_TAIL_Q = (1.637067800, 3.543889200, 1.0)


@_in_double
def erfinv(x: Array) -> Array:
    """The y with erf(y) == x; nan outside of [-1, 1]."""
    square = np.clip(x * x, 0.0, 1.0)
    centre = x * _polynomial(square, _CENTRE_P) / _polynomial(square, _CENTRE_Q)
    z = np.sqrt(-np.log((1.0 - np.clip(np.abs(x), 0.7, 1 - 2.0**-53)) / 2.0))
    tail = np.copysign(_polynomial(z, _TAIL_P) / _polynomial(z, _TAIL_Q), x)
    result = np.where(np.abs(x) <= 0.7, centre, tail)
    for _ in range(3):
        # near 1 the difference is exact only between complements
        error = np.where(
            np.abs(x) <= 0.7,
            erf(result) - x,
            np.sign(x) * ((1.0 - np.abs(x)) - erfc(np.abs(result))),
        )
        result = result - error / (1.1283791670955126 * np.exp(-result * result))
    result = np.where(np.abs(x) == 1.0, np.copysign(np.inf, x), result)
    return np.where(np.abs(x) <= 1.0, result, np.nan)


_STIRLING = (8.11614167470508450300e-4, -5.95061904284301438324e-4,
             7.93650340457716943945e-4, -2.77777777730099687205e-3,
             8.33333333333331927722e-2)  # fmt: skip
_GAMMA_P = (-1.37825152569120859100e3, -3.88016315134637840924e4,
            -3.31612992738871184744e5, -1.16237097492762307383e6,
            -1.72173700820839662146e6, -8.53555664245765465627e5)  # fmt: skip
_GAMMA_Q = (1.0, -3.51815701436523470549e2, -1.70642106651881159223e4,
            -2.20528590553854454839e5, -1.13933444367982507207e6,
            -2.53252307177582951285e6, -2.01889141433532773231e6)  # fmt: skip
_HALF_LOG_TWO_PI = 0.91893853320467274178


def _lgamma_positive(x: Array) -> Array:
    large = np.maximum(x, 13.0)
    series = (large - 0.5) * np.log(large) - large + _HALF_LOG_TWO_PI
    tail = _polynomial(1.0 / (large * large), _STIRLING) / large
    # below 13: gamma(x) = product * gamma(z) with z in [2, 3]
    z = np.where(x < 13.0, x, 2.0)
    product = np.ones_like(z)
    for _ in range(11):
        above = z >= 3.0
        z = np.where(above, z - 1.0, z)
        product = np.where(above, product * z, product)
    for _ in range(2):
        below = z < 2.0
        product = np.where(below, product / z, product)
        z = np.where(below, z + 1.0, z)
    z = z - 2.0
    core = z * _polynomial(z, _GAMMA_P) / _polynomial(z, _GAMMA_Q)
    result = np.where(x < 13.0, np.log(product) + core, series + tail)
    return np.where(x > 1e305, np.inf, result)


@_in_double
def lgamma(x: Array) -> Array:
    """The logarithm of |gamma(x)|; inf at 0, -1, -2 ..."""
    positive = _lgamma_positive(np.where(x > 0, x, 1.0))
    q = np.where(x < 0, -x, 1.5)
    fraction = q - np.floor(q)
    sine = np.sin(np.pi * np.minimum(fraction, 1.0 - fraction))
    reflected = np.log(np.pi) - np.log(q * sine) - _lgamma_positive(q)
    result = np.where(x > 0, positive, reflected)
    pole = (x <= 0) & (np.floor(x) == x) | np.isinf(x)
    return np.where(np.isnan(x), x, np.where(pole, np.inf, result))


_DIGAMMA = (8.33333333333333333333e-2, -2.10927960927960927961e-2,
            7.57575757575757575758e-3, -4.16666666666666666667e-3,
            3.96825396825396825397e-3, -8.33333333333333333333e-3,
            8.33333333333333333333e-2)  # fmt: skip


def _digamma_positive(x: Array) -> Array:
    shift = np.zeros_like(x)
    for _ in range(10):
        small = x < 10.0
        shift = np.where(small, shift + 1.0 / x, shift)
        x = np.where(small, x + 1.0, x)
    inverse = 1.0 / (x * x)
    series = np.where(x < 1e17, inverse * _polynomial(inverse, _DIGAMMA), 0.0)
    return np.log(x) - 0.5 / x - series - shift


@_in_double
def digamma(x: Array) -> Array:
    """The derivative of lgamma; nan at -1, -2 ..., infinite at 0."""
    positive = _digamma_positive(np.where(x > 0, x, 1.0))
    q = np.where(x < 0, -x, 0.5)
    fraction = q - np.floor(q)
    reflected = _digamma_positive(1.0 + q) + np.pi / np.tan(np.pi * fraction)
    result = np.where(x > 0, positive, reflected)
    pole = (x < 0) & (np.floor(x) == x)
    result = np.where(pole | np.isnan(x), np.nan, result)
    return np.where(x == 0, np.copysign(np.inf, -x), result)


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6,
              -3617 / 510, 43867 / 798, -174611 / 330)  # fmt: skip


def polygamma(n: int, x: Array) -> Array:
    """The derivative of digamma, n times: n! times Hurwitz' zeta, with a sign."""
    if n == 0:
        return digamma(x)
    x = np.asarray(x)
    y = x.astype(np.float64)
    pole = (y <= 0) & (np.floor(y) == y)
    z = np.where(pole | ~np.isfinite(y), 1.0, y)
    order = n + 1
    total = np.zeros_like(z)
    # the terms of the series up to where Euler and Maclaurin's rule takes over
    while (low := z < 12.0).any():
        total = np.where(low, total + z**-order, total)
        z = np.where(low, z + 1.0, z)
    total = total + z ** (1.0 - order) / (order - 1.0) + 0.5 * z**-order
    factor, power = float(order), z ** (-order - 1.0)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + bernoulli / math.factorial(2 * k) * factor * power
        factor *= (order + 2 * k - 1) * (order + 2 * k)
        power = power / (z * z)
    result = math.factorial(n) * total * (1.0 if n % 2 else -1.0)
    infinite = np.inf if n % 2 else -np.inf
    result = np.where(pole, infinite, result)
    result = np.where(y == np.inf, 0.0, np.where(np.isnan(y), y, result))
    return np.where(y == -np.inf, np.nan, result).astype(x.dtype)

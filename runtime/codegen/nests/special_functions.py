"""erfinv, lgamma and digamma as straight-line code, by the formulas of `ops.special`.

All compute in float64 and are exact to the last places of float32, and of float64 where
the function is not near a zero that is no number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.ir import dtypes
from jit.runtime.codegen.nests import elementary
from jit.runtime.ops import special

if TYPE_CHECKING:
    from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary

M = Any
E = Any


def _in_double(function: Callable[[M, E], E]) -> Callable[..., Element]:
    """Compute in float64, give the result in the dtype of the operand."""

    def converted(m: LlvmVocabulary, x: Element) -> Element:
        return m.cast(function(m, m.cast(x, dtypes.float64)), x.dtype)

    converted.__doc__ = function.__doc__
    return converted


def _polynomial(x: E, coefficients: Sequence[float]) -> E:
    """Horner's rule, the highest power first."""
    made: E = coefficients[0]
    for c in coefficients[1:]:
        made = x * made + c
    return made


@_in_double
def erfinv(m: M, x: E) -> E:
    """The y with erf(y) == x; nan outside of [-1, 1]."""
    size = m.abs(x)
    square = m.minimum(x * x, 1.0)
    centre = x * _polynomial(square, special._CENTRE_P)
    centre = centre / _polynomial(square, special._CENTRE_Q)
    near_one = m.minimum(m.maximum(size, 0.7), 1 - 2.0**-53)
    z = m.sqrt(-elementary.log(m, (1.0 - near_one) * 0.5))
    tail = _polynomial(z, special._TAIL_P) / _polynomial(z, special._TAIL_Q)
    in_centre = size <= 0.7
    made = m.where(in_centre, centre, m.copysign(tail, x))
    sign = m.copysign(m.number(1.0, x.dtype), x)
    for _ in range(3):
        # near 1 the difference is exact only between complements
        far = sign * ((1.0 - size) - elementary.erfc(m, m.abs(made)))
        error = m.where(in_centre, elementary.erf(m, made) - x, far)
        slope = 1.1283791670955126 * elementary.exp(m, -made * made)
        made = made - error / slope
    made = m.where(size == 1.0, m.copysign(m.number(math.inf, x.dtype), x), made)
    return m.where(size <= 1.0, made, math.nan)


def _lgamma_positive(m: M, x: E) -> E:
    large = m.maximum(x, 13.0)
    series = (large - 0.5) * elementary.log(m, large) - large
    series = series + special._HALF_LOG_TWO_PI
    tail = _polynomial(1.0 / (large * large), special._STIRLING) / large
    # below 13: gamma(x) = product * gamma(z) with z in [2, 3]
    z = m.where(x < 13.0, x, 2.0)
    product: E = m.number(1.0, x.dtype)
    for _ in range(11):
        above = z >= 3.0
        z = m.where(above, z - 1.0, z)
        product = m.where(above, product * z, product)
    for _ in range(2):
        below = z < 2.0
        product = m.where(below, product / z, product)
        z = m.where(below, z + 1.0, z)
    z = z - 2.0
    core = z * _polynomial(z, special._GAMMA_P) / _polynomial(z, special._GAMMA_Q)
    made = m.where(x < 13.0, elementary.log(m, product) + core, series + tail)
    return m.where(x > 1e305, math.inf, made)


@_in_double
def lgamma(m: M, x: E) -> E:
    """The logarithm of |gamma(x)|; inf at 0, -1, -2 ..."""
    positive = x > 0
    q = m.where(x < 0, -x, 1.5)
    fraction = q - m.floor(q)
    sine = elementary.sin(m, math.pi * m.minimum(fraction, 1.0 - fraction))
    # one logarithm of gamma for both sides
    size = _lgamma_positive(m, m.where(positive, x, q))
    reflected = math.log(math.pi) - elementary.log(m, q * sine) - size
    made = m.where(positive, size, reflected)
    pole = ((x <= 0) & (m.floor(x) == x)) | m.isinf(x)
    return m.where(m.isnan(x), x, m.where(pole, math.inf, made))


def _digamma_positive(m: M, x: E) -> E:
    shift: E = m.number(0.0, x.dtype)
    for _ in range(10):
        small = x < 10.0
        shift = m.where(small, shift + 1.0 / x, shift)
        x = m.where(small, x + 1.0, x)
    inverse = 1.0 / (x * x)
    series = m.where(x < 1e17, inverse * _polynomial(inverse, special._DIGAMMA), 0.0)
    return elementary.log(m, x) - 0.5 / x - series - shift


@_in_double
def digamma(m: M, x: E) -> E:
    """The derivative of lgamma; nan at -1, -2 ..., infinite at 0."""
    positive = x > 0
    q = m.where(x < 0, -x, 0.5)
    fraction = q - m.floor(q)
    size = _digamma_positive(m, m.where(positive, x, q + 1.0))
    reflected = size + math.pi / elementary.tan(m, math.pi * fraction)
    made = m.where(positive, size, reflected)
    pole = (x < 0) & (m.floor(x) == x)
    made = m.where(pole | m.isnan(x), math.nan, made)
    infinity = m.copysign(m.number(math.inf, x.dtype), -x)
    return m.where(x == 0, infinity, made)

"""Bessel functions of orders zero and one, and those of an imaginary argument.

All are sums of Chebyshev series, as in C. W. Clenshaw, "Chebyshev Series for Mathematical
Functions" (1962) and the libraries after it: near zero of the function itself, without
its logarithm or pole; beyond that of modulus and phase (DLMF 10.18), or of the function
without its exponential (DLMF 10.40). They are written in the vocabulary `m`, so that
they compile.
"""

from __future__ import annotations

import math

from jit.runtime.ops import bessel_series as series
from jit.runtime.ops.families import FloatPointwise, op
from jit.runtime.ops.samples import case, f32, f64, inf, nan

TWO_OVER_PI = 2 / math.pi
EXTREMES = case(f32.of([nan, 0, -0.0, 1e-20, 30, 100]))


def chebyshev(t, coefficients):
    """The sum of a Chebyshev series at t in [-1, 1], by Clenshaw's recurrence."""
    twice = t + t
    last, before = coefficients[-1], 0.0
    for c in reversed(coefficients[1:-1]):
        last, before = twice * last - before + c, last
    return t * last - before + coefficients[0]


def oscillating(m, x, order):
    """The parts of modulus and phase for x >= 8: P, Q, and the angle."""
    y = m.maximum(x, 8.0)
    z = 8 / y
    t = 2 * z * z - 1
    p, q = ((series.P0, series.Q0), (series.P1, series.Q1))[order]
    angle = y - (2 * order + 1) * math.pi / 4
    scale = m.sqrt(TWO_OVER_PI / y)
    return scale * chebyshev(t, p), scale * chebyshev(t, q) / y, angle


def near_eight(m, x):
    """The variable of the series in x * x on [0, 8]."""
    y = m.minimum(x, 8.0)
    return y * y / 32 - 1


def j0(m, x):
    """The Bessel function of the first kind, of order zero."""
    y = m.abs(x)
    p, q, angle = oscillating(m, y, 0)
    far = p * m.cos(angle) - q * m.sin(angle)
    return m.where(y <= 8, chebyshev(near_eight(m, y), series.J0_NEAR), far)


def j1(m, x):
    """The Bessel function of the first kind, of order one."""
    y = m.abs(x)
    p, q, angle = oscillating(m, y, 1)
    far = p * m.cos(angle) - q * m.sin(angle)
    near = y * chebyshev(near_eight(m, y), series.J1_NEAR)
    return m.where(x < 0, -1.0, 1.0) * m.where(y <= 8, near, far)


def outside(m, x, inside, at_zero):
    """A function with a singularity at zero that is not defined below."""
    return m.where(x > 0, inside, m.where(x == 0, at_zero, nan))


def y0(m, x):
    """The Bessel function of the second kind, of order zero."""
    p, q, angle = oscillating(m, x, 0)
    far = p * m.sin(angle) + q * m.cos(angle)
    t = near_eight(m, x)
    logarithm = TWO_OVER_PI * m.log(x) * chebyshev(t, series.J0_NEAR)
    near = chebyshev(t, series.Y0_NEAR) + logarithm
    return outside(m, x, m.where(x <= 8, near, far), -inf)


def y1(m, x):
    """The Bessel function of the second kind, of order one."""
    p, q, angle = oscillating(m, x, 1)
    far = p * m.sin(angle) + q * m.cos(angle)
    t = near_eight(m, x)
    first = x * chebyshev(t, series.J1_NEAR)
    near = x * chebyshev(t, series.Y1_NEAR) + TWO_OVER_PI * (m.log(x) * first - 1 / x)
    return outside(m, x, m.where(x <= 8, near, far), -inf)


def i0e(m, x):
    """exp(-|x|) * i0(x)."""
    y = m.abs(x)
    below, above = m.minimum(y, 8.0), m.maximum(y, 8.0)
    near = chebyshev(below / 4 - 1, series.I0_NEAR)
    far = chebyshev(16 / above - 1, series.I0_FAR) / m.sqrt(above)
    return m.where(y <= 8, near, far)


def i1e(m, x):
    """exp(-|x|) * i1(x)."""
    y = m.abs(x)
    below, above = m.minimum(y, 8.0), m.maximum(y, 8.0)
    near = y * chebyshev(below / 4 - 1, series.I1_NEAR)
    far = chebyshev(16 / above - 1, series.I1_FAR) / m.sqrt(above)
    return m.where(x < 0, -1.0, 1.0) * m.where(y <= 8, near, far)


def i0(m, x):
    """The modified Bessel function of the first kind, of order zero."""
    return m.exp(m.abs(x)) * i0e(m, x)


def i1(m, x):
    """The modified Bessel function of the first kind, of order one."""
    return m.exp(m.abs(x)) * i1e(m, x)


def k0(m, x, scaled=False):
    """The modified Bessel function of the second kind, of order zero."""
    y, above = m.minimum(x, 2.0), m.maximum(x, 2.0)
    near = chebyshev(y * y / 2 - 1, series.K0_NEAR) - m.log(0.5 * y) * i0(m, y)
    far = chebyshev(4 / above - 1, series.K0_FAR) / m.sqrt(above)
    if scaled:
        near = near * m.exp(y)
    else:
        far = far * m.exp(-above)
    return outside(m, x, m.where(x <= 2, near, far), inf)


def k1(m, x, scaled=False):
    """The modified Bessel function of the second kind, of order one."""
    y, above = m.minimum(x, 2.0), m.maximum(x, 2.0)
    near = chebyshev(y * y / 2 - 1, series.K1_NEAR) / y + m.log(0.5 * y) * i1(m, y)
    far = chebyshev(4 / above - 1, series.K1_FAR) / m.sqrt(above)
    if scaled:
        near = near * m.exp(y)
    else:
        far = far * m.exp(-above)
    return outside(m, x, m.where(x <= 2, near, far), inf)


@op("aten::i0(Tensor self) -> Tensor", names=["aten::special_i0"])
class modified_first_kind_zero(FloatPointwise):
    """The modified Bessel function of the first kind, of order zero."""

    text = "i0(self)"
    saves = ("self",)
    accepts = "f"
    extra_samples = [EXTREMES]

    def formula(m, x):
        return i0(m, x)

    def grad(t, g, out, x):
        return g * t.special_i1(x)


@op("aten::special_i0e(Tensor self) -> Tensor")
class special_i0e(FloatPointwise):
    """exp(-|self|) * i0(self), which does not overflow."""

    text = "i0e(self)"
    inplace = False
    saves = ("self", "out")
    accepts = "f"
    extra_samples = [EXTREMES]

    def formula(m, x):
        return i0e(m, x)

    def grad(t, g, out, x):
        return g * (t.special_i1e(x) - t.sign(x) * out)


@op("aten::special_i1(Tensor self) -> Tensor")
class special_i1(FloatPointwise):
    """The modified Bessel function of the first kind, of order one."""

    text = "i1(self)"
    inplace = False
    saves = ("self", "out")
    accepts = "f"
    extra_samples = [EXTREMES]

    def formula(m, x):
        return i1(m, x)

    def grad(t, g, out, x):
        slope = t.i0(x) - out / x
        return g * t.where(t.eq(x, 0), t.full_like(slope, 0.5), slope)


@op("aten::special_i1e(Tensor self) -> Tensor")
class special_i1e(FloatPointwise):
    """exp(-|self|) * i1(self), which does not overflow."""

    text = "i1e(self)"
    inplace = False
    saves = ("self", "out")
    accepts = "f"
    extra_samples = [EXTREMES]

    def formula(m, x):
        return i1e(m, x)

    def grad(t, g, out, x):
        slope = t.special_i0e(x) - out * (t.sign(x) + 1 / x)
        return g * t.where(t.eq(x, 0), t.full_like(slope, 0.5), slope)


class Bessel(FloatPointwise):
    """Base of the functions that torch does not differentiate."""

    accepts = "f"
    inplace = False
    detached = True
    extra_samples = [EXTREMES, case(f64.of([0.1, 1.9, 2.1, 7.9, 8.1, 50]))]


@op("aten::special_bessel_j0(Tensor self) -> Tensor")
class special_bessel_j0(Bessel):
    """The Bessel function of the first kind, of order zero."""

    text = "j0(self)"

    def formula(m, x):
        return j0(m, x)


@op("aten::special_bessel_j1(Tensor self) -> Tensor")
class special_bessel_j1(Bessel):
    """The Bessel function of the first kind, of order one."""

    text = "j1(self)"

    def formula(m, x):
        return j1(m, x)


@op("aten::special_bessel_y0(Tensor self) -> Tensor")
class special_bessel_y0(Bessel):
    """The Bessel function of the second kind, of order zero."""

    text = "y0(self)"

    def formula(m, x):
        return y0(m, x)


@op("aten::special_bessel_y1(Tensor self) -> Tensor")
class special_bessel_y1(Bessel):
    """The Bessel function of the second kind, of order one."""

    text = "y1(self)"

    def formula(m, x):
        return y1(m, x)


@op("aten::special_modified_bessel_i0(Tensor self) -> Tensor")
class special_modified_bessel_i0(Bessel):
    """The modified Bessel function of the first kind, of order zero."""

    text = "i0(self)"

    def formula(m, x):
        return i0(m, x)


@op("aten::special_modified_bessel_i1(Tensor self) -> Tensor")
class special_modified_bessel_i1(Bessel):
    """The modified Bessel function of the first kind, of order one."""

    text = "i1(self)"

    def formula(m, x):
        return i1(m, x)


@op("aten::special_modified_bessel_k0(Tensor self) -> Tensor")
class special_modified_bessel_k0(Bessel):
    """The modified Bessel function of the second kind, of order zero."""

    text = "k0(self)"

    def formula(m, x):
        return k0(m, x)


@op("aten::special_modified_bessel_k1(Tensor self) -> Tensor")
class special_modified_bessel_k1(Bessel):
    """The modified Bessel function of the second kind, of order one."""

    text = "k1(self)"

    def formula(m, x):
        return k1(m, x)


@op("aten::special_scaled_modified_bessel_k0(Tensor x) -> Tensor")
class special_scaled_modified_bessel_k0(Bessel):
    """exp(x) times the modified Bessel function of the second kind, of order zero."""

    text = "exp(x) * k0(x)"

    def formula(m, x):
        return k0(m, x, scaled=True)


@op("aten::special_scaled_modified_bessel_k1(Tensor x) -> Tensor")
class special_scaled_modified_bessel_k1(Bessel):
    """exp(x) times the modified Bessel function of the second kind, of order one."""

    text = "exp(x) * k1(x)"

    def formula(m, x):
        return k1(m, x, scaled=True)


@op("aten::special_spherical_bessel_j0(Tensor x) -> Tensor")
class special_spherical_bessel_j0(Bessel):
    """The spherical Bessel function of the first kind, of order zero."""

    text = "sin(x) / x"

    def formula(m, x):
        y = x * x
        near = 1 - y / 6 * (1 - y / 20 * (1 - y / 42 * (1 - y / 72 * (1 - y / 110))))
        far = m.where(m.isinf(x), 0.0, m.sin(x) / x)
        return m.where(m.abs(x) < 0.5, near, far)


ZETA_OF_TWO = 2 / 3 * 2**1.5
"""2/3 * x ** 1.5 at x = 2, where the series of the Airy function change."""


@op("aten::special_airy_ai(Tensor x) -> Tensor")
class special_airy_ai(Bessel):
    """The Airy function Ai: a Chebyshev series up to 2, DLMF 9.7 in series beyond."""

    text = "airy_ai(x)"

    def formula(m, x):
        middle = chebyshev(m.minimum(m.maximum(x, -2.0), 2.0) * 0.5, series.AIRY_MIDDLE)
        y = m.maximum(m.abs(x), 2.0)
        root = m.sqrt(y)
        zeta = (2 / 3) * y * root
        scale = 1 / m.sqrt(math.pi * root)
        ratio = ZETA_OF_TWO / zeta
        right = scale * 0.5 * m.exp(-zeta) * chebyshev(2 * ratio - 1, series.AIRY_RIGHT)
        t = 2 * ratio * ratio - 1
        angle = zeta + math.pi / 4
        p, q = chebyshev(t, series.AIRY_P), chebyshev(t, series.AIRY_Q) / zeta
        left = scale * (m.sin(angle) * p - m.cos(angle) * q)
        return m.where(x > 2, right, m.where(x < -2, left, middle))

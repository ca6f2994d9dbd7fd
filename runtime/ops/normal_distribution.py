"""Functions around the normal distribution and its entropy, and x * log(1 + y)."""

from __future__ import annotations

import math

from jit.runtime.ops.bessel import chebyshev
from jit.runtime.ops.families import FloatPointwise, op
from jit.runtime.ops.samples import case, f32, f64, inf, nan

ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_PI = math.sqrt(2 * math.pi)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)

SCALED_TAIL = (
    0.503978117502470932, -0.0721121980483903778, -0.00749531602685780382,
    0.00383805189568798450, -0.000641012669971345267, -0.0000155405488081569419,
    0.0000432302431017443993, -0.0000137693744578912340, 1.87479835447876917e-6,
    3.60725786189642141e-7, -3.03443690435948697e-7, 9.58724700946041699e-8,
    -1.35832675563300251e-8, -3.21915712281044350e-9, 2.87467608034528776e-9,
    -1.03312004357957284e-9, 1.92464111705534604e-10, 1.96070660765437243e-11,
    -3.21955070819023855e-11, 1.44240362705118233e-11, -3.73207141212978785e-12,
    2.19403528695973653e-13, 3.53120911001993481e-13, -2.24325820152166739e-13,
    7.96596281733042793e-14, -1.52961910582447357e-14, -2.05088595837953809e-15,
    3.32182656613526304e-15, -1.67322967625921475e-15, 5.23700675924775994e-16,
    -7.30162671665390659e-17,
)  # fmt: skip
"""The Chebyshev series of x * exp(x * x) * erfc(x) in 2 / x - 1, for x >= 1."""


def erfcx(m, x):
    """exp(x * x) * erfc(x), which does not vanish for large x."""
    y, near = m.maximum(x, 1.0), m.minimum(x, 1.0)
    far = chebyshev(2 / y - 1, SCALED_TAIL) / y
    return m.where(x < 1, m.exp(near * near) * m.erfc(near), far)


def log_ndtr(m, x):
    """The logarithm of the normal distribution function."""
    left = m.minimum(x, -1.0)
    tail = m.log(0.5 * erfcx(m, -left * ROOT_HALF)) - 0.5 * left * left
    return m.where(x < -1, tail, m.log1p(-0.5 * m.erfc(x * ROOT_HALF)))


def lower_quantile(m, p):
    """The quantile of the normal distribution for 0 < p <= 0.5.

    A first guess (Abramowitz and Stegun, 26.2.23) and Newton steps on the logarithm of
    the distribution function, which is concave.
    """
    logarithm = m.log(p)
    t = m.sqrt(-2 * logarithm)
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    y = above / below - t
    for _ in range(3):
        step = (log_ndtr(m, y) - logarithm) * erfcx(m, -y * ROOT_HALF)
        y = y - step / ROOT_TWO_OVER_PI
    return y


ENDS = [case(f64.of([nan, inf, -inf, 0.0, -30.0, -5.0, 5.0, 30.0]))]


@op("aten::special_entr(Tensor self) -> Tensor")
class special_entr(FloatPointwise):
    """-self * log(self), the entropy of a share; 0 at 0, -inf below."""

    inplace = False
    saves = ("self",)
    accepts = "f"
    domain = (0.0625, 5.0)
    extra_samples = ENDS

    def formula(m, x):
        inside = m.where(x == 0, 0.0, -x * m.log(x))
        return m.where(m.isnan(x), x, m.where(x < 0, -inf, inside))

    def grad(t, g, out, x):
        return g * (-t.log(x) - 1)


@op("aten::special_erfcx(Tensor self) -> Tensor")
class special_erfcx(FloatPointwise):
    """exp(self ** 2) * erfc(self), which does not vanish for large self."""

    text = "exp(self * self) * erfc(self)"
    inplace = False
    saves = ("self", "out")
    accepts = "f"
    extra_samples = ENDS

    def formula(m, x):
        return erfcx(m, x)

    def grad(t, g, out, x):
        return g * (2 * x * out - TWO_OVER_ROOT_PI)


@op("aten::special_ndtr(Tensor self) -> Tensor")
class special_ndtr(FloatPointwise):
    """The share of the normal distribution that lies below self."""

    inplace = False
    saves = ("self",)
    accepts = "f"
    extra_samples = ENDS

    def formula(m, x):
        return 0.5 * m.erfc(-x * ROOT_HALF)

    def grad(t, g, out, x):
        return g * (t.exp(-0.5 * x * x) / ROOT_TWO_PI)


@op("aten::special_log_ndtr(Tensor self) -> Tensor")
class special_log_ndtr(FloatPointwise):
    """The logarithm of the share of the normal distribution that lies below self."""

    text = "log(0.5 * erfc(-self / sqrt(2)))"
    inplace = False
    saves = ("self",)
    accepts = "f"
    extra_samples = ENDS

    def formula(m, x):
        return log_ndtr(m, x)

    def grad(t, g, out, x):
        return g * (ROOT_TWO_OVER_PI / t.special_erfcx(x * -ROOT_HALF))


@op("aten::special_ndtri(Tensor self) -> Tensor")
class special_ndtri(FloatPointwise):
    """The number below which a share of the normal distribution lies."""

    text = "sqrt(2) * erfinv(2 * self - 1)"
    inplace = False
    saves = ("out",)
    accepts = "f"
    domain = (0.0625, 0.9375)
    extra_samples = [case(f64.of([0, 1, 0.5, 1e-300, 1e-10, 0.02, 0.999, 2, -1, nan]))]

    def formula(m, x):
        inside = m.where(x <= 0.5, x, 1 - x)
        inside = m.where((inside > 0) & (inside <= 0.5), inside, 0.5)
        y = lower_quantile(m, inside)
        y = m.where(x == 0.5, 0.0, m.where(x < 0.5, y, -y))
        y = m.where(x == 0, -inf, m.where(x == 1, inf, y))
        return m.where((x >= 0) & (x <= 1), y, nan)

    def grad(t, g, out, x):
        return g * (t.exp(0.5 * out * out) * ROOT_TWO_PI)


@op(
    "aten::special_xlog1py(Tensor self, Tensor other) -> Tensor",
    "aten::special_xlog1py.other_scalar(Tensor self, Scalar other) -> Tensor",
    "aten::special_xlog1py.self_scalar(Scalar self, Tensor other) -> Tensor",
)
class special_xlog1py(FloatPointwise):
    """self * log(1 + other), and 0 where self is 0 and other is not nan."""

    inplace = False
    saves = ("self", "other")
    accepts = "f"
    domain = (0.0625, 5.0)
    extra_samples = {"": [case(f32.of([0, 0, 1, 0]), f32.of([-1, nan, 0, inf]))]}

    def formula(m, x, y):
        return m.where(m.isnan(y), y, m.where(x == 0, 0.0, x * m.log1p(y)))

    def grad(t, g, out, x, y):
        def of_factor():
            other = t.tensor(y, like=g)
            slope = g * t.log1p(other)
            idle = t.logical_and(t.eq(x, 0), t.le(other, -1))
            return t.where(idle, t.zeros_like(slope), slope)

        return of_factor, lambda: g * (x / (y + 1))

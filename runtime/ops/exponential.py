"""Exponentials, logarithms, roots, and the functions around the normal distribution."""

from __future__ import annotations

import math

from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime.kernels.products import widened
from jit.runtime.ops import facts as F
from jit.runtime.ops import special
from jit.runtime.ops.families import FloatPointwise, Pointwise, op, store
from jit.runtime.ops.samples import case, f32, f64, i64, inf, nan
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.promotion import get_default_dtype

POSITIVE = (0.0625, 5.0)
LN2, LN10 = math.log(2), math.log(10)
TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
SPECIAL = [case(f32.of([nan, inf, -inf, 0.0, -0.0, 1e-30, 100, -100]))]


@op("aten::exp(Tensor self) -> Tensor")
class exp(FloatPointwise):
    """e to the power of self."""

    saves = ("out",)
    accepts = "fc"
    numpy = "exp"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.exp(x)

    def grad(t, g, out, x):
        return g * out


@op("aten::exp2(Tensor self) -> Tensor")
class exp2(FloatPointwise):
    """2 to the power of self."""

    saves = ("out",)
    accepts = "fc"
    numpy = "exp2"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.exp2(x)

    def grad(t, g, out, x):
        return g * (out * LN2)


@op("aten::expm1(Tensor self) -> Tensor")
class expm1(FloatPointwise):
    """exp(self) - 1, accurate near zero."""

    saves = ("out",)
    accepts = "fc"
    numpy = "expm1"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.expm1(x)

    def grad(t, g, out, x):
        return g * (out + 1)


@op("aten::log(Tensor self) -> Tensor")
class log(FloatPointwise):
    """The natural logarithm."""

    saves = ("self",)
    accepts = "fc"
    numpy = "log"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return m.log(x)

    def grad(t, g, out, x):
        return g / x


@op("aten::log2(Tensor self) -> Tensor")
class log2(FloatPointwise):
    """The logarithm to base 2."""

    saves = ("self",)
    accepts = "fc"
    numpy = "log2"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return m.log2(x)

    def grad(t, g, out, x):
        return g / (x * LN2)


@op("aten::log10(Tensor self) -> Tensor")
class log10(FloatPointwise):
    """The logarithm to base 10."""

    saves = ("self",)
    accepts = "fc"
    numpy = "log10"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return m.log10(x)

    def grad(t, g, out, x):
        return g / (x * LN10)


@op("aten::log1p(Tensor self) -> Tensor")
class log1p(FloatPointwise):
    """log(1 + self), accurate near zero."""

    saves = ("self",)
    accepts = "fc"
    numpy = "log1p"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return m.log1p(x)

    def grad(t, g, out, x):
        return g / (x + 1)


@op("aten::sqrt(Tensor self) -> Tensor")
class sqrt(FloatPointwise):
    """The square root."""

    saves = ("out",)
    accepts = "fc"
    numpy = "sqrt"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return m.sqrt(x)

    def grad(t, g, out, x):
        return g / (2 * out)


@op("aten::rsqrt(Tensor self) -> Tensor")
class rsqrt(FloatPointwise):
    """1 / sqrt(self)."""

    saves = ("out",)
    accepts = "fc"
    domain = POSITIVE
    extra_samples = SPECIAL

    def formula(m, x):
        return 1 / m.sqrt(x)

    def grad(t, g, out, x):
        return g * (-0.5 * out * out * out)


@op("aten::logaddexp(Tensor self, Tensor other) -> Tensor")
class logaddexp(Pointwise):
    """log(exp(self) + exp(other)), without overflow on the way."""

    saves = ("self", "other", "out")
    accepts = "f"
    inplace = False
    numpy = "logaddexp"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.logaddexp(x, y)

    def grad(t, g, out, x, y):
        return lambda: g * t.exp(x - out), lambda: g * t.exp(y - out)


@op("aten::logaddexp2(Tensor self, Tensor other) -> Tensor")
class logaddexp2(Pointwise):
    """log2(2 ** self + 2 ** other), without overflow on the way."""

    saves = ("self", "other", "out")
    accepts = "f"
    inplace = False
    numpy = "logaddexp2"
    commutative = True
    associative = True

    def formula(m, x, y):
        return m.logaddexp2(x, y)

    def grad(t, g, out, x, y):
        return lambda: g * t.exp2(x - out), lambda: g * t.exp2(y - out)


@op(
    "aten::xlogy.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::xlogy.Scalar_Other(Tensor self, Scalar other) -> Tensor",
    "aten::xlogy.Scalar_Self(Scalar self, Tensor other) -> Tensor",
)
class xlogy(FloatPointwise):
    """self * log(other), and 0 where self is 0 and other is not nan."""

    saves = ("self", "other")
    accepts = "f"
    domain = POSITIVE
    extra_samples = {
        "Tensor": [case(f32.of([0, 0, 1, 0]), f32.of([0, nan, 0, inf]))],
    }

    def formula(m, x, y):
        return m.where(m.isnan(y), y, m.where(x == 0, 0, x * m.log(y)))

    def grad(t, g, out, x, y):
        def of_factor():
            other = t.tensor(y, like=g)
            slope = g * t.log(other)
            idle = t.logical_and(t.eq(x, 0), t.le(other, 0))
            return t.where(idle, t.zeros_like(slope), slope)

        return of_factor, lambda: g * (x / y)


@op("aten::logit(Tensor self, float? eps=None) -> Tensor")
class logit(FloatPointwise):
    """log(self / (1 - self)), with self moved into [eps, 1 - eps] first."""

    saves = ("self",)
    accepts = "f"
    domain = (0.0625, 0.9375)
    extra_samples = [case(f64.of([0, 0.5, 1, 2]), eps=0.1)]

    def formula(m, x, eps):
        if eps is not None:
            x = m.where(x < eps, eps, m.where(x > 1 - eps, 1 - eps, x))
        return m.log(x / (1 - x))

    def grad(t, g, out, x, eps):
        slope = g / (x * (1 - x))
        if eps is None:
            return slope
        inside = t.logical_and(t.ge(x, eps), t.le(x, 1 - eps))
        return t.where(inside, slope, t.zeros_like(slope))


@op("aten::erf(Tensor self) -> Tensor")
class erf(FloatPointwise):
    """The error function."""

    saves = ("self",)
    accepts = "f"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.erf(x)

    def grad(t, g, out, x):
        return g * (TWO_OVER_ROOT_PI * t.exp(-(x * x)))


@op("aten::erfc(Tensor self) -> Tensor")
class erfc(FloatPointwise):
    """1 - erf(self), accurate for large self."""

    saves = ("self",)
    accepts = "f"
    extra_samples = SPECIAL

    def formula(m, x):
        return m.erfc(x)

    def grad(t, g, out, x):
        return g * (-TWO_OVER_ROOT_PI * t.exp(-(x * x)))


@op("aten::erfinv(Tensor self) -> Tensor")
class erfinv(FloatPointwise):
    """The inverse of erf on [-1, 1]."""

    saves = ("out",)
    accepts = "f"
    domain = (-0.9375, 0.9375)
    extra_samples = [case(f64.of([-1, 1, 2, nan, 0.999999]))]

    def formula(m, x):
        return m.erfinv(x)

    def grad(t, g, out, x):
        return g * (t.exp(out * out) / TWO_OVER_ROOT_PI)


@op("aten::lgamma(Tensor self) -> Tensor")
class lgamma(FloatPointwise):
    """The logarithm of the absolute value of the gamma function."""

    saves = ("self",)
    accepts = "f"
    domain = POSITIVE
    extra_samples = [case(f64.of([-0.5, -1.25, 0, -1, 100, 3.5, inf, nan]))]

    def formula(m, x):
        return m.lgamma(x)

    def grad(t, g, out, x):
        return g * t.digamma(x)


@op("aten::digamma(Tensor self) -> Tensor")
class digamma(FloatPointwise):
    """The derivative of lgamma."""

    saves = ("self",)
    accepts = "f"
    domain = POSITIVE
    extra_samples = [case(f64.of([-0.5, -1.25, 100, 3.5]))]

    def formula(m, x):
        return m.digamma(x)

    def grad(t, g, out, x):
        return g * t.polygamma(1, x)


@op(
    "aten::polygamma(int n, Tensor self) -> Tensor",
    names=["aten::special_polygamma"],
)
class polygamma(Shaped):
    """The n-th derivative of digamma."""

    saves = ("self",)
    unknown = ("n",)
    domain = POSITIVE

    def kernel(n, x):
        if n < 0:
            raise RuntimeError("polygamma(n, x) does not support negative n.")
        if x.dtype.kind in "bui":
            x = x.astype(get_default_dtype().numpy)
        return special.polygamma(n, widened(x)).astype(x.dtype, copy=False)

    def dtypes(n, x):
        return get_default_dtype() if x is not None and x.category < FLOATING else x

    def sizes(n, x):
        if F.is_known(n) and n < 0:
            raise RuntimeError("polygamma(n, x) does not support negative n.")
        return x

    samples = [case(n, f64[4].within(0.25, 20)) for n in (0, 2, 5)] + [
        case(1, f32.of([0.5, -0.5, -3.25, 100, 0, inf, nan])),
        case(1, f32[2, 3].within(1, 3)),
        case(1, i64[3].within(1, 5)),
    ]

    def grad(t, g, out, n, x):
        return None, lambda: g * t.polygamma(n + 1, x)


@op("aten::polygamma_(Tensor(a!) self, int n) -> Tensor(a!)")
class polygamma_(Shaped):
    """`aten::polygamma` written into `self`."""

    saves = ("self",)
    unknown = ("n",)
    fails = VALUES

    def kernel(x, n):
        if x.dtype.kind in "bui":
            raise RuntimeError(
                f"result type {get_default_dtype().title} can't be cast to the desired"
                f" output type {dtype_of(x.dtype).title}"
            )
        return store(x, polygamma.kernel(n, x))

    def sizes(x, n):
        return x

    samples = [case(f32[3].within(1, 3), 1), case(f64[2].within(1, 3), 0)]

    def grad(t, g, out, x, n):
        return g * t.polygamma(n + 1, x)


@op("aten::sinc(Tensor self) -> Tensor")
class sinc(FloatPointwise):
    """sin(pi * self) / (pi * self), and 1 at zero."""

    saves = ("self", "out")
    accepts = "fc"
    extra_samples = [case(f32.of([0.0, 0.5, 1.0]))]

    def formula(m, x):
        angle = x * math.pi
        return m.where(x == 0, 1, m.sin(angle) / angle)

    def grad(t, g, out, x):
        slope = (t.cos(x * math.pi) - out) / x
        return g * t.where(t.eq(x, 0), t.zeros_like(slope), slope)

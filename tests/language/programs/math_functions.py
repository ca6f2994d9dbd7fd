"""The module math."""

import torch
import math

from tests.language.corpus import program

# math.pi, math.e, math.inf, math.nan and torch.pi.


@program()
def constants():
    return math.pi, math.e, math.inf, math.nan, torch.pi


# math.exp, expm1, log (one argument), log10, log1p, sqrt and pow.


@program(0.0, 1.0, -1.5, 1e-09)
def exp_log_exponentials(x: float):
    return math.exp(x), math.expm1(x), math.pow(2.0, x)


@program(1.0, 2.0, 100.0, 1e-09)
def exp_log_logarithms(x: float):
    return math.log(x), math.log10(x), math.log1p(x), math.sqrt(x)


# math's hyperbolic functions and their inverses.


@program(0.0, 0.5, -2.0)
def hyperbolic_forward(x: float):
    return math.sinh(x), math.cosh(x), math.tanh(x), math.asinh(x)


@program(0.0, 0.5, 0.9)
def hyperbolic_inverse(x: float):
    return math.acosh(x + 1.0), math.atanh(x)


# math.gcd and math.factorial of ints.


@program((12, 18), (-12, 18), (7, 0), (0, 0), (17, 5))
def integers_gcd(a: int, b: int):
    return math.gcd(a, b)


@program(0, 1, 10, 20, -1)
def integers_factorial(n: int):
    return math.factorial(n)


# math.modf, frexp, ldexp, fmod, copysign and remainder.


@program(3.75, -3.75, 0.0, 8.0)
def parts_parts(x: float):
    return math.modf(x), math.frexp(x)


@program((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (5.0, 2.0))
def parts_two(x: float, y: float):
    return math.fmod(x, y), math.copysign(x, y), math.remainder(x, y)


@program((0.75, 4), (3.0, -1))
def parts_load(x: float, n: int):
    return math.ldexp(x, n)


# math.isnan, isinf and isfinite.


@program(0.0, 1e300, float("inf"), float("-inf"), float("nan"))
def predicates(x: float):
    return math.isnan(x), math.isinf(x), math.isfinite(x)


# math.ceil and math.floor give ints, math.fabs a float.


@program(0.0, 0.5, -0.5, 2.0, -2.0, 7.9, -7.9)
def rounding(x: float):
    return math.ceil(x), math.floor(x), math.fabs(x)


# math.erf, erfc, gamma and lgamma.


@program(0.5, 1.0, 4.5, -0.5)
def special(x: float):
    return math.erf(x), math.erfc(x), math.gamma(x), math.lgamma(x)


# math's trigonometric functions, their inverses and atan2.


@program(0.0, 0.5, -1.0, 3.0)
def trigonometry_forward(x: float):
    return math.sin(x), math.cos(x), math.tan(x)


@program(0.0, 0.5, -1.0)
def trigonometry_inverse(x: float):
    return math.asin(x), math.acos(x), math.atan(x)


@program((1.0, 1.0), (-1.0, -1.0), (0.0, -1.0), (180.0, 3.0))
def trigonometry_angle(y: float, x: float):
    return math.atan2(y, x), math.degrees(x), math.radians(y)

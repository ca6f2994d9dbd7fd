"""The module math: every function."""

import math
import torch


from tests.language.corpus import program


@program(1.2, -1.2, 2.0, 3)
def ceil_and_floor(x: float):
    return math.ceil(x), math.floor(x)


@program((3.0, -1.0), (3.0, 0.0))
def copysign(x: float, y: float):
    return math.copysign(x, y)


@program(0.0, 0.5, -1.5)
def erf_and_erfc(x: float):
    return math.erf(x), math.erfc(x)


@program(0.0, 1.0, -2.0)
def exp_and_expm1(x: float):
    return math.exp(x), math.expm1(x)


@program(-1.5, 2.0)
def fabs(x: float):
    return math.fabs(x)


@program(0.5, 5.0)
def gamma_and_lgamma(x: float):
    return math.gamma(x), math.lgamma(x)


@program(1.0, 10.0, 0.5)
def logarithms(x: float):
    return math.log(x), math.log10(x), math.log1p(x)


@program((8.0, 2.0), (100.0, 10.0))
def log_to_a_base(x: float, base: float):
    return math.log(x, base)


@program(0.0, -1.0, torch_is_wrong="it gives -inf, or nan")
def log_of_what_has_none(x: float):
    return math.log(x)


@program((2.0, 3.0), (2.0, 0.5))
def power(x: float, y: float):
    return math.pow(x, y)


@program(4.0, 2.0)
def sqrt(x: float):
    return math.sqrt(x)


@program(-1.0, torch_is_wrong="it gives nan")
def sqrt_of_a_negative_number(x: float):
    return math.sqrt(x)


@program(0.0, float("inf"), float("nan"))
def predicates(x: float):
    return math.isnan(x), math.isinf(x), math.isfinite(x)


@program(0.0, 0.5, -0.7)
def trigonometric(x: float):
    return math.sin(x), math.cos(x), math.tan(x)


@program(0.0, 0.5, -0.7)
def inverse_trigonometric(x: float):
    return math.asin(x), math.acos(x), math.atan(x)


@program(0.0, 0.5, -0.7)
def hyperbolic(x: float):
    return math.sinh(x), math.cosh(x), math.tanh(x)


@program(1.5)
def inverse_hyperbolic(x: float):
    return math.asinh(x), math.acosh(x), math.atanh(x / 2)


@program((1.0, 2.0), (-1.0, -2.0))
def atan2(y: float, x: float):
    return math.atan2(y, x)


@program((7.5, 2.0), (-7.5, 2.0))
def fmod(x: float, y: float):
    return math.fmod(x, y)


@program((7.5, 2.0), (8.5, 2.0))
def remainder(x: float, y: float):
    return math.remainder(x, y)


@program(2.75, -2.75)
def modf(x: float):
    return math.modf(x)


@program(8.0, 0.3)
def frexp(x: float):
    return math.frexp(x)


@program((0.5, 4))
def ldexp(x: float, n: int):
    return math.ldexp(x, n)


@program(0, 5, 10)
def factorial(n: int):
    return math.factorial(n)


@program((12, 18), (7, 3), (0, 5))
def gcd(a: int, b: int):
    return math.gcd(a, b)


@program(180.0, 45.0)
def degrees_and_radians(x: float):
    return math.radians(x), math.degrees(math.radians(x))


@program()
def constants():
    return math.pi, math.e, math.inf, torch.pi


@program()
def nan_is_nan():
    return math.isnan(math.nan), math.nan == math.nan


@program(3)
def ints_are_taken_for_floats(n: int):
    return math.sqrt(n), math.exp(n), math.floor(n)


@program(-1)
def factorial_of_a_negative_number(n: int):
    return math.factorial(n)


# math.pi, math.e, math.inf, math.nan and torch.pi.


@program()
def constants_of_all():
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
def predicates_of_all(x: float):
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

"""The module cmath: functions of complex numbers."""

import cmath
from tests.language.corpus import program


@program(1 + 2j, 0.5 - 0.25j)
def exponentials(z: complex):
    return cmath.exp(z), cmath.sqrt(z)


@program(1 + 2j, 0.5 - 0.25j)
def logarithms(z: complex):
    return cmath.log(z), cmath.log10(z), cmath.log(z, 2.0)


@program(1 + 2j, 0.5 - 0.25j)
def trigonometric(z: complex):
    return cmath.sin(z), cmath.cos(z), cmath.tan(z)


@program(1 + 2j, 0.5 - 0.25j)
def inverse_trigonometric(z: complex):
    return cmath.asin(z), cmath.acos(z), cmath.atan(z)


@program(1 + 2j, 0.5 - 0.25j)
def hyperbolic(z: complex):
    return cmath.sinh(z), cmath.cosh(z), cmath.tanh(z)


@program(1 + 2j, 0.5 - 0.25j)
def inverse_hyperbolic(z: complex):
    return cmath.asinh(z), cmath.acosh(z), cmath.atanh(z)


@program(1 + 2j, -1j, -2 + 0j)
def phase(z: complex):
    return cmath.phase(z)


@program(1 + 2j)
def polar_and_rect(z: complex):
    return cmath.polar(z), cmath.rect(2.0, 0.5)


@program(1 + 2j, complex("inf"), complex("nan"))
def predicates(z: complex):
    return cmath.isnan(z), cmath.isinf(z), cmath.isfinite(z)


@program()
def constants():
    return cmath.pi, cmath.e, cmath.inf, cmath.infj, cmath.tau

"""The functions of Python's `math` and `cmath` on numbers.

Domain and range errors are Python's: ValueError "math domain error", OverflowError.
"""

from __future__ import annotations

import cmath
import math
import operator

from jit.runtime.ops.python_operators import check_int, declare
from jit.runtime.ops.samples import case

_POSITIVE = [case(0.5), case(0.75)]
_ABOVE_ONE = [case(1.5), case(2.0)]

_UNARY = (
    ("acos", math.acos, cmath.acos, "The angle with this cosine.", _POSITIVE),
    ("acosh", math.acosh, cmath.acosh, "Inverse of cosh.", _ABOVE_ONE),
    ("asin", math.asin, cmath.asin, "The angle with this sine.", _POSITIVE),
    ("asinh", math.asinh, cmath.asinh, "Inverse of sinh.", _POSITIVE),
    ("atan", math.atan, cmath.atan, "The angle with this tangent.", _POSITIVE),
    ("atanh", math.atanh, cmath.atanh, "Inverse of tanh.", _POSITIVE),
    ("cos", math.cos, cmath.cos, "Cosine.", _POSITIVE),
    ("cosh", math.cosh, cmath.cosh, "Hyperbolic cosine.", _POSITIVE),
    ("exp", math.exp, cmath.exp, "e to the power of the number.", _POSITIVE),
    ("log", math.log, cmath.log, "Natural logarithm.", _POSITIVE),
    ("log10", math.log10, cmath.log10, "Logarithm to base 10.", _POSITIVE),
    ("sin", math.sin, cmath.sin, "Sine.", _POSITIVE),
    ("sinh", math.sinh, cmath.sinh, "Hyperbolic sine.", _POSITIVE),
    ("sqrt", math.sqrt, cmath.sqrt, "Square root.", _POSITIVE),
    ("tan", math.tan, cmath.tan, "Tangent.", _POSITIVE),
    ("tanh", math.tanh, cmath.tanh, "Hyperbolic tangent.", _POSITIVE),
    ("expm1", math.expm1, None, "exp(x) - 1, exact near 0.", _POSITIVE),
    ("log1p", math.log1p, None, "log(1 + x), exact near 0.", _POSITIVE),
    ("log2", math.log2, None, "Logarithm to base 2.", _POSITIVE),
    ("erf", math.erf, None, "Error function.", _POSITIVE),
    ("erfc", math.erfc, None, "1 - erf(x), exact for large x.", _POSITIVE),
    ("gamma", math.gamma, None, "Gamma function.", _POSITIVE),
    ("lgamma", math.lgamma, None, "Logarithm of the gamma function.", _POSITIVE),
    ("degrees", math.degrees, None, "The angle in degrees.", _POSITIVE),
    ("radians", math.radians, None, "The angle in radians.", _POSITIVE),
    ("fabs", math.fabs, None, "The distance from zero, as a float.", _POSITIVE),
)
"""Name, function of reals, function of complex numbers, doc, samples."""

_NEVER_RAISES = frozenset(
    ("asinh", "atan", "tanh", "erf", "erfc", "degrees", "radians", "fabs")
)


def _of_number(real, complex_):
    if complex_ is None:
        return real
    return lambda a: (complex_ if isinstance(a, complex) else real)(a)


for _name, _real, _complex, _doc, _samples in _UNARY:
    _raises = _name not in _NEVER_RAISES
    declare(
        f"aten::{_name}.float(float a) -> float",
        _real,
        _doc,
        raises=_raises,
        samples=_samples,
    )
    declare(f"aten::{_name}.int(int a) -> float", _real, _doc, raises=_raises)
    if _complex is not None:
        declare(
            f"aten::{_name}.complex(complex a) -> complex", _complex, _doc, raises=True
        )
    declare(
        f"aten::{_name}.Scalar(Scalar a) -> Scalar",
        _of_number(_real, _complex),
        _doc,
        raises=True,
    )

for _name, _function, _doc in (
    ("ceil", math.ceil, "The least int that is not smaller."),
    ("floor", math.floor, "The greatest int that is not greater."),
    ("trunc", math.trunc, "The number without its fraction."),
):
    declare(f"aten::{_name}.int(int a) -> int", operator.pos, _doc, samples=[case(-3)])
    declare(
        [
            f"aten::{_name}.float(float a) -> int",
            f"aten::{_name}.Scalar(Scalar a) -> Scalar",
        ],
        lambda a, function=_function: check_int(function(a)),
        _doc,
        raises=True,
        samples=[case(2.5), case(-2.5)],
    )
# what torch calls the rounding of numbers, with its results: floats
declare(
    ["aten::round.int(int a) -> float", "aten::round.float(float a) -> float"],
    lambda a: float(round(a)) if math.isfinite(a) else float(a),
    "The nearest whole number, of two the even one, as a float.",
    samples=[case(2.5), case(-3.5)],
)
declare(
    "aten::round.Scalar(Scalar a) -> Scalar",
    lambda a: check_int(round(a)),
    "The nearest int, of two the even one.",
    raises=True,
)

_BINARY = (
    ("atan2", math.atan2, "Scalar_Scalar", False, "The angle of the point (b, a)."),
    ("copysign", math.copysign, "", False, "The size of `a` with the sign of `b`."),
    ("fmod", math.fmod, "", True, "The remainder with the sign of the dividend."),
    ("mathremainder", math.remainder, "", True, "The remainder nearest to zero."),
    ("hypot", math.hypot, "Scalar_Scalar", False, "The length of the vector (a, b)."),
)
for _name, _function, _overload, _raises, _doc in _BINARY:
    _dot = f".{_overload}" if _overload else ""
    declare(
        [
            f"aten::{_name}.int(int a, int b) -> float",
            f"aten::{_name}.float(float a, float b) -> float",
            f"aten::{_name}.int_float(int a, float b) -> float",
            f"aten::{_name}.float_int(float a, int b) -> float",
        ],
        _function,
        _doc,
        raises=_raises,
        samples=[case(7, 2), case(-7, 2)],
    )
    declare(
        f"aten::{_name}{_dot}(Scalar a, Scalar b) -> float",
        _function,
        _doc,
        raises=True,
    )

_NUMBERS = ("int", "float", "complex")
_PAIRS = [(a, b) for a in _NUMBERS for b in _NUMBERS]
declare(
    [
        f"aten::log.{a}_{b}({a} a, {b} b) -> float"
        for a, b in _PAIRS
        if "complex" not in (a, b)
    ],
    math.log,
    "The logarithm of `a` to base `b`.",
    raises=True,
    samples=[case(8, 2), case(1, 10)],
)
declare(
    [
        f"aten::log.{a}_{b}({a} a, {b} b) -> complex"
        for a, b in _PAIRS
        if "complex" in (a, b)
    ],
    cmath.log,
    "The logarithm of `a` to base `b`.",
    raises=True,
)
# the last, as its numbers may be complex ones too
declare(
    "aten::log.Scalar_Scalar(Scalar a, Scalar b) -> float",
    math.log,
    "The logarithm of `a` to base `b`.",
    raises=True,
    samples=[case(8, 2), case(1, 10)],
)

for _name, _function, _complex, _doc in (
    ("isnan", math.isnan, cmath.isnan, "Whether it is not a number."),
    ("isinf", math.isinf, cmath.isinf, "Whether it is infinite."),
    (
        "isfinite",
        math.isfinite,
        cmath.isfinite,
        "Whether it is neither nan nor infinite.",
    ),
):
    declare(
        f"aten::{_name}.float(float a) -> bool",
        _function,
        _doc,
        samples=[case(1.0), case(math.inf), case(math.nan)],
    )
    declare(f"aten::{_name}.complex(complex a) -> bool", _complex, _doc)


def _factorial(a):
    if a > 20:
        raise OverflowError(f"factorial({a}) does not fit into an int of 64 bits")
    return math.factorial(a)


declare(
    "aten::factorial.int(int a) -> int",
    _factorial,
    "1 · 2 · … · a.",
    raises=True,
    samples=[case(0), case(5), case(20)],
)
declare(
    "aten::gcd.int(int a, int b) -> int",
    lambda a, b: check_int(math.gcd(a, b)),
    "The greatest number that divides both.",
    raises=True,
    samples=[case(12, -18), case(0, 5)],
)
declare(
    "aten::lcm.int(int a, int b) -> int",
    lambda a, b: check_int(math.lcm(a, b)),
    "The least number that both divide.",
    raises=True,
    samples=[case(4, 6), case(0, 5)],
)
declare(
    "aten::isqrt.int(int a) -> int",
    math.isqrt,
    "The square root, rounded down.",
    raises=True,
    samples=[case(0), case(10)],
)
declare(
    "aten::comb.int(int n, int k) -> int",
    lambda n, k: check_int(math.comb(n, k)),
    "In how many ways k of n things can be chosen.",
    raises=True,
    samples=[case(5, 2)],
)
declare(
    "aten::isclose.float(float a, float b, *, float rel_tol=1e-09, float abs_tol=0.)"
    " -> bool",
    lambda a, b, rel_tol, abs_tol: math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol),
    "Whether two numbers differ by little.",
    raises=True,
    samples=[case(1.0, 1.0 + 1e-12), case(1.0, 1.1)],
)
declare(
    "aten::frexp(float a) -> (float, int)",
    math.frexp,
    "Mantissa in [0.5, 1) and exponent to base 2.",
    samples=[case(10.0), case(0.0), case(-0.3)],
)
declare(
    "aten::modf(float a) -> (float, float)",
    math.modf,
    "Fraction and whole part, both with the sign of the number.",
    samples=[case(2.75), case(-2.75)],
)
declare(
    "aten::angle.complex(complex a) -> float",
    cmath.phase,
    "The angle to the positive real axis, in radians.",
)
declare(
    "aten::_cmath_polar(complex a) -> (float, float)",
    cmath.polar,
    "The distance from zero, and the angle to the positive real axis.",
    raises=True,
)
declare(
    "aten::_cmath_rect(float r, float phi) -> complex",
    cmath.rect,
    "The number at this distance from zero and at this angle.",
    raises=True,
    samples=[case(2.0, 0.5)],
)
declare(
    "aten::ldexp(float x, int i) -> float",
    math.ldexp,
    "x · 2**i.",
    raises=True,
    samples=[case(0.75, 4)],
)

# functions that torch has under the same names for tensors --------------------------------


def _product_of_ints(items, start=1):
    return check_int(math.prod(items, start=start))


def _product_of_floats(items, start=1.0):
    return float(math.prod(items, start=start))


declare(
    "aten::_math_prod.int(int[] items) -> int",
    _product_of_ints,
    "The product of the elements.",
    raises=True,
    samples=[case([2, 3]), case([])],
)
declare(
    "aten::_math_prod.start_int(int[] items, int start) -> int",
    _product_of_ints,
    "The product of the elements and a first factor.",
    raises=True,
    samples=[case([2, 3], 4), case([], 5)],
)
declare(
    "aten::_math_prod.float(float[] items) -> float",
    _product_of_floats,
    "The product of the elements.",
    samples=[case([2.0, 3.5])],
)
declare(
    "aten::_math_prod.start_float(float[] items, float start) -> float",
    _product_of_floats,
    "The product of the elements and a first factor.",
    samples=[case([2.0, 3.5], 0.5)],
)
declare(
    "aten::_math_fsum(float[] items) -> float",
    math.fsum,
    "The sum of the elements, rounded once.",
    raises=True,
    samples=[case([0.1] * 10)],
)
declare(
    "aten::_math_dist(float[] p, float[] q) -> float",
    math.dist,
    "The distance of two points.",
    raises=True,
    samples=[case([1.0, 2.0], [4.0, 6.0])],
)
declare(
    "aten::_math_perm(int n, int? k=None) -> int",
    lambda n, k: check_int(math.perm(n, k)),
    "In how many ways k of n things can be put into an order.",
    raises=True,
    samples=[case(5, 2), case(4)],
)
declare(
    "aten::_math_cbrt(float a) -> float",
    math.cbrt,
    "The cube root.",
    samples=[case(27.0), case(-8.0)],
)
declare(
    "aten::_math_exp2(float a) -> float",
    math.exp2,
    "2 to the power of the number.",
    raises=True,
    samples=[case(0.5)],
)
declare(
    "aten::_math_ulp(float a) -> float",
    math.ulp,
    "The distance to the next float.",
    samples=[case(1.0)],
)
declare(
    "aten::_math_nextafter(float a, float b) -> float",
    math.nextafter,
    "The next float in the direction of another.",
    samples=[case(1.0, 2.0)],
)

# methods of numbers -----------------------------------------------------------------------

declare(
    "aten::is_integer.float(float a) -> bool",
    float.is_integer,
    "Whether it is a whole number.",
    samples=[case(2.0), case(2.5)],
)
declare(
    "aten::bit_length.int(int a) -> int",
    int.bit_length,
    "How many bits its size takes.",
    samples=[case(0), case(-5)],
)
declare(
    "aten::bit_count.int(int a) -> int",
    int.bit_count,
    "How many bits of its size are set.",
    samples=[case(0), case(-5)],
)

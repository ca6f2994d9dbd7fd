"""Conversion and rounding of int, float, bool, complex and texts of numbers."""

from __future__ import annotations

import operator

from jit.runtime.ops.python_operators import check_int, declare
from jit.runtime.ops.samples import case


def _int(value):
    if isinstance(value, complex):
        raise TypeError("int() argument must be a real number, not 'complex'")
    return check_int(int(value))


declare(
    "aten::Int.bool(bool a) -> int",
    int,
    "1 for True, 0 for False.",
    samples=[case(True), case(False)],
)
declare(
    "aten::Int.int(int a) -> int",
    operator.pos,
    "The int itself.",
    samples=[case(3)],
)
declare(
    "aten::Int.float(float a) -> int",
    _int,
    "The float without its fraction.",
    raises=True,
    samples=[case(3.7), case(-3.7)],
)
declare(
    "aten::Int.str(str a) -> int",
    _int,
    "The int that a text in decimal notation means.",
    raises=True,
    samples=[case("-12"), case(" 7 ")],
)
declare(
    "aten::Int.Scalar(Scalar a) -> int",
    _int,
    "A number without its fraction.",
    raises=True,
)
declare(
    "aten::Float.int(int a) -> float", float, "The nearest float.", samples=[case(3)]
)
declare(
    "aten::Float.bool(bool a) -> float",
    float,
    "1.0 for True, 0.0 for False.",
    samples=[case(True)],
)
declare(
    "aten::Float.float(float a) -> float",
    operator.pos,
    "The float itself.",
    samples=[case(3.5)],
)
declare(
    "aten::Float.str(str a) -> float",
    float,
    "The float that a text means.",
    raises=True,
    samples=[case("1e3"), case(" inf ")],
)
declare(
    "aten::Float.Scalar(Scalar a) -> float",
    float,
    "A number as a float.",
    raises=True,
)
declare(
    ["aten::Bool.int(int a) -> bool", "aten::Bool.float(float a) -> bool",
     "aten::Bool.bool(bool a) -> bool", "aten::Bool.Scalar(Scalar a) -> bool"],
    bool,
    "Whether the number is not zero.",
    samples=[case(0), case(2)],
)  # fmt: skip
declare(
    "aten::Complex.Scalar(Scalar a) -> complex", complex, "A number as a complex one."
)
declare(
    [
        f"aten::Complex.{a}_{b}({a} x, {b} y) -> complex"
        for a in ("int", "float", "bool")
        for b in ("int", "float", "bool")
    ],
    complex,
    "The complex number of a real and an imaginary part.",
)
declare(
    "aten::real.complex(complex a) -> float",
    operator.attrgetter("real"),
    "The real part.",
)
declare(
    "aten::imag.complex(complex a) -> float",
    operator.attrgetter("imag"),
    "The imaginary part.",
)
declare(
    "aten::conj.complex(complex a) -> complex",
    complex.conjugate,
    "The complex number with the other sign of its imaginary part.",
)


def _round_digits(a, digits):
    return round(a, digits)


declare(
    "aten::round.to_int(float a) -> int",
    lambda a: check_int(round(a)),
    "The nearest int, of two the even one.",
    raises=True,
    samples=[case(2.5), case(-3.5), case(0.4)],
)
declare(
    "aten::round.int_to_int(int a) -> int",
    operator.pos,
    "The int itself.",
    samples=[case(7)],
)
declare(
    "aten::round.digits(float a, int ndigits) -> float",
    _round_digits,
    "The nearest number with so many decimal digits.",
    raises=True,
    samples=[case(2.675, 2), case(1234.5, -2)],
)
declare(
    "aten::round.int_digits(int a, int ndigits) -> int",
    lambda a, digits: check_int(round(a, digits)),
    "The nearest int that ends in zeros where `ndigits` is negative.",
    raises=True,
    samples=[case(1250, -2)],
)

"""Arithmetic and comparison of int, float, bool and complex.

An int has 64 bits: what does not fit is an OverflowError, never a silent wrap. All else
is Python's: `//` and `%` round down, `/` gives a float, the messages are the same.
"""

from __future__ import annotations

import operator
from typing import Any

from jit.runtime.ops.declare import op
from jit.runtime.ops.python_operators import (
    INT_MAX,
    INT_MIN,
    PythonOperator,
    check_int,
    check_number,
    declare,
    overflow,
)
from jit.runtime.ops.samples import case

INTS = [case(7, 2), case(-7, 2), case(7, -2), case(0, 5)]
FLOATS = [case(7.5, 2.0), case(-7.5, 2.0), case(0.0, -1.5)]

_MIXED = (("int_float", "int", "float"), ("float_int", "float", "int"))
_MIXED_COMPLEX = (
    ("int_complex", "int", "complex"),
    ("complex_int", "complex", "int"),
    ("float_complex", "float", "complex"),
    ("complex_float", "complex", "float"),
)


def mixed(kind: str, result: str = "float", rows: Any = _MIXED) -> list[str]:
    """The schemas of a binary operator on numbers of two types."""
    return [f"aten::{kind}.{name}({a} a, {b} b) -> {result}" for name, a, b in rows]


# arithmetic -------------------------------------------------------------------------


@op("aten::add.int(int a, int b) -> int")
class add(PythonOperator):
    """The sum of two ints."""

    def kernel(a, b):
        c = a + b
        return c if INT_MIN <= c <= INT_MAX else overflow(f"{a} + {b}")

    raises = True
    commutative = True
    samples = INTS


@op("aten::sub.int(int a, int b) -> int")
class sub(PythonOperator):
    """The difference of two ints."""

    def kernel(a, b):
        c = a - b
        return c if INT_MIN <= c <= INT_MAX else overflow(f"{a} - {b}")

    raises = True
    samples = INTS


@op("aten::mul.int(int a, int b) -> int")
class mul(PythonOperator):
    """The product of two ints."""

    def kernel(a, b):
        c = a * b
        return c if INT_MIN <= c <= INT_MAX else overflow(f"{a} * {b}")

    raises = True
    commutative = True
    samples = INTS


@op("aten::floordiv.int(int a, int b) -> int")
class floordiv(PythonOperator):
    """The quotient of two ints, rounded down."""

    def kernel(a, b):
        c = a // b
        return c if c <= INT_MAX else overflow(f"{a} // {b}")

    raises = True
    samples = INTS


@op("aten::pow.int_to_int(int a, int b) -> int")
class pow_int(PythonOperator):
    """An int to the power of an int that is not negative."""

    def kernel(a, b):
        if b < 0:
            raise ValueError(
                f"{a} ** {b}: int ** int is an int here, and the exponent is negative;"
                " write float(a) ** b"
            )
        if b > 63 and abs(a) > 1:
            overflow(f"{a} ** {b}")
        c = a**b
        return c if INT_MIN <= c <= INT_MAX else overflow(f"{a} ** {b}")

    raises = True
    samples = [case(7, 2), case(-3, 3), case(0, 0)]


def _pow_real(a, b):
    c = a**b
    if isinstance(c, complex):
        raise ValueError(
            f"{a} ** {b} is complex: write complex(a) ** b, or use a base that is not"
            " negative"
        )
    return c


@op("aten::pow.int(int a, int b) -> float")
class pow_int_to_float(PythonOperator):
    """An int to the power of an int, as a float."""

    def kernel(a, b):
        return float(a) ** b

    raises = True
    samples = [case(7, 2), case(2, -2)]


_KINDS = (
    ("add", operator.add, False, "The sum of two numbers."),
    ("sub", operator.sub, False, "The difference of two numbers."),
    ("mul", operator.mul, False, "The product of two numbers."),
    ("floordiv", operator.floordiv, True, "The quotient of two numbers, rounded down."),
    ("remainder", operator.mod, True, "The remainder of division rounded down."),
    ("pow", _pow_real, True, "One number to the power of another."),
)
for _kind, _function, _raises, _doc in _KINDS:
    declare(
        [f"aten::{_kind}.float(float a, float b) -> float"],
        _function,
        _doc,
        raises=_raises,
        samples=[case(7.5, 2.0), case(0.25, -3.0)],
        commutative=_kind in ("add", "mul"),
    )
    declare(mixed(_kind), _function, _doc, raises=_raises)

declare(
    "aten::remainder.int(int a, int b) -> int",
    operator.mod,
    "The remainder of division rounded down: the sign is the divisor's.",
    raises=True,
    samples=INTS,
)
declare(
    [
        "aten::div.int(int a, int b) -> float",
        "aten::div.float(float a, float b) -> float",
        *mixed("div"),
        "aten::div.complex(complex a, complex b) -> complex",
        *mixed("div", "complex", _MIXED_COMPLEX),
    ],
    operator.truediv,
    "The quotient of two numbers.",
    raises=True,
    samples=[case(7, 2), case(-1, 4)],
)
declare(
    "aten::div(Scalar a, Scalar b) -> float",
    lambda a, b: float(a / b),
    "The quotient of two real numbers.",
    raises=True,
)
for _kind, _function, _raises, _doc in _KINDS:
    if _kind in ("add", "sub", "mul", "pow"):
        _function = operator.pow if _kind == "pow" else _function
        declare(
            [
                f"aten::{_kind}.complex(complex a, complex b) -> complex",
                *mixed(_kind, "complex", _MIXED_COMPLEX),
            ],
            _function,
            _doc,
            raises=_raises,
        )
    if _kind != "pow":
        declare(
            f"aten::{_kind}(Scalar a, Scalar b) -> Scalar",
            lambda a, b, function=_function: check_number(function(a, b)),
            _doc,
            raises=True,
        )
declare(
    "aten::pow.Scalar_Scalar(Scalar a, Scalar b) -> float",
    lambda a, b: float(_pow_real(a, b)),
    "One real number to the power of another.",
    raises=True,
)


def _divmod_int(a, b):
    return check_int(a // b), a % b


declare(
    "aten::divmod.int(int x, int y) -> (int, int)",
    _divmod_int,
    "Quotient rounded down, and remainder.",
    raises=True,
    samples=INTS,
)
declare(
    [
        "aten::divmod.float(float x, float y) -> (float, float)",
        "aten::divmod.int_float(int x, float y) -> (float, float)",
        "aten::divmod.float_int(float x, int y) -> (float, float)",
    ],
    divmod,
    "Quotient rounded down, and remainder.",
    raises=True,
    samples=[case(7.5, 2.0), case(-7.5, 2.0)],
)


def _round_to_zero(a, b):
    quotient = abs(a) // abs(b)
    return check_int(quotient if (a < 0) == (b < 0) else -quotient)


declare(
    "aten::__round_to_zero_floordiv.int(int a, int b) -> int",
    _round_to_zero,
    "The quotient of two ints, rounded towards zero.",
    raises=True,
    samples=INTS,
)

declare(
    ["aten::neg.float(float a) -> float", "aten::neg.complex(complex a) -> complex"],
    operator.neg,
    "The number with the other sign.",
)
declare(
    ["aten::neg.int(int a) -> int", "aten::neg.Scalar(Scalar a) -> Scalar"],
    lambda a: check_number(-a),
    "The number with the other sign.",
    raises=True,
    samples=[case(3), case(-5)],
)
declare(
    ["prim::abs.float(float a) -> float", "prim::abs.complex(complex a) -> float"],
    abs,
    "The distance from zero.",
)
declare(
    ["prim::abs.int(int a) -> int", "prim::abs.Scalar(Scalar a) -> Scalar"],
    lambda a: check_number(abs(a)),
    "The distance from zero.",
    raises=True,
    samples=[case(3), case(-5)],
)

# bits and truth ---------------------------------------------------------------------


@op("aten::__lshift__.int(int a, int b) -> int")
class lshift(PythonOperator):
    """Bits moved up."""

    def kernel(a, b):
        if b > 63:
            return overflow(f"{a} << {b}") if a else 0
        c = a << b
        return c if INT_MIN <= c <= INT_MAX else overflow(f"{a} << {b}")

    raises = True
    samples = [case(3, 4), case(-3, 4), case(0, 70)]


declare(
    "aten::__rshift__.int(int a, int b) -> int",
    operator.rshift,
    "Bits moved down; the sign stays.",
    raises=True,
    samples=[case(300, 4), case(-300, 4), case(-1, 100)],
)
for _kind, _function, _doc in (
    ("__and__", operator.and_, "Bits that both have."),
    ("__or__", operator.or_, "Bits that one or both have."),
    ("__xor__", operator.xor, "Bits that one of both has."),
):
    declare(
        f"aten::{_kind}.int(int a, int b) -> int",
        _function,
        _doc,
        samples=[case(6, 3), case(-6, 3)],
    )
    declare(
        f"aten::{_kind}.bool(bool a, bool b) -> bool",
        _function,
        _doc,
        samples=[case(True, False), case(True, True)],
    )
declare(
    "aten::bitwise_not.int(int a) -> int",
    operator.invert,
    "All bits changed: -a - 1.",
    samples=[case(6), case(-1)],
)
declare(
    "aten::__not__(bool self) -> bool",
    operator.not_,
    "The other truth value.",
    samples=[case(True), case(False)],
)

# comparison -------------------------------------------------------------------------

_COMPARISONS = (
    ("eq", operator.eq, "Whether two values are equal."),
    ("ne", operator.ne, "Whether two values are not equal."),
    ("lt", operator.lt, "Whether the first is less."),
    ("gt", operator.gt, "Whether the first is greater."),
    ("le", operator.le, "Whether the first is less or equal."),
    ("ge", operator.ge, "Whether the first is greater or equal."),
)
for _kind, _function, _doc in _COMPARISONS:
    _equality = _kind in ("eq", "ne")
    for _name, _samples in (("int", INTS), ("float", FLOATS)):
        declare(
            f"aten::{_kind}.{_name}({_name} a, {_name} b) -> bool",
            _function,
            _doc,
            samples=_samples,
        )
    declare(mixed(_kind, "bool"), _function, _doc)
    if _equality:
        declare(
            [
                f"aten::{_kind}.bool(bool a, bool b) -> bool",
                f"aten::{_kind}.complex(complex a, complex b) -> bool",
                *mixed(_kind, "bool", _MIXED_COMPLEX),
                f"aten::{_kind}.device(Device a, Device b) -> bool",
                f"aten::{_kind}.dtype(ScalarType a, ScalarType b) -> bool",
            ],
            _function,
            _doc,
        )
    declare(
        f"aten::{_kind}(Scalar a, Scalar b) -> bool",
        _function,
        _doc,
        raises=not _equality,
    )

for _kind, _function, _doc in (
    ("min", min, "The smaller of two numbers, the first if they are equal."),
    ("max", max, "The greater of two numbers, the first if they are equal."),
):
    declare(f"prim::{_kind}.int(int a, int b) -> int", _function, _doc, samples=INTS)
    declare(
        f"prim::{_kind}.float(float a, float b) -> float",
        _function,
        _doc,
        samples=FLOATS,
    )
    declare(
        [
            f"prim::{_kind}.int_float(int a, float b) -> float",
            f"prim::{_kind}.float_int(float a, int b) -> float",
        ],
        lambda a, b, function=_function: float(function(a, b)),
        _doc,
    )
    declare(
        f"prim::{_kind}(Scalar a, Scalar b) -> Scalar", _function, _doc, raises=True
    )

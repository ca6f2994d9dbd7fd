"""Rules about numbers: Python's and those in tensors.

Integers of Python raise where they overflow, so rules about them keep every overflow.
Integers in tensors wrap around, which makes them a ring: constants merge exactly.
Floats merge exactly where a factor is a power of two, 1 or larger, and nothing
underflows: x * 2 * 3 = x * 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from jit.ir import types as T
from jit.ir.dtypes import FLOATING, INTEGER
from jit.passes.patterns import Anything, Constant, Op, op
from jit.passes.rewrite import Match, New, Replacement, Rule, rule

X = Anything("x")
TENSOR = Anything("x", lambda t: isinstance(t, T.TensorType))
INT = Anything("x", lambda t: t == T.INT)
FLOAT = Anything("x", lambda t: t == T.FLOAT)
BOOL = Anything("x", lambda t: t == T.BOOL)


def is_number(value: Any) -> bool:
    """Whether a constant is an int or a float; bools are not numbers here."""
    return type(value) in (int, float)


def number(wanted: float) -> Constant:
    return Constant("c", lambda v: is_number(v) and v == wanted)


def integer(wanted: int) -> Constant:
    return Constant("c", lambda v: type(v) is int and v == wanted)


ZERO, ONE = number(0), number(1)
ALPHA = Constant("alpha", lambda v: type(v) is int and v == 1)
FIRST = Constant("first", is_number)
SECOND = Constant("second", is_number)


def the_operand(m: Match) -> Replacement:
    """x, if the result has the type of x."""
    if not m.keeps_dtype("x"):
        return m.decline("the result may have another dtype")
    dtype = m.dtype("x")
    if dtype is not None and dtype.is_complex:
        return m.decline("complex arithmetic makes nan of inf")
    return m["x"]


def value(result: Any) -> Callable[[Match], Replacement]:
    """A constant."""
    return lambda m: New(result)


# neutral elements ---------------------------------------------------------------

NEUTRAL_INTEGERS = tuple(
    rule(f"{name} = x", op(kind, *inputs), the_operand, covers_raising=True)
    for name, kind, inputs in (
        ("x + 0", "aten::add.int", (INT, integer(0))),
        ("0 + x", "aten::add.int", (integer(0), INT)),
        ("x - 0", "aten::sub.int", (INT, integer(0))),
        ("x * 1", "aten::mul.int", (INT, integer(1))),
        ("1 * x", "aten::mul.int", (integer(1), INT)),
        ("x // 1", "aten::floordiv.int", (INT, integer(1))),
        ("x | 0", "aten::__or__.int", (INT, integer(0))),
        ("x ^ 0", "aten::__xor__.int", (INT, integer(0))),
        ("x << 0", "aten::__lshift__.int", (INT, integer(0))),
        ("x >> 0", "aten::__rshift__.int", (INT, integer(0))),
    )
)

NEUTRAL_FLOATS = tuple(
    rule(
        f"{name} = x (float)",
        op(kind, *inputs),
        the_operand,
        "standard",
        covers_raising=True,
    )
    for name, kind, inputs in (
        ("x + 0", "aten::add.float|float_int", (FLOAT, ZERO)),
        ("0 + x", "aten::add.float|int_float", (ZERO, FLOAT)),
        ("x - 0", "aten::sub.float|float_int", (FLOAT, ZERO)),
        ("x * 1", "aten::mul.float|float_int", (FLOAT, ONE)),
        ("1 * x", "aten::mul.float|int_float", (ONE, FLOAT)),
        ("x / 1", "aten::div.float|float_int", (FLOAT, ONE)),
        ("x ** 1", "aten::pow.float|float_int", (FLOAT, ONE)),
    )
)

NEUTRAL_TENSORS = tuple(
    rule(f"{name} = x (tensor)", op(kind, *inputs), the_operand, "standard")
    for name, kind, inputs in (
        ("x + 0", "aten::add.Scalar", (TENSOR, ZERO, ALPHA)),
        ("x - 0", "aten::sub.Scalar", (TENSOR, ZERO, ALPHA)),
        ("x * 1", "aten::mul.Scalar", (TENSOR, ONE)),
        ("x / 1", "aten::div.Scalar", (TENSOR, ONE)),
        ("x ** 1", "aten::pow.Tensor_Scalar", (TENSOR, ONE)),
    )
)

ABSORBING_INTEGERS = tuple(
    rule(f"{name} = 0", op(kind, *inputs), value(0), covers_raising=True)
    for name, kind, inputs in (
        ("x * 0", "aten::mul.int", (INT, integer(0))),
        ("0 * x", "aten::mul.int", (integer(0), INT)),
        ("x - x", "aten::sub.int", (INT, INT)),
        ("x & 0", "aten::__and__.int", (INT, integer(0))),
        ("x % 1", "aten::remainder.int", (INT, integer(1))),
    )
)

# operators that undo or repeat themselves ---------------------------------------


def undone(kind: str) -> Rule:
    """f(f(x)) = x; where the outer one may raise, the inner one has."""
    name = kind.rpartition("::")[2]
    return rule(
        f"{name} twice = x", op(kind, op(kind, X)), the_operand, covers_raising=True
    )


def repeated(kind: str) -> Rule:
    """f(f(x)) = f(x); where the outer one may raise, the inner one has."""
    name = kind.rpartition("::")[2]
    inner = op(kind, X, name="y")
    return rule(
        f"{name} twice = once", op(kind, inner), lambda m: m["y"], covers_raising=True
    )


UNDONE = tuple(
    map(
        undone,
        ("aten::neg.default", "aten::neg.float", "aten::bitwise_not.default"),
    )
)
IDEMPOTENT_KINDS = (
    "aten::abs",
    "aten::ceil",
    "aten::floor",
    "aten::relu",
    "aten::relu6",
    "aten::round",
    "aten::sign",
    "aten::trunc",
)
IDEMPOTENT = tuple(repeated(f"{kind}.default") for kind in IDEMPOTENT_KINDS)

# constants that merge -----------------------------------------------------------


def is_power_of_two(c: float) -> bool:
    """Whether a number is 1, 2, 4… up to 2**15, which every float dtype holds."""
    mantissa, _ = math.frexp(c)
    return 1 <= c <= 2**15 and mantissa == 0.5


def merge_factors(m: Match) -> Replacement:
    """x * a * b = x * (a * b)."""
    first, second = m.constant("first"), m.constant("second")
    if not isinstance(m["x"].type, T.TensorType):
        exact = is_power_of_two(first) and abs(second) >= 1
    else:
        dtype = m.dtype("x")
        if dtype is None or dtype.category not in (INTEGER, FLOATING):
            return m.decline("the dtype is not known to be integer or floating")
        if dtype.category == INTEGER:
            exact = type(first) is int and type(second) is int
            exact = exact and abs(first * second) < 2**63
        else:
            small = abs(second) >= 1 and abs(first * second) <= 2**15
            exact = is_power_of_two(first) and small
    if not exact:
        return m.decline(f"{first} * {second} is not exact for every x")
    return _scale(m, first * second)


def merge_factors_fast(m: Match) -> Replacement:
    first, second = m.constant("first"), m.constant("second")
    dtype = m.dtype("x")
    if dtype is None or dtype.category != FLOATING:
        return m.decline("the dtype is not known to be floating")
    return _scale(m, float(first) * second)


def _scale(m: Match, factor: float) -> Replacement:
    made: Replacement = m.make.op("aten::mul", m["x"], factor)
    return made


def merge_terms(m: Match) -> Replacement:
    """x + a + b = x + (a + b)."""
    total = m.constant("first") + m.constant("second")
    dtype = m.dtype("x")
    if dtype is None or dtype.category not in (INTEGER, FLOATING):
        return m.decline("the dtype is not known to be integer or floating")
    whole = type(total) is int and abs(total) < 2**63
    if dtype.category == INTEGER and not whole:
        return m.decline("the constants are no integers")
    made: Replacement = m.make.op("aten::add", m["x"], total)
    return made


def merge_terms_exactly(m: Match) -> Replacement:
    dtype = m.dtype("x")
    if dtype is None or dtype.category != INTEGER:
        return m.decline("only integers that wrap around add exactly")
    return merge_terms(m)


def double(m: Match) -> Replacement:
    """b + b = b * 2, but not of bools, whose sum is a bool."""
    dtype = m.dtype("x")
    if dtype is None or dtype.category not in (INTEGER, FLOATING):
        return m.decline("the dtype is not known to be integer or floating")
    return _scale(m, 2)


def multiply_by_inverse(m: Match) -> Replacement:
    """x / c = x * (1 / c): exact for powers of two."""
    dtype, c = m.dtype("x"), m.constant("c")
    if dtype is None or dtype.category != FLOATING:
        return m.decline("the dtype is not known to be floating")
    return _scale(m, 1 / c)


def square_integer(m: Match) -> Replacement:
    """x ** 2 = x * x."""
    dtype = m.dtype("x")
    if dtype is None or dtype.category != INTEGER:
        return m.decline("pow of floats rounds in its own way")
    made: Replacement = m.make.op("aten::mul", m["x"], m["x"])
    return made


def square_float(m: Match) -> Replacement:
    dtype = m.dtype("x")
    if dtype is None or dtype.category != FLOATING:
        return m.decline("the dtype is not known to be floating")
    made: Replacement = m.make.op("aten::mul", m["x"], m["x"])
    return made


def _twice(kind: str, base: Anything, tail: tuple[Constant, ...] = ()) -> Op:
    return op(kind, op(kind, base, FIRST, *tail), SECOND, *tail)


MERGED = (
    rule("b + b = b * 2", op("aten::add.Tensor", TENSOR, TENSOR, ALPHA), double,
         "standard", covers_raising=True),
    rule("x * a * b = x * (a * b)", _twice("aten::mul.Scalar", TENSOR), merge_factors,
         "standard", covers_raising=True),
    rule("x * a * b = x * (a * b) (float)", _twice("aten::mul.float", FLOAT),
         merge_factors, "standard", covers_raising=True),
    rule("x * a * b = x * (a * b) (rounding)", _twice("aten::mul.Scalar", TENSOR),
         merge_factors_fast, "fast", covers_raising=True),
    rule("x + a + b = x + (a + b)", _twice("aten::add.Scalar", TENSOR, (ALPHA,)),
         merge_terms_exactly, covers_raising=True),
    rule("x + a + b = x + (a + b) (rounding)",
         _twice("aten::add.Scalar", TENSOR, (ALPHA,)), merge_terms, "fast",
         covers_raising=True),
    rule("x / c = x * (1 / c)",
         op("aten::div.Scalar", TENSOR,
            Constant("c", lambda c: is_number(c) and is_power_of_two(c) and c != 1)),
         multiply_by_inverse, "standard", covers_raising=True),
    rule("x / c = x * (1 / c) (rounding)",
         op("aten::div.Scalar", TENSOR,
            Constant("c", lambda c: is_number(c) and 2**-10 < abs(c) < 2**10)),
         multiply_by_inverse, "fast", covers_raising=True),
    rule("x ** 2 = x * x",
         op("aten::pow.Tensor_Scalar", TENSOR, integer(2)),
         square_integer, covers_raising=True),
    rule("x ** 2 = x * x (rounding)",
         op("aten::pow.Tensor_Scalar", TENSOR, number(2)),
         square_float, "fast", covers_raising=True),
)  # fmt: skip

# truth --------------------------------------------------------------------------


def boolean(wanted: bool) -> Constant:
    return Constant("c", lambda v: v is wanted)


Y = Anything("y")


def inverted(kind: str, opposite: str) -> Rule:
    """not a < b = a >= b, for integers: nan is neither."""
    compare = op(f"aten::{kind}.int", INT, Y)
    return rule(
        f"not {kind} = {opposite}",
        op("aten::__not__", compare),
        lambda m: m.make.op(f"aten::{opposite}", m["x"], m["y"]),
    )


TRUTH = (
    rule("not not x = x", op("aten::__not__", op("aten::__not__", BOOL)), the_operand),
    rule("x and True = x", op("aten::__and__.bool", BOOL, boolean(True)), the_operand),
    rule("x and False = False", op("aten::__and__.bool", BOOL, boolean(False)),
         value(False)),
    rule("x or False = x", op("aten::__or__.bool", BOOL, boolean(False)), the_operand),
    rule("x or True = True", op("aten::__or__.bool", BOOL, boolean(True)), value(True)),
    rule("(x == True) = x", op("aten::eq.bool", BOOL, boolean(True)), the_operand),
    rule("(x != False) = x", op("aten::ne.bool", BOOL, boolean(False)), the_operand),
    rule("(x == x) = True", op("aten::eq.int", INT, INT), value(True)),
    rule("(x != x) = False", op("aten::ne.int", INT, INT), value(False)),
    *(
        inverted(*pair)
        for pair in (("lt", "ge"), ("ge", "lt"), ("gt", "le"), ("le", "gt"),
                     ("eq", "ne"), ("ne", "eq"))
    ),
)  # fmt: skip

# conversions --------------------------------------------------------------------

CONVERSIONS = (
    rule("int(x) = x", op("aten::Int.int|Scalar", INT), the_operand),
    rule("float(x) = x", op("aten::Float.float|Scalar", FLOAT), the_operand),
    rule("bool(x) = x", op("aten::Bool.bool|Scalar", BOOL), the_operand),
)

RULES = (
    *NEUTRAL_INTEGERS,
    *NEUTRAL_FLOATS,
    *NEUTRAL_TENSORS,
    *ABSORBING_INTEGERS,
    *UNDONE,
    *IDEMPOTENT,
    *MERGED,
    *TRUTH,
    *CONVERSIONS,
)

"""Lowerings of arithmetic, comparison and conversion of int, float and bool.

An int has 64 bits and is checked: what does not fit leaves the region. `//`, `%` and
comparisons of an int with a float are exactly Python's.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.codegen.building import opaque
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers import ranges, scalar_functions
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import F64, I1, I32, I64

INT_MIN, INT_MAX = ranges.FULL
MIXED = ("float", "int_float", "float_int")


def overloads(kind: str, *names: str) -> list[str]:
    """Full names of a kind; the empty overload is the one for any numbers."""
    return [f"{kind}.{name}" if name else kind for name in names]


def as_float(region: Region, value: ll.Value) -> ll.Value:
    """The nearest float."""
    if value.type == F64:
        return value
    if isinstance(value, ll.Constant):
        return ll.Constant(F64, float(value.constant))
    if value.type == I1:
        return region.b.uitofp(value, F64)
    return region.b.sitofp(value, F64)


def as_int(region: Region, value: ll.Value) -> ll.Value:
    """An int or bool as an int."""
    if value.type == I1:
        if isinstance(value, ll.Constant):
            return I64(int(value.constant))
        return region.b.zext(value, I64)
    if value.type != I64:
        raise Declined("a float where an int is needed")
    return value


def _pair(region: Region, node: Node) -> tuple[ll.Value, ll.Value, bool]:
    """Two operands of one type, and whether it is float."""
    x, y = region.numbers(node)
    if F64 in (x.type, y.type):
        return as_float(region, x), as_float(region, y), True
    return as_int(region, x), as_int(region, y), False


def constant_int(value: ll.Value) -> int | None:
    """The number, if it is known when code is made."""
    if isinstance(value, ll.Constant) and isinstance(value.constant, int):
        return int(value.constant)
    return None


def checked(region: Region, node: Node, made: ll.Value) -> ll.Value:
    """The number of a pair of a number and whether it overflowed."""
    region.fail_unless(region.b.not_(region.b.extract_value(made, 1)), node)
    return region.b.extract_value(made, 0)


def interval(value: Value) -> ranges.Interval:
    """Between which numbers an int or bool lies."""
    return (0, 1) if value.type == T.BOOL else ranges.interval_of(value)


def _with_constant(
    region: Region,
    node: Node,
    kind: str,
    x: ll.Value,
    known: int,
    lies: ranges.Interval,
) -> ll.Value:
    """Arithmetic with a constant: the operand is checked, so that nothing waits for the
    result of the check."""
    b = region.b
    if kind == "mul":
        low, high = ranges.factors_that_fit(known)
        operation = b.mul
    else:
        shift = known if kind == "add" else -known
        low, high = max(INT_MIN, INT_MIN - shift), min(INT_MAX, INT_MAX - shift)
        operation = b.add if kind == "add" else b.sub
    if lies[0] >= low:
        region.fail_unless(b.icmp_signed("<=", x, I64(high)), node)
    elif lies[1] <= high:
        region.fail_unless(b.icmp_signed(">=", x, I64(low)), node)
    else:
        moved = b.sub(x, I64(low))
        region.fail_unless(b.icmp_unsigned("<=", moved, I64(high - low)), node)
    made: ll.Value = operation(x, I64(known), flags=["nsw"])
    return made


def _declare_arithmetic(kind: str) -> None:
    @lowering(*overloads(f"aten::{kind}", "int", *MIXED, ""))
    def lower(region: Region, node: Node) -> ll.Value:
        x, y, is_float = _pair(region, node)
        if is_float:
            made: ll.Value = getattr(region.b, f"f{kind}")(x, y)
            return made
        lies = [interval(v) for v in node.inputs[:2]]
        if ranges.fits(ranges.exact(kind, *lies)):
            return getattr(region.b, kind)(x, y, flags=["nsw"])
        known = constant_int(y)
        if known is None and kind != "sub":
            x, y, known = y, x, constant_int(x)
            lies.reverse()
        if known is not None:
            return _with_constant(region, node, kind, x, known, lies[0])
        overflowing = getattr(region.b, f"s{kind}_with_overflow")
        return checked(region, node, overflowing(x, y))


for _kind in ("add", "sub", "mul"):
    _declare_arithmetic(_kind)


# division ---------------------------------------------------------------------------


@lowering(*overloads("aten::div", "int", *MIXED, ""))
def div(region: Region, node: Node) -> ll.Value:
    """True division; of two ints the float nearest to the quotient."""
    b = region.b
    x, y, is_float = _pair(region, node)
    if is_float:
        _check_float_divisor(region, node, y)
        return b.fdiv(x, y)
    region.fail_unless(b.icmp_signed("!=", y, I64(0)), node)
    if all(_is_short(v) for v in (x, y)):
        return b.fdiv(as_float(region, x), as_float(region, y))
    divide = region.function("int.truediv", scalar_functions.true_divide)
    return b.call(divide, [x, y])


def _check_float_divisor(region: Region, node: Node, y: ll.Value) -> None:
    """A divisor is not zero: no bit but that of the sign is set. Floats would need two
    jumps, for what is not equal and for nan, and twice the time."""
    b = region.b
    if isinstance(y, ll.Constant):
        region.fail_unless(I1(int(y.constant != 0.0)), node)
        return
    # LLVM would make a comparison of floats of it
    bits = opaque(b, b.bitcast(y, I64))
    region.fail_unless(b.icmp_unsigned("!=", b.shl(bits, I64(1)), I64(0)), node)


def _is_short(value: ll.Value) -> bool:
    number = constant_int(value)
    return number is not None and abs(number) <= 2**53


def _check_divisor(
    region: Region, node: Node, x: ll.Value, y: ll.Value, *, quotient: bool
) -> None:
    """A divisor is not zero; INT_MIN // -1 does not fit."""
    b = region.b
    first, second = (interval(v) for v in node.inputs[:2])
    holds: ll.Value = I1(1)
    if second[0] <= 0 <= second[1]:
        holds = b.icmp_signed("!=", y, I64(0))
    if quotient and first[0] == INT_MIN and second[0] <= -1 <= second[1]:
        fits = b.icmp_signed("!=", x, I64(INT_MIN))
        fits = b.or_(fits, b.icmp_signed("!=", y, I64(-1)))
        holds = b.and_(holds, fits)
    region.fail_unless(holds, node)


def _positive(node: Node) -> ranges.Interval | None:
    """Where two operands lie together, if no number is negative and no divisor zero."""
    x, y = (interval(v) for v in node.inputs[:2])
    if x[0] < 0 or y[0] <= 0:
        return None
    return min(x[0], y[0]), max(x[1], y[1])


def _divide_positive(
    region: Region, both: ranges.Interval, x: ll.Value, y: ll.Value, method: str
) -> ll.Value:
    """`udiv` or `urem`, of 32 bits if they are enough, which takes half the time."""
    b = region.b
    if both[1] >= 2**32:
        made: ll.Value = getattr(b, method)(x, y)
        return made
    short = getattr(b, method)(b.trunc(x, I32), b.trunc(y, I32))
    return b.zext(short, I64)


def _power_of_two(value: ll.Value) -> int | None:
    """The exponent of a constant power of two."""
    number = constant_int(value)
    if number is None or number <= 0 or number & (number - 1):
        return None
    return number.bit_length() - 1


def floor_divide(region: Region, node: Node, x: ll.Value, y: ll.Value) -> ll.Value:
    """The quotient of two ints, rounded down."""
    b = region.b
    _check_divisor(region, node, x, y, quotient=True)
    bits = _power_of_two(y)
    if bits is not None:
        return b.ashr(x, I64(bits))
    both = _positive(node)
    if both is not None:
        return _divide_positive(region, both, x, y, "udiv")
    quotient = b.sdiv(x, y)
    rest = b.sub(x, b.mul(quotient, y))
    return b.select(_is_off(region, rest, y), b.sub(quotient, I64(1)), quotient)


def floor_modulo(region: Region, node: Node, x: ll.Value, y: ll.Value) -> ll.Value:
    """The remainder of division rounded down."""
    b = region.b
    _check_divisor(region, node, x, y, quotient=False)
    if _power_of_two(y) is not None:
        return b.and_(x, b.sub(y, I64(1)))
    both = _positive(node)
    if both is not None:
        return _divide_positive(region, both, x, y, "urem")
    low, high = interval(node.inputs[1])
    if low <= -1 <= high:
        # the CPU traps on INT_MIN % -1, which is 0
        divisor = b.select(b.icmp_signed("==", y, I64(-1)), I64(1), y)
    else:
        divisor = y
    rest = b.srem(x, divisor)
    return b.select(_is_off(region, rest, divisor), b.add(rest, divisor), rest)


def _is_off(region: Region, rest: ll.Value, divisor: ll.Value) -> ll.Value:
    """Whether a remainder towards zero has the wrong sign."""
    b = region.b
    differs = b.icmp_signed("<", b.xor(rest, divisor), I64(0))
    return b.and_(b.icmp_signed("!=", rest, I64(0)), differs)


def _float_divmod(region: Region, node: Node, x: ll.Value, y: ll.Value) -> ll.Value:
    b = region.b
    _check_float_divisor(region, node, y)
    divide = region.function("float.divmod", scalar_functions.float_divmod)
    return b.call(divide, [x, y])


@lowering(*overloads("aten::floordiv", "int", *MIXED, ""))
def floordiv(region: Region, node: Node) -> ll.Value:
    """The quotient, rounded down."""
    x, y, is_float = _pair(region, node)
    if is_float:
        return region.b.extract_value(_float_divmod(region, node, x, y), 0)
    return floor_divide(region, node, x, y)


@lowering(*overloads("aten::remainder", "int", *MIXED, ""))
def remainder(region: Region, node: Node) -> ll.Value:
    """The remainder of division rounded down."""
    x, y, is_float = _pair(region, node)
    if is_float:
        return region.b.extract_value(_float_divmod(region, node, x, y), 1)
    return floor_modulo(region, node, x, y)


@lowering(*overloads("aten::divmod", "int", *MIXED))
def divmod_(region: Region, node: Node) -> list[ll.Value]:
    """Quotient and remainder."""
    x, y, is_float = _pair(region, node)
    if is_float:
        made = _float_divmod(region, node, x, y)
        return [region.b.extract_value(made, 0), region.b.extract_value(made, 1)]
    return [floor_divide(region, node, x, y), floor_modulo(region, node, x, y)]


@lowering("aten::__round_to_zero_floordiv.int")
def round_to_zero(region: Region, node: Node) -> ll.Value:
    """The quotient, rounded towards zero."""
    x, y = region.numbers(node)
    _check_divisor(region, node, x, y, quotient=True)
    return region.b.sdiv(x, y)


# powers and bits --------------------------------------------------------------------


@lowering("aten::pow.int_to_int")
def pow_int(region: Region, node: Node) -> ll.Value:
    """Repeated squaring, checked; small constant exponents are products."""
    b = region.b
    x, y = region.numbers(node)
    known = constant_int(y)
    if known is not None and 1 <= known <= 3:
        power = x
        for _ in range(known - 1):
            power = checked(region, node, b.smul_with_overflow(power, x))
        return power
    region.fail_unless(b.icmp_signed(">=", y, I64(0)), node)
    power = region.function("int.pow", scalar_functions.int_power)
    return checked(region, node, b.call(power, [x, y]))


@lowering("aten::__lshift__.int")
def lshift(region: Region, node: Node) -> ll.Value:
    """Bits moved up, if none is lost."""
    b = region.b
    x, y = region.numbers(node)
    inside = b.icmp_unsigned("<", y, I64(64))
    distance = b.select(inside, y, I64(0))
    moved = b.shl(x, distance)
    kept = b.and_(inside, b.icmp_signed("==", b.ashr(moved, distance), x))
    nothing = b.and_(b.icmp_signed("==", x, I64(0)), b.icmp_signed(">=", y, I64(0)))
    region.fail_unless(b.or_(kept, nothing), node)
    return moved


@lowering("aten::__rshift__.int")
def rshift(region: Region, node: Node) -> ll.Value:
    """Bits moved down; the sign stays."""
    b = region.b
    x, y = region.numbers(node)
    region.fail_unless(b.icmp_signed(">=", y, I64(0)), node)
    return b.ashr(x, b.select(b.icmp_signed("<", y, I64(63)), y, I64(63)))


for _name, _method in (("__and__", "and_"), ("__or__", "or_"), ("__xor__", "xor")):

    @lowering(f"aten::{_name}.int", f"aten::{_name}.bool")
    def _bits(region: Region, node: Node, method: str = _method) -> ll.Value:
        """The operation on all bits."""
        return getattr(region.b, method)(*region.numbers(node))


@lowering("aten::bitwise_not.int")
def bitwise_not(region: Region, node: Node) -> ll.Value:
    """All bits changed."""
    return region.b.not_(region.number(node.inputs[0]))


@lowering("aten::__not__")
def not_(region: Region, node: Node) -> ll.Value:
    """The other truth value."""
    value = region.number(node.inputs[0])
    if isinstance(value, ll.Constant):
        return I1(int(not value.constant))
    return region.b.not_(value)


# signs ------------------------------------------------------------------------------


def _negated(region: Region, node: Node, x: ll.Value) -> ll.Value:
    if interval(node.inputs[0])[0] == INT_MIN:
        region.fail_unless(region.b.icmp_signed("!=", x, I64(INT_MIN)), node)
    made: ll.Value = region.b.sub(I64(0), x, flags=["nsw"])
    return made


@lowering("aten::neg.int", "aten::neg.float", "aten::neg.Scalar")
def neg(region: Region, node: Node) -> ll.Value:
    """The other sign."""
    b = region.b
    x = region.number(node.inputs[0])
    if x.type == F64:
        return b.fneg(x)
    return _negated(region, node, as_int(region, x))


@lowering("prim::abs.int", "prim::abs.float", "prim::abs.Scalar")
def abs_(region: Region, node: Node) -> ll.Value:
    """The distance from zero."""
    b = region.b
    x = region.number(node.inputs[0])
    if x.type == F64:
        return intrinsic(region, "llvm.fabs", x)
    x = as_int(region, x)
    negated = _negated(region, node, x)
    return b.select(b.icmp_signed("<", x, I64(0)), negated, x)


def intrinsic(region: Region, name: str, *values: ll.Value) -> ll.Value:
    """A call of an intrinsic of floats."""
    type = ll.FunctionType(F64, [F64] * len(values))
    made = region.module.declare_intrinsic(name, [F64], type)
    return region.b.call(made, values)


# comparison -------------------------------------------------------------------------

_SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}


def compare(region: Region, symbol: str, x: ll.Value, y: ll.Value) -> ll.Value:
    """Python's comparison of two numbers."""
    b = region.b
    if x.type == F64 and y.type == F64:
        if symbol == "!=":
            return b.fcmp_unordered(symbol, x, y)
        return b.fcmp_ordered(symbol, x, y)
    if F64 not in (x.type, y.type):
        if x.type == I1 and y.type == I1 and symbol in ("==", "!="):
            return b.icmp_unsigned(symbol, x, y)
        return b.icmp_signed(symbol, as_int(region, x), as_int(region, y))
    if x.type == F64:
        mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(symbol, symbol)
        return compare(region, mirrored, y, x)
    x = as_int(region, x)
    known = constant_int(x)
    if known is not None and abs(known) <= 2**53:
        return compare(region, symbol, as_float(region, x), y)
    return _compare_mixed(region, symbol, x, y)


def _compare_mixed(region: Region, symbol: str, x: ll.Value, y: ll.Value) -> ll.Value:
    """An int with a float. Rounded to a float, the int keeps its order with all floats
    but the one that it is rounded to: that one is compared as an int."""
    b = region.b
    rounded = b.sitofp(x, F64)
    by_float = compare(region, symbol, rounded, y)
    equal = b.fcmp_ordered("==", rounded, y)
    top = ll.Constant(F64, 2.0**63)
    is_top = b.fcmp_ordered("==", y, top)
    # 2.0**63 is no int of 64 bits, and greater than all of them
    safe = b.select(b.and_(equal, b.not_(is_top)), y, ll.Constant(F64, 0.0))
    by_int = b.icmp_signed(symbol, x, b.fptosi(safe, I64))
    by_int = b.select(is_top, I1(int(symbol in ("<", "<=", "!="))), by_int)
    return b.select(equal, by_int, by_float)


def _declare_comparison(kind: str, symbol: str) -> None:
    names = ["int", *MIXED, ""]
    if kind in ("eq", "ne"):
        names.append("bool")

    @lowering(*overloads(f"aten::{kind}", *names))
    def lower(region: Region, node: Node) -> ll.Value:
        return compare(region, symbol, *region.numbers(node))


for _kind, _symbol in _SYMBOLS.items():
    _declare_comparison(_kind, _symbol)


def _declare_extreme(kind: str, symbol: str) -> None:
    @lowering(*overloads(f"prim::{kind}", "int", *MIXED, ""))
    def lower(region: Region, node: Node) -> ll.Value:
        x, y = region.numbers(node)
        takes_second = compare(region, symbol, y, x)
        if x.type != y.type:
            if node.output.type != T.FLOAT:
                raise Declined("the result is an int or a float")
            x, y = as_float(region, x), as_float(region, y)
        return region.b.select(takes_second, y, x)


_declare_extreme("min", "<")
_declare_extreme("max", ">")


# conversion -------------------------------------------------------------------------


def float_to_int(
    region: Region, node: Node, value: ll.Value, operands: Any = None
) -> ll.Value:
    """A float that is whole as an int; leaves the region where it does not fit."""
    b = region.b
    low = b.fcmp_ordered(">=", value, ll.Constant(F64, -(2.0**63)))
    high = b.fcmp_ordered("<", value, ll.Constant(F64, 2.0**63))
    region.fail_unless(b.and_(low, high), node, operands)
    return b.fptosi(value, I64)


@lowering(*overloads("aten::Int", "bool", "int", "float", "Scalar"))
def int_(region: Region, node: Node) -> ll.Value:
    """A number without its fraction."""
    value = region.number(node.inputs[0])
    if value.type == F64:
        return float_to_int(region, node, intrinsic(region, "llvm.trunc", value))
    return as_int(region, value)


@lowering(*overloads("aten::Float", "bool", "int", "float", "Scalar"))
def float_(region: Region, node: Node) -> ll.Value:
    """The nearest float."""
    return as_float(region, region.number(node.inputs[0]))


@lowering(*overloads("aten::Bool", "bool", "int", "float", "Scalar"))
def bool_(region: Region, node: Node) -> ll.Value:
    """Whether a number is not zero."""
    return truth(region, region.number(node.inputs[0]))


def truth(region: Region, value: ll.Value) -> ll.Value:
    """Whether a number is not zero."""
    if value.type == I1:
        return value
    if value.type == F64:
        return region.b.fcmp_unordered("!=", value, ll.Constant(F64, 0.0))
    return region.b.icmp_signed("!=", value, I64(0))


def _declare_rounding(name: str, function: str, overload: str = "float") -> None:
    @lowering(f"aten::{name}.{overload}")
    def lower(region: Region, node: Node) -> ll.Value:
        value = region.number(node.inputs[0])
        return float_to_int(region, node, intrinsic(region, function, value))


_declare_rounding("floor", "llvm.floor")
_declare_rounding("ceil", "llvm.ceil")
_declare_rounding("trunc", "llvm.trunc")
_declare_rounding("round", "llvm.roundeven", "to_int")


@lowering(
    "aten::floor.int", "aten::ceil.int", "aten::trunc.int", "aten::round.int_to_int"
)
def same_int(region: Region, node: Node) -> ll.Value:
    """An int is rounded already."""
    return region.number(node.inputs[0])


@lowering("aten::round.float", "aten::round.int")
def round_(region: Region, node: Node) -> ll.Value:
    """The nearest whole number, of two the even one, as a float."""
    value = region.number(node.inputs[0])
    if value.type == F64:
        # rounded to an int and back, a zero has no sign
        whole = intrinsic(region, "llvm.roundeven", value)
        return region.b.fadd(whole, ll.Constant(F64, 0.0))
    return as_float(region, value)


# ranges -----------------------------------------------------------------------------


@lowering("aten::__range_length")
def range_length(region: Region, node: Node) -> ll.Value:
    """How many numbers a range gives. The distance fits 64 bits without a sign."""
    b = region.b
    low, high, step = region.numbers(node)
    known = constant_int(step)
    if known is None or known == 0:
        region.fail_unless(b.icmp_signed("!=", step, I64(0)), node)
    down = b.icmp_signed("<", step, I64(0))
    if known is not None:
        down = I1(int(known < 0))
    first, last = b.select(down, high, low), b.select(down, low, high)
    size = b.select(down, b.sub(I64(0), step), step)
    distance = b.sub(last, first)
    steps = distance
    if known not in (1, -1):
        steps = b.add(b.udiv(b.sub(distance, I64(1)), size), I64(1))
    some = b.icmp_signed("<", first, last)
    length = b.select(some, steps, I64(0))
    region.fail_unless(b.icmp_signed(">=", length, I64(0)), node)
    return length


@lowering("aten::__derive_index")
def derive_index(region: Region, node: Node) -> ll.Value:
    """The number at a position of a range; those inside of it fit."""
    b = region.b
    index, start, step = region.numbers(node)
    if ranges.end_of_range(node) is not None:
        return b.add(start, b.mul(index, step))
    wide = ll.IntType(128)
    exact = b.add(b.mul(b.sext(index, wide), b.sext(step, wide)), b.sext(start, wide))
    number = b.trunc(exact, I64)
    region.fail_unless(b.icmp_signed("==", b.sext(number, wide), exact), node)
    return number

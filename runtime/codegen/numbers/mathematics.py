"""Lowerings of Python's `math` on numbers: calls of the C library's functions.

They are the functions that Python's own `math` calls, found in this process, so that
the bits are the same. Where Python raises, the check leaves the region.
"""

from __future__ import annotations

import ctypes
import functools
import math
from typing import Any

import llvmlite.ir as ll

from jit.ir.graph import Node
from jit.runtime.codegen.host import host_function, slot
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers import scalar_functions
from jit.runtime.codegen.numbers.scalars import as_float, intrinsic
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import F64, I1, I64

UNARY = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp",
         "expm1", "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh",
         "erf", "erfc")  # fmt: skip
NEVER_RAISES = ("asinh", "atan", "tanh", "erf", "erfc")
BINARY = ("atan2", "fmod", "hypot", "pow", "remainder")


@functools.cache
def _library() -> ctypes.CDLL:
    import ctypes.util  # slow to import, and seldom needed

    return ctypes.CDLL(ctypes.util.find_library("m") or None)


def _address(name: str) -> Any:
    return lambda: ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value


for _name in (*UNARY, *BINARY):
    slot(f"libm.{_name}", _address(_name))


def call(region: Region, name: str, *values: ll.Value) -> ll.Value:
    """A call of a function of the C library."""
    type = ll.FunctionType(F64, [F64] * len(values))
    return region.b.call(host_function(region.b, f"libm.{name}", type), values)


def _is_nan(region: Region, x: ll.Value) -> ll.Value:
    return region.b.fcmp_unordered("uno", x, x)


def _is_finite(region: Region, x: ll.Value) -> ll.Value:
    size = intrinsic(region, "llvm.fabs", x)
    return region.b.fcmp_ordered("<", size, ll.Constant(F64, math.inf))


def check(
    region: Region, node: Node, result: ll.Value, operands: list[ll.Value]
) -> ll.Value:
    """Leave the region for a result that Python's `math` raises for: nan or infinite,
    although the operands are not."""
    b = region.b
    finite, number = I1(1), I1(1)
    for x in operands:
        finite = b.and_(finite, _is_finite(region, x))
        number = b.and_(number, b.not_(_is_nan(region, x)))
    nan = b.and_(_is_nan(region, result), number)
    infinite = b.and_(b.not_(_is_finite(region, result)), finite)
    region.fail_unless(b.not_(b.or_(nan, infinite)), node)
    return result


def _declare_unary(name: str) -> None:
    @lowering(f"aten::{name}.float", f"aten::{name}.int")
    def lower(region: Region, node: Node) -> ll.Value:
        x = as_float(region, region.number(node.inputs[0]))
        result = call(region, name, x)
        return result if name in NEVER_RAISES else check(region, node, result, [x])


for _name in UNARY:
    _declare_unary(_name)


@lowering("aten::sqrt.float", "aten::sqrt.int")
def sqrt(region: Region, node: Node) -> ll.Value:
    """The instruction of the CPU, which rounds as the C library does."""
    x = as_float(region, region.number(node.inputs[0]))
    negative = region.b.fcmp_ordered("<", x, ll.Constant(F64, 0.0))
    region.fail_unless(region.b.not_(negative), node)
    return intrinsic(region, "llvm.sqrt", x)


@lowering("aten::fabs.float", "aten::fabs.int")
def fabs(region: Region, node: Node) -> ll.Value:
    """The distance from zero."""
    return intrinsic(
        region, "llvm.fabs", as_float(region, region.number(node.inputs[0]))
    )


def _declare_factor(name: str, factor: float) -> None:
    @lowering(f"aten::{name}.float", f"aten::{name}.int")
    def lower(region: Region, node: Node) -> ll.Value:
        x = as_float(region, region.number(node.inputs[0]))
        return region.b.fmul(x, ll.Constant(F64, factor))


_declare_factor("degrees", 180.0 / math.pi)
_declare_factor("radians", math.pi / 180.0)

_PAIRS = ("int", "float", "int_float", "float_int")


def _two_floats(region: Region, node: Node) -> list[ll.Value]:
    return [as_float(region, x) for x in region.numbers(node)]


@lowering(*(f"aten::pow.{name}" for name in _PAIRS))
def pow_(region: Region, node: Node) -> ll.Value:
    """A float to the power of a float."""
    x, y = _two_floats(region, node)
    return check(region, node, call(region, "pow", x, y), [x, y])


@lowering(*(f"aten::atan2.{name}" for name in _PAIRS))
def atan2(region: Region, node: Node) -> ll.Value:
    """The angle of a point."""
    return call(region, "atan2", *_two_floats(region, node))


@lowering(*(f"aten::fmod.{name}" for name in _PAIRS))
def fmod(region: Region, node: Node) -> ll.Value:
    """The remainder with the sign of the dividend."""
    x, y = _two_floats(region, node)
    return check(region, node, call(region, "fmod", x, y), [x, y])


@lowering(*(f"aten::mathremainder.{name}" for name in _PAIRS))
def remainder(region: Region, node: Node) -> ll.Value:
    """The remainder nearest to zero, which is exact."""
    x, y = _two_floats(region, node)
    return check(region, node, call(region, "remainder", x, y), [x, y])


@lowering(*(f"aten::copysign.{name}" for name in _PAIRS))
def copysign(region: Region, node: Node) -> ll.Value:
    """The size of one float with the sign of another."""
    return intrinsic(region, "llvm.copysign", *_two_floats(region, node))


# questions --------------------------------------------------------------------------


@lowering("aten::isnan.float")
def isnan(region: Region, node: Node) -> ll.Value:
    """Whether it is not a number."""
    return _is_nan(region, region.number(node.inputs[0]))


@lowering("aten::isfinite.float")
def isfinite(region: Region, node: Node) -> ll.Value:
    """Whether it is neither nan nor infinite."""
    return _is_finite(region, region.number(node.inputs[0]))


@lowering("aten::isinf.float")
def isinf(region: Region, node: Node) -> ll.Value:
    """Whether it is infinite."""
    size = intrinsic(region, "llvm.fabs", region.number(node.inputs[0]))
    return region.b.fcmp_ordered("==", size, ll.Constant(F64, math.inf))


# ints -------------------------------------------------------------------------------


@lowering("aten::gcd.int")
def gcd(region: Region, node: Node) -> ll.Value:
    """The greatest number that divides both."""
    divide = region.function("int.gcd", scalar_functions.greatest_divisor)
    found = region.b.call(divide, region.numbers(node))
    # the greatest divisor of two INT_MIN is 2**63
    region.fail_unless(region.b.icmp_signed(">=", found, I64(0)), node)
    return found


@lowering("aten::factorial.int")
def factorial(region: Region, node: Node) -> ll.Value:
    """The product of the numbers up to one, from a table."""
    b = region.b
    x = region.number(node.inputs[0])
    region.fail_unless(b.icmp_unsigned("<=", x, I64(20)), node)
    table = region.function("factorials", scalar_functions.factorial)
    return b.call(table, [x])


@lowering("aten::lcm.int")
def lcm(region: Region, node: Node) -> ll.Value:
    """The least number that both divide."""
    b = region.b
    x, y = region.numbers(node)
    divide = region.function("int.gcd", scalar_functions.greatest_divisor)
    divisor = b.call(divide, [x, y])
    both = b.and_(b.icmp_signed("!=", x, I64(0)), b.icmp_signed("!=", y, I64(0)))
    fits = b.or_(b.not_(both), b.icmp_signed(">=", divisor, I64(0)))
    region.fail_unless(fits, node)
    some = b.select(b.icmp_signed("==", divisor, I64(0)), I64(1), divisor)
    product = b.smul_with_overflow(b.sdiv(x, some), y)
    made = b.extract_value(product, 0)
    fits = b.not_(b.extract_value(product, 1))
    fits = b.and_(fits, b.icmp_signed("!=", made, I64(-(2**63))))
    region.fail_unless(fits, node)
    return b.select(b.icmp_signed("<", made, I64(0)), b.sub(I64(0), made), made)


@lowering("aten::isqrt.int")
def isqrt(region: Region, node: Node) -> ll.Value:
    """The square root, rounded down: that of the nearest float, mended by one."""
    b = region.b
    x = region.number(node.inputs[0])
    region.fail_unless(b.icmp_signed(">=", x, I64(0)), node)
    root = b.fptosi(intrinsic(region, "llvm.sqrt", b.sitofp(x, F64)), I64)
    most = I64(3037000499)
    root = b.select(b.icmp_signed("<", root, most), root, most)
    above = b.icmp_signed(">", b.mul(root, root), x)
    root = b.sub(root, b.zext(above, I64))
    following = b.add(root, I64(1))
    room = b.icmp_signed("<=", following, most)
    fits = b.and_(room, b.icmp_signed("<=", b.mul(following, following), x))
    return b.add(root, b.zext(fits, I64))


@lowering(*(f"aten::log.{x}_{y}" for x in ("int", "float") for y in ("int", "float")))
def log_of_base(region: Region, node: Node) -> ll.Value:
    """The logarithm to a base: the quotient of two."""
    b = region.b
    zero = ll.Constant(F64, 0.0)
    x, base = (as_float(region, v) for v in region.numbers(node))
    # of infinity and nan there are logarithms too
    holds = b.and_(b.fcmp_unordered(">", x, zero), b.fcmp_unordered(">", base, zero))
    region.fail_unless(holds, node)
    below = call(region, "log", base)
    region.fail_unless(b.fcmp_unordered("!=", below, zero), node)
    return b.fdiv(call(region, "log", x), below)

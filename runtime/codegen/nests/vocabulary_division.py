"""The part of the LLVM vocabulary that divides, and takes powers, shifts and neighbours."""

from __future__ import annotations

import math
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, DType
from jit.runtime.codegen.nests.vocabulary_conversions import Conversions
from jit.runtime.codegen.nests.vocabulary_elements import Element, overloaded
from jit.runtime.codegen.values import COMPUTE


class Division(Conversions):
    """Quotients, remainders, powers, shifts, and neighbours of numbers."""

    # --- division and remainders

    def _divided(self, x: Element, y: Element) -> tuple[Element, Element, Element]:
        """Quotient towards zero, remainder, and whether the divisor is not zero.

        Neither zero nor the quotient that overflows reaches the machine's division.
        """
        b = self.b
        fine = y != 0
        y = self.where(fine, y, 1)
        if not x.dtype.is_signed:
            quotient, rest = b.udiv(x.value, y.value), b.urem(x.value, y.value)
            return self.element(quotient, x.dtype), self.element(rest, x.dtype), fine
        negated = y == -1
        y = self.where(negated, 1, y)
        quotient = self.element(b.sdiv(x.value, y.value), x.dtype)
        rest = self.element(b.srem(x.value, y.value), x.dtype)
        return self.where(negated, -quotient, quotient), rest, fine

    def _integers(self, x: Any, y: Any) -> tuple[DType, Element, Element]:
        """Operands in their common dtype, bools as int8."""
        common, (x, y) = self._met(x, y)
        if common.category == BOOL:
            common = dtypes.int8
            x, y = self.cast(x, common), self.cast(y, common)
        return common, x, y

    def _float_remainder(self, x: Element, y: Element) -> Element:
        """x - y * trunc(x / y), exactly."""
        return self.element(self.b.frem(x.value, y.value), x.dtype)

    def floor_divide(self, x: Any, y: Any) -> Element:
        """x / y rounded down; an integer divided by zero is 0."""
        common, x, y = self._integers(x, y)
        if common.category != FLOATING:
            quotient, rest, fine = self._divided(x, y)
            if common.is_signed:
                inexact = (rest != 0) & ((rest < 0) != (y < 0))
                quotient = quotient - self.cast(inexact, common)
            return self.where(fine, quotient, 0)
        rest = self._float_remainder(x, y)
        exact = (x - rest) / y
        opposite = (rest != 0) & ((rest < 0) != (y < 0))
        exact = self.where(opposite, exact - 1.0, exact)
        whole = self.floor(exact)
        whole = self.where(exact - whole > 0.5, whole + 1.0, whole)
        zero = self.copysign(self.number(0.0, common), x / y)
        made = self.where(exact != 0, whole, zero)
        return self.where(y == 0, x / y, made)

    def trunc_divide(self, x: Any, y: Any) -> Element:
        """x / y rounded towards zero."""
        common, x, y = self._integers(x, y)
        if common.category == FLOATING:
            return self.trunc(x / y)
        quotient, _, fine = self._divided(x, y)
        return self.where(fine, quotient, 0)

    def remainder(self, x: Any, y: Any) -> Element:
        """x - y * floor(x / y): with the sign of the divisor."""
        common, x, y = self._integers(x, y)
        if common.category != FLOATING:
            _, rest, fine = self._divided(x, y)
            if common.is_signed:
                opposite = (rest != 0) & ((rest < 0) != (y < 0))
                rest = self.where(opposite, rest + y, rest)
            return self.where(fine, rest, 0)
        rest = self._float_remainder(x, y)
        opposite = (rest != 0) & ((rest < 0) != (y < 0))
        made = self.where(opposite, rest + y, rest)
        zero = self.copysign(self.number(0.0, common), y)
        made = self.where(rest == 0, zero, made)
        return self.where(y == 0, rest, made)

    def fmod(self, x: Any, y: Any) -> Element:
        """x - y * trunc(x / y): with the sign of the dividend."""
        common, x, y = self._integers(x, y)
        if common.category == FLOATING:
            return self._float_remainder(x, y)
        _, rest, fine = self._divided(x, y)
        return self.where(fine, rest, 0)

    def gcd(self, x: Any, y: Any) -> Element:
        common, x, y = self._integers(x, y)
        x, y = self.abs(x), self.abs(y)
        function = _gcd_function(self.b.module, COMPUTE[common])
        made = self.each_lane(
            lambda *pair: self.b.call(function, pair), COMPUTE[common],
            x.value, y.value,
        )  # fmt: skip
        return self.element(made, common)

    def lcm(self, x: Any, y: Any) -> Element:
        _common, x, y = self._integers(x, y)
        divisor = self.gcd(x, y)
        quotient, _, _ = self._divided(self.abs(x), divisor)
        return self.where(divisor == 0, 0, quotient * self.abs(y))

    # --- powers

    def pow(self, x: Any, y: Any) -> Element:
        """x to the power of y. An integer to a negative power is 0, except ±1."""
        from jit.runtime.codegen.nests import elementary

        common, x, y = self._integers(x, y)
        if common.category == FLOATING:
            if y.constant in (1.0, 2.0):
                return x if y.constant == 1.0 else x * x
            if y.constant == 0.5 and common is dtypes.float64:
                return self.where(x == -float("inf"), float("inf"), self.sqrt(x + 0.0))
            return elementary.pow(self, x, y)
        if y.constant is not None and 0 <= y.constant <= 64:
            return self._constant_power(x, int(y.constant))
        function = _power_function(self.b.module, COMPUTE[common])
        made = self.each_lane(
            lambda *pair: self.b.call(function, pair), COMPUTE[common],
            x.value, y.value,
        )  # fmt: skip
        if not common.is_signed:
            return self.element(made, common)
        odd = (y & 1) != 0
        ones = self.where(x == -1, self.where(odd, -1, 1), 0)
        small = self.cast(self.where(x == 1, 1, ones), common)
        return self.where(y < 0, small, self.element(made, common))

    def _constant_power(self, x: Element, count: int) -> Element:
        made = self.number(1, x.dtype)
        square = x
        while count:
            if count & 1:
                made = made * square
            count >>= 1
            if count:
                square = square * square
        return made

    # --- shifts, neighbours, parts

    def shift_left(self, x: Any, y: Any) -> Element:
        """x * 2**y in as many bits; 0 for counts out of range."""
        common, x, y = self._integers(x, y)
        valid = (y >= 0) & (y < 8 * common.itemsize)
        count = self.where(valid, y, 0)
        made = self.element(self.b.shl(x.value, count.value), common)
        return self.where(valid, made, 0)

    def shift_right(self, x: Any, y: Any) -> Element:
        """x / 2**y, rounded down; counts out of range shift all bits out."""
        common, x, y = self._integers(x, y)
        last = 8 * common.itemsize - 1
        count = self.where((y >= 0) & (y < last), y, last)
        shift = self.b.ashr if common.is_signed else self.b.lshr
        return self.element(shift(x.value, count.value), common)

    def nextafter(self, x: Any, y: Any) -> Element:
        """The float next to x on the way to y."""
        _common, (x, y) = self._floats(x, y)
        bits = self.bits(x)
        away = (x < y) == (x > 0)
        step = self.cast(self.where(away, 1, -1), bits.dtype)
        moved = self.from_bits(bits + step)
        least = self.copysign(self.from_bits(self.number(1, bits.dtype)), y)
        made = self.where(x == 0, least, moved)
        made = self.where(x == y, y, made)
        return self.where(self.isnan(x) | self.isnan(y), x + y, made)

    def conj(self, x: Element) -> Element:
        return x

    def real(self, x: Element) -> Element:
        return x

    def imag(self, x: Element) -> Element:
        return self.number(0, x.dtype)

    def angle(self, x: Element) -> Element:
        """0, or pi for negative numbers."""
        common, (x,) = self._floats(x)
        made = self.where(x < 0, math.pi, 0.0)
        return self.where(self.isnan(x), x, self.cast(made, common))


def _integer_function(
    module: ll.Module, name: str, type: ll.Type
) -> tuple[ll.Function, ll.IRBuilder | None]:
    """A function of two integers that is made once, and a builder if it is new."""
    name = f"{name}_{overloaded(type)}"
    if name in module.globals:
        return module.globals[name], None
    function = ll.Function(module, ll.FunctionType(type, [type, type]), name)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    function.attributes.add("noinline")
    return function, ll.IRBuilder(function.append_basic_block("entry"))


def _gcd_function(module: ll.Module, type: ll.Type) -> ll.Function:
    """Euclid's algorithm; operands are not negative."""
    function, b = _integer_function(module, "gcd", type)
    if b is None:
        return function
    entry = b.block
    head, body, after = (function.append_basic_block() for _ in range(3))
    b.branch(head)
    b.position_at_end(head)
    x, y = b.phi(type), b.phi(type)
    b.cbranch(b.icmp_unsigned("==", y, type(0)), after, body)
    b.position_at_end(body)
    rest = b.urem(x, y)
    b.branch(head)
    for phi, first, following in (
        (x, function.args[0], y),
        (y, function.args[1], rest),
    ):
        phi.add_incoming(first, entry)
        phi.add_incoming(following, body)
    b.position_at_end(after)
    b.ret(x)
    return function


def _power_function(module: ll.Module, type: ll.Type) -> ll.Function:
    """x to the power of y >= 0 by squaring, in as many bits."""
    function, b = _integer_function(module, "power", type)
    if b is None:
        return function
    entry = b.block
    head, body, after = (function.append_basic_block() for _ in range(3))
    b.branch(head)
    b.position_at_end(head)
    made, square, left = b.phi(type), b.phi(type), b.phi(type)
    b.cbranch(b.icmp_unsigned("==", left, type(0)), after, body)
    b.position_at_end(body)
    odd = b.icmp_unsigned("!=", b.and_(left, type(1)), type(0))
    following = b.select(odd, b.mul(made, square), made)
    squared, rest = b.mul(square, square), b.lshr(left, type(1))
    b.branch(head)
    x, y = function.args
    for phi, first, then in (
        (made, type(1), following),
        (square, x, squared),
        (left, y, rest),
    ):
        phi.add_incoming(first, entry)
        phi.add_incoming(then, body)
    b.position_at_end(after)
    b.ret(made)
    return function

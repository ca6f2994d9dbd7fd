"""The LLVM reading of the vocabulary `m`: formulas of cards as instructions.

An `Element` is one operand, or a vector of neighbouring ones: `lanes` says how many, None
a plain scalar. Operators and functions mean what they mean to NumPy on arrays of the same
dtype: integers wrap around, Python numbers are weak, `bool + bool` is "or". Nothing is
contracted or reassociated outside of the polynomials of `elementary`.

    m = LlvmVocabulary(builder, lanes=16)
    y = leaky_relu.formula(m, m.element(x, dtypes.float32), 0.01)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, DType
from jit.runtime.codegen.nests.vocabulary_elements import (
    Element,
    call,
    constant,
    intrinsic,
    with_lanes,
)
from jit.runtime.codegen.nests.vocabulary_wide import WideVectors
from jit.runtime.codegen.values import F64, I1, I32, I64

_ORDERED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


class LlvmVocabulary(WideVectors):
    """Formulas as instructions at the place of a builder."""

    # --- arithmetic

    def add(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        if common.category == BOOL:
            return self.bit_or(x, y)
        f = self.b.fadd if common.category == FLOATING else self.b.add
        return self.element(f(x.value, y.value), common)

    def subtract(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        f = self.b.fsub if common.category == FLOATING else self.b.sub
        return self.element(f(x.value, y.value), common)

    def multiply(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        if common.category == BOOL:
            return self.bit_and(x, y)
        f = self.b.fmul if common.category == FLOATING else self.b.mul
        return self.element(f(x.value, y.value), common)

    def divide(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._floats(x, y)
        return self.element(self.b.fdiv(x.value, y.value), common)

    def scaled(self, x: Any, factor: Any) -> Any:
        """x * factor, and x itself for the usual factor 1."""
        known = factor.constant if isinstance(factor, Element) else factor
        return x if known is not None and known == 1 else x * factor

    def fma(self, x: Any, y: Any, z: Any) -> Element:
        """x * y + z, rounded once where the machine can; for polynomials only."""
        common, (x, y, z) = self._met(x, y, z)
        made = intrinsic(self.b, "fmuladd", x.value, y.value, z.value)
        return self.element(made, common)

    def _bits(self, name: str, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        return self.element(getattr(self.b, name)(x.value, y.value), common)

    def bit_and(self, x: Any, y: Any) -> Element:
        return self._bits("and_", x, y)

    def bit_or(self, x: Any, y: Any) -> Element:
        return self._bits("or_", x, y)

    def bit_xor(self, x: Any, y: Any) -> Element:
        return self._bits("xor", x, y)

    def bitwise_not(self, x: Element) -> Element:
        return ~x

    # --- comparisons and selection

    def _compared(self, sign: str, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        b = self.b
        if common.category == FLOATING:
            found = b.fcmp_ordered(sign, x.value, y.value)
        elif common.category == BOOL or not common.is_signed:
            found = b.icmp_unsigned(sign, x.value, y.value)
        else:
            found = b.icmp_signed(sign, x.value, y.value)
        return self.element(found, dtypes.bool_)

    def lt(self, x: Any, y: Any) -> Element:
        return self._compared("<", x, y)

    def le(self, x: Any, y: Any) -> Element:
        return self._compared("<=", x, y)

    def gt(self, x: Any, y: Any) -> Element:
        return self._compared(">", x, y)

    def ge(self, x: Any, y: Any) -> Element:
        return self._compared(">=", x, y)

    def eq(self, x: Any, y: Any) -> Element:
        return self._compared("==", x, y)

    def ne(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        if common.category == FLOATING:
            found = self.b.fcmp_unordered("!=", x.value, y.value)
        else:
            found = self.b.icmp_unsigned("!=", x.value, y.value)
        return self.element(found, dtypes.bool_)

    def where(self, condition: Any, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        chosen = self.b.select(self.truth(condition).value, x.value, y.value)
        return self.element(chosen, common)

    def _extreme(self, sign: str, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        if common.category != FLOATING:
            return self.where(self._compared(sign, x, y), x, y)
        if x.constant is None and y.constant is not None:
            x, y = y, x
        # the second operand is taken where one is nan: one instruction on x86
        chosen = self.where(self._compared(sign, x, y), x, y)
        if x.constant is not None and x.constant == x.constant:
            return chosen
        return self.where(self.isnan(x), x, chosen)

    def maximum(self, x: Any, y: Any) -> Element:
        """The larger operand; nan if one is nan."""
        return self._extreme(">", x, y)

    def minimum(self, x: Any, y: Any) -> Element:
        """The smaller operand; nan if one is nan."""
        return self._extreme("<", x, y)

    def _extreme_number(self, sign: str, x: Any, y: Any) -> Element:
        common, (x, y) = self._met(x, y)
        chosen = self.where(self._compared(sign, x, y), x, y)
        if common.category != FLOATING:
            return chosen
        return self.where(self.isnan(y), x, chosen)

    def fmax(self, x: Any, y: Any) -> Element:
        """The larger operand; the other if one is nan."""
        return self._extreme_number(">", x, y)

    def fmin(self, x: Any, y: Any) -> Element:
        """The smaller operand; the other if one is nan."""
        return self._extreme_number("<", x, y)

    def logical_and(self, x: Any, y: Any) -> Element:
        return self.bit_and(self.truth(x), self.truth(y))

    def logical_or(self, x: Any, y: Any) -> Element:
        return self.bit_or(self.truth(x), self.truth(y))

    def logical_xor(self, x: Any, y: Any) -> Element:
        return self.bit_xor(self.truth(x), self.truth(y))

    def logical_not(self, x: Any) -> Element:
        return ~self.truth(x)

    # --- signs and classes of numbers

    def abs(self, x: Element) -> Element:
        if x.dtype.category == FLOATING:
            return self.element(intrinsic(self.b, "fabs", x.value), x.dtype)
        return self.where(x < 0, -x, x) if x.dtype.is_signed else x

    def isnan(self, x: Element) -> Element:
        if x.dtype.category != FLOATING:
            return self.number(False, dtypes.bool_)
        found = self.b.fcmp_unordered("uno", x.value, x.value)
        return self.element(found, dtypes.bool_)

    def isinf(self, x: Element) -> Element:
        if x.dtype.category != FLOATING:
            return self.number(False, dtypes.bool_)
        return self.abs(x) == float("inf")

    def isfinite(self, x: Element) -> Element:
        if x.dtype.category != FLOATING:
            return self.number(True, dtypes.bool_)
        return self.abs(x) < float("inf")

    def sign(self, x: Element) -> Element:
        """-1, 0 or 1; nan for nan."""
        made = self.where(x > 0, 1, self.where(x < 0, -1, 0))
        made = self.cast(made, x.dtype)
        return self.where(self.isnan(x), x, made)

    def copysign(self, x: Any, y: Any) -> Element:
        common, (x, y) = self._floats(x, y)
        return self.element(intrinsic(self.b, "copysign", x.value, y.value), common)

    def signbit(self, x: Element) -> Element:
        if x.dtype.category != FLOATING:
            return x < 0
        bits = self.bits(x)
        return bits < 0

    # --- rounding

    def _round(self, name: str, x: Element) -> Element:
        if x.dtype.category != FLOATING:
            return x
        return self.element(intrinsic(self.b, name, x.value), x.dtype)

    def floor(self, x: Element) -> Element:
        return self._round("floor", x)

    def ceil(self, x: Element) -> Element:
        return self._round("ceil", x)

    def trunc(self, x: Element) -> Element:
        return self._round("trunc", x)

    def round(self, x: Element) -> Element:
        """To the nearest integer, halves to even."""
        return self._round("rint", x)

    def sqrt(self, x: Element) -> Element:
        common, (x,) = self._floats(x)
        return self.element(intrinsic(self.b, "sqrt", x.value), common)

    # --- bits of floating-point numbers

    def bits(self, x: Element) -> Element:
        """The bits of a floating-point number as an integer."""
        dtype = dtypes.int32 if x.dtype is dtypes.float32 else dtypes.int64
        return self.element(self.b.bitcast(x.value, self.type_of(dtype)), dtype)

    def from_bits(self, x: Element) -> Element:
        """The floating-point number of an integer's bits."""
        dtype = dtypes.float32 if x.dtype is dtypes.int32 else dtypes.float64
        return self.element(self.b.bitcast(x.value, self.type_of(dtype)), dtype)

    def shift_constant(self, x: Element, count: int) -> Element:
        """An integer shifted left, or right with its sign where `count` is negative."""
        by = constant(x.value.type, abs(count))
        shift = self.b.shl if count > 0 else self.b.ashr
        return self.element(shift(x.value, by), x.dtype)

    def small_to_double(self, x: Element) -> Element:
        """An int64 of moderate size as float64, also where machines lack the conversion."""
        magic = self.number(1.5 * 2.0**52, dtypes.float64)
        return self.from_bits(x + self.bits(magic)) - magic

    def exact_fma(self, x: Any, y: Any, z: Any) -> Element:
        """x * y + z, rounded once on every machine."""
        common, (x, y, z) = self._met(x, y, z)
        return self.element(intrinsic(self.b, "fma", x.value, y.value, z.value), common)

    # --- what needs more than straight lines

    def each_lane(
        self,
        function: Callable[..., ll.Value],
        result: ll.Type,
        *operands: ll.Value,
    ) -> ll.Value:
        """`function(*scalars)` for each lane of the operands."""
        if self.lanes is None:
            return function(*operands)
        made: ll.Value = ll.Constant(ll.VectorType(result, self.lanes), ll.Undefined)
        for lane in range(self.lanes):
            place = I32(lane)
            scalars = [self.b.extract_element(x, place) for x in operands]
            made = self.b.insert_element(made, function(*scalars), place)
        return made

    def unless_moderate(
        self,
        x: Element,
        bound: float,
        usual: tuple[Element, Element, Element],
        reduction: Callable[[ll.Module], ll.Function],
    ) -> tuple[Element, Element, Element]:
        """The usual reduction of an angle, or the one for angles beyond a bound.

        The code for large angles is jumped over where no lane has one.
        """
        b = self.b
        # nan and infinities count as large: they give nan
        large = ~(self.abs(x) <= bound)
        before = b.block
        some = self.any_lane(large.value)
        rare = b.function.append_basic_block("large")
        after = b.function.append_basic_block("moderate")
        b.cbranch(some, rare, after).set_weights([1, 1000])
        b.position_at_end(rare)
        exact = self._reduced_exactly(self.where(large, x, 1.0), reduction)
        chosen = [self.where(large, e, u) for e, u in zip(exact, usual, strict=True)]
        leaving = b.block
        b.branch(after)
        b.position_at_end(after)
        merged = []
        for u, c in zip(usual, chosen, strict=True):
            phi = b.phi(u.value.type)
            phi.add_incoming(u.value, before)
            phi.add_incoming(c.value, leaving)
            merged.append(self.element(phi, u.dtype))
        return merged[0], merged[1], merged[2]

    def _reduced_exactly(
        self, x: Element, reduction: Callable[[ll.Module], ll.Function]
    ) -> list[Element]:
        b = self.b
        wide = self.cast(x, dtypes.float64)
        finite = self.isfinite(wide)
        safe = self.where(finite, wide, 1.0)
        function = reduction(b.module)
        high, low = frame_room(b, F64), frame_room(b, F64)
        parts: list[list[ll.Value]] = [[], [], []]

        def reduce(value: ll.Value) -> ll.Value:
            turns = b.call(function, [value, high, low])
            parts[0].append(b.load(high))
            parts[1].append(b.load(low))
            parts[2].append(turns)
            return turns

        self.each_lane(reduce, I64, safe.value)
        first, second, turns = (
            self._gathered(values, dtype)
            for values, dtype in zip(
                parts, (dtypes.float64, dtypes.float64, dtypes.int64), strict=True
            )
        )
        first = self.where(finite, first, float("nan"))
        if x.dtype is dtypes.float64:
            return [first, second, turns]
        near = self.cast(first, dtypes.float32)
        rest = self.cast(first - self.cast(near, dtypes.float64), dtypes.float32)
        return [near, rest, self.cast(turns, dtypes.int32)]

    def _gathered(self, values: list[ll.Value], dtype: DType) -> Element:
        """Scalars as the lanes of one element."""
        if self.lanes is None:
            return self.element(values[0], dtype)
        made: ll.Value = ll.Constant(self.type_of(dtype), ll.Undefined)
        for lane, value in enumerate(values):
            made = self.b.insert_element(made, value, I32(lane))
        return self.element(made, dtype)

    def any_lane(self, mask: ll.Value) -> ll.Value:
        """Whether a condition holds in any lane."""
        if self.lanes is None:
            return mask
        return intrinsic(self.b, "vector.reduce.or", mask, result=I1)


def frame_room(b: ll.IRBuilder, type: ll.Type) -> ll.Value:
    """Room for one value in the frame of the function that is being built."""
    entry = b.function.entry_basic_block
    if entry.terminator is None:
        return b.alloca(type)
    first = ll.IRBuilder(entry)
    first.position_before(entry.terminator)
    return first.alloca(type)


_SPECIAL = ("erfinv", "lgamma", "digamma")


def _function(name: str) -> Callable[..., Element]:
    """A method that converts its operands to floats and computes a function of them."""

    def method(self: LlvmVocabulary, *operands: Any) -> Element:
        from jit.runtime.codegen.nests import elementary, special_functions

        _, met = self._floats(*operands)
        home = special_functions if name in _SPECIAL else elementary
        made: Element = getattr(home, name)(self, *met)
        return made

    method.__name__ = name
    return method


for _name in (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "erf", "erfc", "hypot", "logaddexp", "logaddexp2", *_SPECIAL,
):  # fmt: skip
    setattr(LlvmVocabulary, _name, _function(_name))


__all__ = ["Element", "LlvmVocabulary", "call", "constant", "intrinsic", "with_lanes"]

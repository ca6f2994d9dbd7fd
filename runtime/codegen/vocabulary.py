"""The LLVM reading of the vocabulary `m`: formulas of cards as instructions.

An `Element` is one operand, or a vector of neighbouring ones: `lanes` says how many, None
a plain scalar. Operators and functions mean what they mean to NumPy on arrays of the same
dtype: integers wrap around, Python numbers are weak, `bool + bool` is "or". Nothing is
contracted or reassociated outside of the polynomials of `jit.runtime.codegen.elementary`.

    m = LlvmVocabulary(builder, lanes=16)
    y = leaky_relu.formula(m, m.element(x, dtypes.float32), 0.01)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, INTEGER, DType, dtype_of
from jit.runtime.codegen.values import COMPUTE, ELEMENT, F32, F64, I1, I32, I64

Number = bool | int | float


class _Splat(ll.Constant):
    """A vector constant of equal lanes, in the short notation."""

    def _get_reference(self) -> str:
        first = self.constant[0]
        return f"splat ({first.type} {first.get_reference()})"


def constant(type: ll.Type, value: Any) -> ll.Constant:
    """A constant, in every lane of a vector type."""
    if isinstance(type, ll.VectorType):
        return _Splat(type, ll.Constant(type.element, value))
    return ll.Constant(type, value)


def with_lanes(type: ll.Type, lanes: int | None) -> ll.Type:
    """The type of `lanes` neighbouring values."""
    return type if lanes is None else ll.VectorType(type, lanes)


def overloaded(type: ll.Type) -> str:
    """A type as it is written in the name of an intrinsic: `v16f32`."""
    if isinstance(type, ll.VectorType):
        return f"v{type.count}{overloaded(type.element)}"
    if isinstance(type, ll.IntType):
        return f"i{type.width}"
    return {"half": "f16", "float": "f32", "double": "f64"}[str(type)]


def intrinsic(
    builder: ll.IRBuilder, name: str, *args: ll.Value, result: Any = None
) -> Any:
    """A call of an LLVM intrinsic that is overloaded on the type of its first operand."""
    first = args[0].type
    return call(builder, f"llvm.{name}.{overloaded(first)}", result or first, *args)


def call(builder: ll.IRBuilder, name: str, result: ll.Type, *args: ll.Value) -> Any:
    """A call of a function by name, declared where it is not yet."""
    module = builder.module
    function = module.globals.get(name)
    if function is None:
        kind = ll.FunctionType(result, [a.type for a in args])
        function = ll.Function(module, kind, name)
    return builder.call(function, args)


@functools.cache
def _promoted(a: DType, b: DType) -> DType:
    return dtype_of(np.promote_types(a.numpy, b.numpy))


def _with_number(dtype: DType, number: Number) -> DType:
    """The dtype of a result of an element and a Python number, which is weak."""
    if isinstance(number, float):
        return dtype if dtype.category == FLOATING else dtypes.float64
    if isinstance(number, bool) or dtype.category != BOOL:
        return dtype
    return dtypes.int64


class Element:
    """An operand of a formula: LLVM value, dtype, and its number where it is constant."""

    __slots__ = ("constant", "dtype", "m", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        m: LlvmVocabulary,
        value: ll.Value,
        dtype: DType,
        constant: Number | None = None,
    ) -> None:
        self.m = m
        self.value = value
        self.dtype = dtype
        self.constant = constant

    def __bool__(self) -> bool:
        raise TypeError("a formula cannot branch on its operands: use m.where")

    def __neg__(self) -> Element:
        b = self.m.b
        if self.dtype.category == FLOATING:
            return self.m.element(b.fneg(self.value), self.dtype)
        zero = constant(self.value.type, 0)
        return self.m.element(b.sub(zero, self.value), self.dtype)

    def __invert__(self) -> Element:
        return self.m.element(self.m.b.not_(self.value), self.dtype)

    def __abs__(self) -> Element:
        return self.m.abs(self)


def _operator(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(x: Element, y: Any) -> Any:
        return getattr(x.m, name)(x, y)

    def reflected(x: Element, y: Any) -> Any:
        return getattr(x.m, name)(y, x)

    return forward, reflected


for _python, _name in (
    ("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "divide"),
    ("and", "bit_and"), ("or", "bit_or"), ("xor", "bit_xor"), ("mod", "remainder"),
    ("floordiv", "floor_divide"), ("pow", "pow"),
):  # fmt: skip
    _forward, _reflected = _operator(_name)
    setattr(Element, f"__{_python}__", _forward)
    setattr(Element, f"__r{_python}__", _reflected)
for _python in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Element, f"__{_python}__", _operator(_python)[0])

_ORDERED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


class LlvmVocabulary:
    """Formulas as instructions at the place of a builder."""

    def __init__(self, builder: ll.IRBuilder, lanes: int | None = None) -> None:
        self.b = builder
        self.lanes = lanes

    # --- elements

    def element(
        self, value: ll.Value, dtype: DType, number: Number | None = None
    ) -> Element:
        """An operand of a formula."""
        return Element(self, value, dtype, number)

    def type_of(self, dtype: DType) -> ll.Type:
        """The LLVM type in which elements of a dtype are computed."""
        return with_lanes(COMPUTE[dtype], self.lanes)

    def number(self, value: Number, dtype: DType) -> Element:
        """A constant of a dtype; integers wrap around, floats round."""
        if dtype.category == FLOATING:
            value = float(value)
            if COMPUTE[dtype] == F32:
                value = _rounded(value)
            return self.element(constant(self.type_of(dtype), value), dtype, value)
        if dtype.category == BOOL:
            value = bool(value)
            return self.element(constant(self.type_of(dtype), int(value)), dtype, value)
        wrapped = int(np.asarray(int(value), np.int64).astype(dtype.numpy))
        return self.element(constant(self.type_of(dtype), wrapped), dtype, wrapped)

    def splat(self, value: ll.Value, dtype: DType) -> Element:
        """A scalar value in every lane."""
        if self.lanes is None:
            return self.element(value, dtype)
        kind = self.type_of(dtype)
        one = self.b.insert_element(constant(kind, ll.Undefined), value, I32(0))
        mask = ll.Constant(ll.VectorType(I32, self.lanes), None)
        spread = self.b.shuffle_vector(one, constant(kind, ll.Undefined), mask)
        return self.element(spread, dtype)

    def _met(self, *operands: Any) -> tuple[DType, list[Element]]:
        """Operands in the dtype that they promote to, as NumPy promotes."""
        common: DType | None = None
        for x in operands:
            if isinstance(x, Element):
                common = x.dtype if common is None else _promoted(common, x.dtype)
        if common is None:
            common = dtype_of(np.result_type(*operands))
        else:
            for x in operands:
                if not isinstance(x, Element):
                    common = _with_number(common, x)
        return common, [self.cast(x, common) for x in operands]

    def _floats(self, *operands: Any) -> tuple[DType, list[Element]]:
        """As `_met`; integers become float64, as in NumPy's true division."""
        common, met = self._met(*operands)
        if common.category == FLOATING:
            return common, met
        return dtypes.float64, [self.cast(x, dtypes.float64) for x in met]

    # --- conversions

    def cast(self, x: Any, dtype: DType) -> Element:
        """x converted to another dtype.

        Floating-point numbers beyond an integer's range give what the machine gives.
        """
        if not isinstance(x, Element):
            return self.number(x, dtype)
        if x.dtype is dtype:
            return x
        if x.constant is not None:
            return self.number(x.constant, dtype)
        return self.element(self._converted(x, dtype), dtype)

    def _converted(self, x: Element, dtype: DType) -> ll.Value:
        b, value, source = self.b, x.value, x.dtype
        wanted = self.type_of(dtype)
        if dtype.category == BOOL:
            return self.truth(x).value
        if source.category == FLOATING and dtype.category == FLOATING:
            if value.type == wanted:
                return value
            wide = COMPUTE[dtype] == F64
            return b.fpext(value, wanted) if wide else b.fptrunc(value, wanted)
        if source.category == FLOATING:
            return self._to_integer(value, dtype)
        if dtype.category == FLOATING:
            signed = source.is_signed
            return b.sitofp(value, wanted) if signed else b.uitofp(value, wanted)
        if source.itemsize == dtype.itemsize and source.category == INTEGER:
            return value
        if source.category == INTEGER and source.itemsize > dtype.itemsize:
            return b.trunc(value, wanted)
        return b.sext(value, wanted) if source.is_signed else b.zext(value, wanted)

    def _to_integer(self, value: ll.Value, dtype: DType) -> ll.Value:
        # through 32 bits, as C compilers do for the small types
        through = I64 if dtype.itemsize == 8 else I32
        made = self.b.fptosi(value, with_lanes(through, self.lanes))
        wanted = self.type_of(dtype)
        return made if made.type == wanted else self.b.trunc(made, wanted)

    def truth(self, x: Any) -> Element:
        """Whether x is not zero; nan is not."""
        if not isinstance(x, Element):
            return self.number(bool(x), dtypes.bool_)
        if x.dtype.category == BOOL:
            return x
        zero = constant(x.value.type, 0.0 if x.dtype.category == FLOATING else 0)
        if x.dtype.category == FLOATING:
            found = self.b.fcmp_unordered("!=", x.value, zero)
        else:
            found = self.b.icmp_unsigned("!=", x.value, zero)
        return self.element(found, dtypes.bool_)

    def loaded(self, value: ll.Value, dtype: DType) -> Element:
        """An element from the value that memory holds."""
        b = self.b
        if dtype is dtypes.bool_:
            zero = constant(value.type, 0)
            return self.element(b.icmp_unsigned("!=", value, zero), dtype)
        if dtype is dtypes.float16:
            return self.element(b.fpext(value, self.type_of(dtype)), dtypes.float32)
        if dtype is dtypes.bfloat16:
            wide = b.zext(value, with_lanes(I32, self.lanes))
            bits = b.shl(wide, constant(wide.type, 16))
            return self.element(b.bitcast(bits, self.type_of(dtype)), dtypes.float32)
        return self.element(value, dtype)

    def stored(self, x: Element, dtype: DType) -> ll.Value:
        """The value that memory holds, of an element of that dtype."""
        b = self.b
        if dtype is dtypes.float16 and x.dtype is dtypes.float64:
            x = self._rounded_to_odd(x)
        x = self.cast(x, _COMPUTED.get(dtype, dtype))
        kind = with_lanes(ELEMENT[dtype], self.lanes)
        if dtype is dtypes.bool_:
            return b.zext(x.value, kind)
        if dtype is dtypes.float16:
            return b.fptrunc(x.value, kind)
        if dtype is dtypes.bfloat16:
            return self._bfloat16(x.value, kind)
        return x.value

    def _rounded_to_odd(self, x: Element) -> Element:
        """A float64 as float32 that rounds on as the float64 itself would.

        What float32 cannot hold is told by its last bit, which no half type sees.
        """
        near = self.cast(x, dtypes.float32)
        back = self.cast(near, dtypes.float64)
        bits = self.bits(near)
        beyond = self.abs(back) > self.abs(x)
        toward_zero = self.where(beyond, bits - 1, bits) | 1
        exact = (back == x) | self.isnan(x) | self.isinf(near)
        return self.where(exact, near, self.from_bits(toward_zero))

    def _bfloat16(self, value: ll.Value, kind: ll.Type) -> ll.Value:
        """The upper half of a float32, rounded to even; nan stays nan."""
        b = self.b
        bits = b.bitcast(value, with_lanes(I32, self.lanes))
        c = functools.partial(constant, bits.type)
        odd = b.and_(b.lshr(bits, c(16)), c(1))
        rounded = b.lshr(b.add(bits, b.add(odd, c(0x7FFF))), c(16))
        quiet = b.or_(b.lshr(bits, c(16)), c(0x40))
        is_nan = b.fcmp_unordered("uno", value, value)
        return b.trunc(b.select(is_nan, quiet, rounded), kind)

    def rounded(self, x: Element, dtype: DType) -> Element:
        """x as a result of that dtype: half types round, others are converted."""
        if dtype in _COMPUTED:
            return self.loaded(self.stored(x, dtype), dtype)
        return self.cast(x, dtype)

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
        from jit.runtime.codegen import elementary

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
        from jit.runtime.codegen import elementary, special_functions

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


def _rounded(value: float) -> float:
    """A number as float32."""
    with np.errstate(all="ignore"):
        return float(np.float32(value))


_COMPUTED = {dtypes.float16: dtypes.float32, dtypes.bfloat16: dtypes.float32}
"""Half types, and what they are computed in."""

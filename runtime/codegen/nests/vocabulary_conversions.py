"""The part of the LLVM vocabulary that makes, converts, reads and writes elements."""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, INTEGER, DType, dtype_of
from jit.runtime.codegen.nests.vocabulary_elements import (
    Element,
    Number,
    constant,
    dtype_with_number,
    promoted_dtypes,
    with_lanes,
)
from jit.runtime.codegen.values import COMPUTE, ELEMENT, F32, F64, I32, I64


class Conversions:
    """Elements of a number of lanes at the place of a builder."""

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
                common = x.dtype if common is None else promoted_dtypes(common, x.dtype)
        if common is None:
            common = dtype_of(np.result_type(*operands))
        else:
            for x in operands:
                if not isinstance(x, Element):
                    common = dtype_with_number(common, x)
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


def _rounded(value: float) -> float:
    """A number as float32."""
    with np.errstate(all="ignore"):
        return float(np.float32(value))


_COMPUTED = {dtypes.float16: dtypes.float32, dtypes.bfloat16: dtypes.float32}
"""Half types, and what they are computed in."""

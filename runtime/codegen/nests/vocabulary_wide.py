"""The part of the LLVM vocabulary that one instruction of AVX-512 does.

Formulas ask `is_wide` first and have another form for vectors of other machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.nests.vocabulary_division import Division
from jit.runtime.codegen.nests.vocabulary_elements import Element, call, constant
from jit.runtime.codegen.values import F32, I32

_BYTES = 64
_KINDS = {dtypes.float32: "ps", dtypes.float64: "pd"}


class WideVectors(Division):
    """Tables in registers, and powers of two that cannot overflow on the way."""

    def is_wide(self, dtype: DType) -> bool:
        """Whether floats of this dtype fill a vector of AVX-512."""
        host = targets.host()
        return (
            dtype in _KINDS
            and self.lanes == _BYTES // dtype.itemsize
            and host.vector_bytes == _BYTES
            and "x86_64" in host.triple
        )

    def looked_up(self, table: Sequence[float], index: Element) -> Element:
        """The entries of a table of 16 float32, by the low four bits of each lane."""
        kind = ll.VectorType(F32, len(table))
        entries = ll.Constant(
            kind, [self.number(x, dtypes.float32).constant for x in table]
        )
        name = "llvm.x86.avx512.permvar.sf.512"
        found = call(self.b, name, kind, entries, index.value)
        return self.element(found, dtypes.float32)

    def times_power_of_two(self, x: Element, n: Element) -> Element:
        """x * 2**n for a float n, which is rounded down; the result is rounded once."""
        kind = x.value.type
        name = f"llvm.x86.avx512.mask.scalef.{_KINDS[x.dtype]}.512"
        every = ll.Constant(ll.IntType(kind.count), -1)
        as_ever = I32(4)  # the rounding of all other instructions
        made = call(
            self.b, name, kind, x.value, n.value, constant(kind, 0.0), every, as_ever
        )
        return self.element(made, x.dtype)

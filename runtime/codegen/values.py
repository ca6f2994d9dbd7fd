"""Values of a region of machine code, as the generator sees them.

A number is one LLVM value. A tensor is a `Buffer`: where its elements are, its sizes and
strides as LLVM values, dtype and rank known when code is made. Sizes are elements,
strides are bytes, both i64; a size that is 1 broadcasts by a stride of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType

I1, I8, I16, I32, I64 = (ll.IntType(n) for n in (1, 8, 16, 32, 64))
F16, F32, F64 = ll.HalfType(), ll.FloatType(), ll.DoubleType()
POINTER = I8.as_pointer()

ELEMENT: dict[DType, ll.Type] = {
    dtypes.bool_: I8,
    dtypes.uint8: I8,
    dtypes.int8: I8,
    dtypes.int16: I16,
    dtypes.int32: I32,
    dtypes.int64: I64,
    dtypes.float16: F16,
    dtypes.bfloat16: I16,
    dtypes.float32: F32,
    dtypes.float64: F64,
}
"""How elements lie in memory. Complex tensors stay on the interpreter."""

COMPUTE: dict[DType, ll.Type] = {
    **ELEMENT,
    dtypes.bool_: I1,
    dtypes.float16: F32,
    dtypes.bfloat16: F32,
}
"""The type in which elements are computed; half types round after every operator."""


@dataclass(frozen=True)
class Buffer:
    """A tensor in memory."""

    dtype: DType
    data: ll.Value
    """Pointer to the first element."""
    sizes: tuple[ll.Value, ...]
    strides: tuple[ll.Value, ...]
    """Bytes from one element to the next along each axis."""
    owner: ll.Value | None = None
    """The Python object that keeps the memory alive; None for memory of the region."""

    @property
    def rank(self) -> int:
        return len(self.sizes)

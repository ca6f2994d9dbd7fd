"""Element types of tensors and arrays: names, NumPy types, promotion.

The names and numbers are TorchScript's (c10/core/ScalarType.h), the promotion
lattice is torch's: bool < integers < floats < complex, uint8 with a signed
integer gives the next larger signed one, float16 with bfloat16 gives float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

BOOL, INTEGER, FLOATING, COMPLEX = range(4)
"""Categories of promotion, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class DType:
    """One element type; each exists once, so `is` compares.

    Printed form: `torch.float32`; in tensor types `Float`.
    """

    name: str
    """NumPy's and torch's name, `float32`."""
    title: str
    """TorchScript's name in a tensor type, `Float`."""
    code: int
    """TorchScript's number, as `aten::to` takes it in stored programs."""
    category: int
    """BOOL, INTEGER, FLOATING or COMPLEX."""
    numpy: np.dtype[Any]
    """The NumPy type of the same bytes."""

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (dtype_named, (self.name,))

    @property
    def itemsize(self) -> int:
        return self.numpy.itemsize

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOATING

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        return self.name not in ("uint8", "bool")


uint8 = DType("uint8", "Byte", 0, INTEGER, np.dtype("uint8"))
int8 = DType("int8", "Char", 1, INTEGER, np.dtype("int8"))
int16 = DType("int16", "Short", 2, INTEGER, np.dtype("int16"))
int32 = DType("int32", "Int", 3, INTEGER, np.dtype("int32"))
int64 = DType("int64", "Long", 4, INTEGER, np.dtype("int64"))
float16 = DType("float16", "Half", 5, FLOATING, np.dtype("float16"))
float32 = DType("float32", "Float", 6, FLOATING, np.dtype("float32"))
float64 = DType("float64", "Double", 7, FLOATING, np.dtype("float64"))
complex64 = DType("complex64", "ComplexFloat", 9, COMPLEX, np.dtype("complex64"))
complex128 = DType("complex128", "ComplexDouble", 10, COMPLEX, np.dtype("complex128"))
bool_ = DType("bool", "Bool", 11, BOOL, np.dtype("bool"))
bfloat16 = DType("bfloat16", "BFloat16", 15, FLOATING, np.dtype(ml_dtypes.bfloat16))

ALL = (
    uint8,
    int8,
    int16,
    int32,
    int64,
    float16,
    float32,
    float64,
    complex64,
    complex128,
    bool_,
    bfloat16,
)
_BY_NAME = {d.name: d for d in ALL} | {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
    "cfloat": complex64,
    "cdouble": complex128,
}
_BY_TITLE = {d.title: d for d in ALL}
_BY_CODE = {d.code: d for d in ALL}
_BY_NUMPY = {d.numpy: d for d in ALL}


def dtype_named(name: str) -> DType:
    """The dtype of a torch or NumPy name; KeyError if there is none."""
    return _BY_NAME[name]


def dtype_titled(title: str) -> DType:
    """The dtype of a TorchScript type name such as `Float`; KeyError if none."""
    return _BY_TITLE[title]


def dtype_coded(code: int) -> DType:
    """The dtype of TorchScript's number; KeyError if there is none."""
    return _BY_CODE[code]


def dtype_of(array_dtype: Any) -> DType:
    """The dtype with the elements of a NumPy dtype.

    Raises TypeError for NumPy types that tensors cannot hold (strings, objects,
    unsigned integers above 8 bits).
    """
    found = _BY_NUMPY.get(array_dtype)
    if found is None:
        plain = np.dtype(array_dtype).newbyteorder("=")
        found = _BY_NUMPY.get(plain)
    if found is None:
        names = ", ".join(d.name for d in ALL)
        raise TypeError(
            f"no tensor dtype for NumPy dtype `{array_dtype}`; convert it to one of"
            f" {names}"
        )
    return found


def promote_dtypes(a: DType, b: DType) -> DType:
    """The smallest dtype that holds both, as `torch.promote_types`."""
    if a is b:
        return a
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high is complex64 and low is float64:
            return complex128
        return high
    if {a, b} == {float16, bfloat16}:
        return float32
    if a.itemsize != b.itemsize:
        return a if a.itemsize > b.itemsize else b
    return int16  # only uint8 and int8 differ within one size and category

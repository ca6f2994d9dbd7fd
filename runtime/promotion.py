"""The dtype of a result, by torch's rules for operands of different dtypes.

Operands fall into three ranks: tensors with dimensions, 0-dim tensors, Python numbers.
A lower rank changes the result only where its category (bool, integer, floating,
complex) is higher: `float32[3] * 2.5` stays float32, `int64[3] * 2.5` is the default
floating dtype. As c10's `result_type`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, COMPLEX, FLOATING, DType, dtype_of, promote_dtypes
from jit.runtime import conditions

_DIMENSIONED, _ZERO_DIM, _NUMBER = range(3)

_default = dtypes.float32
conditions.note("dtype", dtypes.ALL.index(_default))


def get_default_dtype() -> DType:
    """The dtype of tensors made from Python floats."""
    return _default


def set_default_dtype(dtype: DType) -> None:
    """Choose the dtype of tensors made from Python floats; TypeError if not floating."""
    global _default
    if not isinstance(dtype, DType) or dtype.category != FLOATING:
        raise TypeError(
            "only floating-point types are supported as the default type, not"
            f" `{dtype}`"
        )
    _default = dtype
    _results.clear()
    conditions.note("dtype", dtypes.ALL.index(dtype))


def default_complex_dtype() -> DType:
    """The dtype of tensors made from Python complex numbers."""
    return to_complex(_default)


def to_complex(dtype: DType) -> DType:
    """The complex dtype whose parts hold a floating one."""
    return dtypes.complex128 if dtype is dtypes.float64 else dtypes.complex64


def to_floating(dtype: DType) -> DType:
    """`dtype`, or the default floating dtype where it is bool or an integer.

    What `mean`-like and transcendental functions compute in.
    """
    return dtype if dtype.category >= FLOATING else _default


def dtype_of_number(value: Any) -> DType:
    """The dtype of a tensor made from a Python number."""
    if isinstance(value, bool):
        return dtypes.bool_
    if isinstance(value, int):
        return dtypes.int64
    if isinstance(value, float):
        return _default
    if isinstance(value, complex):
        return default_complex_dtype()
    raise TypeError(f"`{type(value).__name__}` is not a number")


_results: dict[tuple[Any, ...], DType] = {}


def result_dtype(*operands: Any) -> DType:
    """The dtype of an elementwise result of arrays and Python numbers.

    0-dim arrays and NumPy scalars count as 0-dim tensors.
    """
    key = tuple(
        (x.dtype, x.ndim == 0) if isinstance(x, np.ndarray | np.generic) else type(x)
        for x in operands
    )
    found = _results.get(key)
    if found is None:
        found = _results[key] = _promote(operands)
    return found


def _promote(operands: tuple[Any, ...]) -> DType:
    ranks: list[DType | None] = [None, None, None]
    for x in operands:
        if isinstance(x, np.ndarray | np.generic):
            rank = _DIMENSIONED if x.ndim else _ZERO_DIM
            dtype = dtype_of(x.dtype)
        else:
            rank, dtype = _NUMBER, dtype_of_number(x)
        known = ranks[rank]
        ranks[rank] = dtype if known is None else promote_dtypes(known, dtype)
    lower = _combine(ranks[_ZERO_DIM], ranks[_NUMBER])
    result = _combine(ranks[_DIMENSIONED], lower)
    if result is None:
        raise TypeError("a result dtype needs at least one operand")
    return result


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    """The dtype of operands of two ranks."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    if higher.category == COMPLEX:
        return higher
    if higher.category == FLOATING:
        return to_complex(higher) if lower.category == COMPLEX else higher
    if higher.category == BOOL or lower.category >= FLOATING:
        return promote_dtypes(higher, lower)
    return higher


def can_cast(source: DType, target: DType) -> bool:
    """Whether torch lets an in-place result of one dtype be stored in another."""
    return source.category <= target.category

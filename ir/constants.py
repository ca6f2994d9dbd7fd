"""Python values and `prim::Constant` nodes."""

from __future__ import annotations

from builtins import type as builtins_type
from types import NoneType
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType, dtype_of
from jit.ir.graph import NOT_CONSTANT, Node, Value


class NotConstantError(TypeError):
    """A Python value that no `prim::Constant` can hold."""


def type_of_constant(value: Any) -> T.Type:
    """The type of a Python value as a constant.

    Arrays are Tensor constants; pass `ArrayType` explicitly where NumPy rules are meant.
    Raises NotConstantError for values that are no constants.
    """
    match value:
        case None:
            return T.NONE
        case bool():
            return T.BOOL
        case int():
            return T.INT
        case float():
            return T.FLOAT
        case complex():
            return T.COMPLEX
        case str():
            return T.STR
        case DType():
            return T.DTYPE
        case np.ndarray() | np.generic():
            return T.TensorType(dtype_of(value.dtype), tuple(value.shape))
        case tuple():
            return T.TupleType(tuple(type_of_constant(v) for v in value))
    raise NotConstantError(f"`{type(value).__name__}` cannot be a constant")


def make_constant(value: Any, type: T.Type | None = None) -> Node:
    """A `prim::Constant` node that stands nowhere yet.

    Arrays are copied and made read-only.
    """
    node = Node("prim::Constant")
    if isinstance(value, np.generic):
        value = np.asarray(value)
    result = type if type is not None else type_of_constant(value)
    if isinstance(value, np.ndarray):
        if value.flags.writeable or not value.dtype.isnative:
            # machine code compares objects of dtypes
            value = value.astype(dtype_of(value.dtype).numpy)
            value.setflags(write=False)
    elif isinstance(value, list):
        raise NotConstantError("lists can change: build them with prim::ListConstruct")
    if value is not None:
        node.attributes["value"] = value
    node.add_output(result)
    return node


INT_RANGE = range(-(2**63), 2**63)
"""What an `int` of a program can be."""


def constant_fits(value: Any, type: T.Type) -> bool:
    """Whether a Python value, as a constant, is a value of a type."""
    match type:
        case T.OptionalType(element):
            return value is None or constant_fits(value, element)
        case T.UnionType(members):
            return any(constant_fits(value, m) for m in members)
        case T.TupleType() | T.NamedTupleType():
            elements = type.elements
            return (
                isinstance(value, tuple)
                and len(value) == len(elements)
                and all(map(constant_fits, value, elements))
            )
        case T.EnumType(_, _, members):
            plain = isinstance(value, int | float | str)
            return plain and any(value in (n, v) for n, v in members)
        case T.TensorType(dtype, sizes) | T.ArrayType(dtype, sizes):
            return isinstance(value, np.ndarray) and _array_fits(value, dtype, sizes)
        case T.SimpleType("Any"):
            return not isinstance(value, list)
        case T.SimpleType(name):
            if isinstance(value, int) and value not in INT_RANGE:
                return False
            return builtins_type(value) in _PYTHON_TYPES.get(name, ())
    return False


_PYTHON_TYPES: dict[str, tuple[builtins_type, ...]] = {
    "NoneType": (NoneType,),
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "complex": (complex,),
    "str": (str,),
    "Scalar": (bool, int, float, complex),
    "ScalarType": (DType,),
    "Device": (str,),
    "Layout": (int,),
    "MemoryFormat": (int,),
}


def _array_fits(
    array: np.ndarray[Any, Any], dtype: DType | None, sizes: T.Sizes | None
) -> bool:
    if dtype is not None and array.dtype != dtype.numpy:
        return False
    if sizes is None:
        return True
    return len(sizes) == array.ndim and all(
        n is None or n == m for n, m in zip(sizes, array.shape, strict=True)
    )


def constant_values(values: list[Value]) -> list[Any] | None:
    """The Python values of constants; None if one of them is not constant."""
    found = [v.constant for v in values]
    return None if any(v is NOT_CONSTANT for v in found) else found


_FIRST = 64


def _same_bytes(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays of one dtype and shape hold the same bytes; the first ones tell
    most of those that differ, without a look at the rest."""
    x, y = (np.ascontiguousarray(v).reshape(-1).view(np.uint8) for v in (a, b))
    return np.array_equal(x[:_FIRST], y[:_FIRST]) and np.array_equal(x, y)


def same_constant(a: Any, b: Any) -> bool:
    """Whether two constants are the same to the bit: 0.0 and -0.0 are not, nan is."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a is b or (
            a.dtype == b.dtype and a.shape == b.shape and _same_bytes(a, b)
        )
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same_constant, a, b))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    return bool(a == b)

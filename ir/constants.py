"""Python values and `prim::Constant` nodes."""

from __future__ import annotations

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
        if value.flags.writeable:
            value = value.copy()
            value.setflags(write=False)
    elif isinstance(value, list):
        raise NotConstantError("lists can change: build them with prim::ListConstruct")
    if value is not None:
        node.attributes["value"] = value
    node.add_output(result)
    return node


def constant_values(values: list[Value]) -> list[Any] | None:
    """The Python values of constants; None if one of them is not constant."""
    found = [v.constant for v in values]
    return None if any(v is NOT_CONSTANT for v in found) else found


def same_constant(a: Any, b: Any) -> bool:
    """Whether two constants are the same to the bit: 0.0 and -0.0 are not, nan is."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
        )
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same_constant, a, b))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    return bool(a == b)

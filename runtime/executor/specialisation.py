"""What of its arguments a function is compiled for: dtype and rank of tensors.

Sizes stay open, so that a new size never compiles again. Numbers, strings and containers
count as what the function declares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import dtype_of
from jit.runtime.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Specialisation:
    """A function and the types it is compiled for.

    Printed form: `model.f(Float(*, *), int)`.
    """

    function: str
    types: tuple[T.Type, ...]
    names: tuple[str, ...] = field(default=(), compare=False)
    """The names of the arguments, if they are known."""

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.types))})"

    def difference(self, other: Specialisation) -> str:
        """Why code for `other` cannot be used for this one."""
        if self.function != other.function:
            return f"it is another function: {other.function}"
        reasons = [
            f"argument {i} is `{mine}`, not `{theirs}`"
            for i, (mine, theirs) in enumerate(
                zip(self.types, other.types, strict=True)
            )
            if mine != theirs
        ]
        return "; ".join(reasons) or "it is the same"


def key_of(args: Sequence[Any]) -> tuple[Any, ...]:
    """What must be equal for two calls to share code; fast, and not for people."""
    return tuple(map(_part, args))


def _part(value: Any) -> Any:
    if isinstance(value, Tensor):
        array = value.array
        return array.dtype, array.ndim
    if isinstance(value, np.ndarray | np.generic):
        return "array", value.dtype, value.ndim
    if isinstance(value, tuple):
        return tuple(map(_part, value))
    return value is None


def type_of_argument(value: Any, declared: T.Type) -> T.Type:
    """The declared type of an argument, refined by the value that is given."""
    match declared:
        case T.TensorType() if isinstance(value, Tensor):
            return _refined(T.TensorType, value.array.dtype, value.array.ndim)
        case T.ArrayType() if isinstance(value, np.ndarray | np.generic):
            return _refined(T.ArrayType, value.dtype, value.ndim)
        case T.OptionalType(element):
            return T.NONE if value is None else type_of_argument(value, element)
        case T.TupleType(elements):
            parts = zip(value, elements, strict=True)
            return T.TupleType(tuple(type_of_argument(v, t) for v, t in parts))
        case T.NamedTupleType(name, fields):
            parts_named = zip(value, fields, strict=True)
            return T.NamedTupleType(
                name, tuple((n, type_of_argument(v, t)) for v, (n, t) in parts_named)
            )
    return declared


@cache
def _refined(kind: Any, dtype: Any, rank: int) -> T.Type:
    made: T.Type = kind(dtype_of(dtype), (None,) * rank)
    return made

"""What the constants of a graph are while the program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.graph import Node
from jit.runtime.device import Device
from jit.runtime.enums import member_of
from jit.runtime.program_values import FunctionReference
from jit.runtime.tensor import wrap


def runtime_constant(node: Node) -> Any:
    """The value of a constant while the program runs."""
    if "name" in node.attributes:
        return FunctionReference(node.attributes["name"])
    return _convert_constant(node.attributes.get("value"), node.output.type)


def _convert_constant(value: Any, type: T.Type) -> Any:
    if isinstance(type, T.OptionalType):
        type = type.element
    if isinstance(type, T.EnumType) and value is not None:
        return member_of(type, value)
    if isinstance(value, np.ndarray):
        return value if isinstance(type, T.ArrayType) else wrap(value)
    if isinstance(value, tuple):
        types = T.tuple_elements(type) or (T.ANY,) * len(value)
        return tuple(map(_convert_constant, value, types))
    if type == T.DEVICE and isinstance(value, str):
        return Device(value)
    # the text of a program writes True as 1, and whole floats as ints
    plain = _PLAIN.get(type)
    return value if plain is None or value is None else plain(value)


_PLAIN: dict[T.Type, Callable[[Any], Any]] = {
    T.BOOL: bool,
    T.FLOAT: float,
    T.COMPLEX: complex,
}


_MANY = 1000
"""Numbers of a constant that is not spelled out."""


def short_text(value: Any) -> str:
    """A constant in a listing: at most one short line."""
    array = getattr(value, "array", value)
    if isinstance(array, np.ndarray) and array.size > _MANY:
        # nobody reads the first of many numbers, and their format depends on all
        return f"{array.dtype.name}{list(array.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:39]}…"

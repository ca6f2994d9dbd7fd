"""Python classes for the named tuples and enums of a program that was loaded.

The program's types say all about them, so nothing of the source is needed; equal types
give the same class, in whichever archive they stand.
"""

from __future__ import annotations

import enum
from collections import namedtuple
from functools import lru_cache
from typing import Any

from jit.ir import types as T


@lru_cache(maxsize=1024)
def named_tuple_class(type: T.NamedTupleType) -> Any:
    """The class of a named tuple type; ValueError for fields that no class can have."""
    short = type.name.rpartition(".")[2]
    return namedtuple(short, [name for name, _ in type.fields])  # noqa: PYI024


@lru_cache(maxsize=1024)
def enum_class(type: T.EnumType) -> Any:
    """The class of an enum type; ValueError for members that no class can have."""
    short = type.name.rpartition(".")[2]
    try:
        made = enum.Enum(short, list(type.members))  # type: ignore[misc]
    except TypeError as error:
        raise ValueError(str(error)) from error
    return made


def fits_enum(value: Any, type: T.EnumType) -> bool:
    """Whether a value is a member of an enum with these members."""
    if not isinstance(value, enum.Enum):
        return False
    members = value.__class__.__members__.items()
    return tuple((name, m.value) for name, m in members) == type.members

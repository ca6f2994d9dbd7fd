"""Python classes for the enums of a program that was loaded.

The program's types say all about them, so nothing of the source is needed; equal types
give the same class, in whichever archive they stand.
"""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Any

from jit.ir import types as T


@lru_cache(maxsize=1024)
def enum_class(type: T.EnumType) -> Any:
    """The class of an enum type; ValueError for members that no class can have."""
    try:
        made = enum.Enum(_title(type), list(type.members))  # type: ignore[misc]
    except TypeError as error:
        raise ValueError(str(error)) from error
    return made


def fits_enum(value: Any, type: T.EnumType) -> bool:
    """Whether a value is a member of an enum with this name and these members."""
    if not isinstance(value, enum.Enum):
        return False
    cls = value.__class__
    members = tuple((name, m.value) for name, m in cls.__members__.items())
    return cls.__name__ == _title(type) and members == type.members


def _title(type: T.EnumType) -> str:
    """The name of the class without its module."""
    return type.name.rpartition(".")[2]

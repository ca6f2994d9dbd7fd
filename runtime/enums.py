"""Python classes for the enums of programs.

The type of an enum says all about it, so nothing of the source is needed: the class is
the user's own where that is known, else one that is made; equal types give the same.
"""

from __future__ import annotations

import enum
import weakref
from functools import lru_cache
from typing import Any

from jit.ir import types as T
from jit.runtime.python_classes import name_of

_known: weakref.WeakValueDictionary[T.EnumType, Any] = weakref.WeakValueDictionary()
"""The user's own classes."""


def enum_type(cls: Any) -> T.EnumType | None:
    """The type of an enum whose values are all ints, floats or strs; else None."""
    members = tuple((name, m.value) for name, m in cls.__members__.items())
    kinds = {type(value) for _, value in members}
    if len(kinds) != 1 or not kinds <= _VALUES.keys():
        return None
    made = T.EnumType(name_of(cls), _VALUES[kinds.pop()], members)
    _known[made] = cls
    return made


_VALUES: dict[type, T.Type] = {int: T.INT, float: T.FLOAT, str: T.STR}


def enum_class(type: T.EnumType) -> Any:
    """The class of an enum type; ValueError for members that no class can have."""
    found = _known.get(type)
    return _made(type) if found is None else found


@lru_cache(maxsize=1024)
def _made(type: T.EnumType) -> Any:
    try:
        made = enum.Enum(_title(type), list(type.members))  # type: ignore[misc]
    except TypeError as error:
        raise ValueError(str(error)) from error
    return made


def member_of(type: T.EnumType, text: Any) -> Any:
    """The member with a name, else with a value."""
    cls = enum_class(type)
    return cls[text] if text in cls.__members__ else cls(text)


def default_of(default: Any, type: T.Type) -> Any:
    """The default of an argument: that of an enum is kept as the name of a member."""
    base = type.element if isinstance(type, T.OptionalType) else type
    if isinstance(base, T.EnumType) and isinstance(default, str):
        return member_of(base, default)
    return default


def fits_enum(value: Any, type: T.EnumType) -> bool:
    """Whether a value is a member of an enum with this name and these members."""
    if not isinstance(value, enum.Enum):
        return False
    cls = value.__class__
    members = tuple((name, m.value) for name, m in cls.__members__.items())
    return members == type.members and _title(type) in (
        cls.__name__,
        name_of(cls).rpartition(".")[2],
    )


def _title(type: T.EnumType) -> str:
    """The name of the class without its module."""
    return type.name.rpartition(".")[2]

"""Instances of the class and module types of a program."""

from __future__ import annotations

from typing import Any

from jit.ir import types as T

_one_of: dict[T.ClassType | T.ModuleType, T.ClassType | T.ModuleType] = {}
"""Of equal types all objects have the same one: machine code compares addresses."""


class Object:
    """What `prim::CreateObject` makes: a type of a program, and slots by name.

    Slots are read and written by `prim::GetAttr` and `prim::SetAttr`; methods are
    functions of the program, found through the type.
    """

    __slots__ = ("__weakref__", "slots", "type")

    def __init__(
        self, type: T.ClassType | T.ModuleType, slots: dict[str, Any] | None = None
    ) -> None:
        self.type = _one_of.setdefault(type, type)
        self.slots: dict[str, Any] = {} if slots is None else slots

    def __repr__(self) -> str:
        slots = ", ".join(f"{name}={value!r}" for name, value in self.slots.items())
        return f"{self.type.name}({slots})"

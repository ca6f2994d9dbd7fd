"""Is a value in a module's slot of the type that the program declares?"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType, dtype_of
from jit.ir.program import ClassDefinition, Program
from jit.ir.subtyping import is_subtype
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.enums import fits_enum
from jit.runtime.objects import Object
from jit.runtime.program_values import FunctionReference
from jit.runtime.python_classes import slots_of, type_of_instance
from jit.runtime.tensor import Tensor

_CLASSES: dict[T.Type, tuple[type, ...]] = {
    T.INT: (int,),
    T.FLOAT: (float,),
    T.BOOL: (bool,),
    T.STR: (str,),
    T.COMPLEX: (complex,),
    T.NONE: (type(None),),
    T.NUMBER: (bool, int, float, complex),
    T.DTYPE: (DType,),
    T.DEVICE: (Device,),
    T.LAYOUT: (Layout,),
    T.MEMORY_FORMAT: (MemoryFormat,),
}
"""The classes of the values of types without parts; a bool is no int."""

_LONGEST_PATH = 200
"""Characters; a chain of ten thousand objects must not take their square."""


Place = tuple[Any, T.Type, str]
"""A value, the type that it should have, and the way to it, for messages."""


class Conformity:
    """Compares values with types; what was compared once is not compared again.

    Values may hold themselves and may be chains of any length, so this does not recurse.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._done: dict[tuple[int, T.Type], Any] = {}
        """By identity and type; the value is kept, so that its identity stays taken."""

    def problem(self, value: Any, type: T.Type, path: str) -> str | None:
        """What is wrong with `value` where `type` is declared; None if nothing is."""
        pending: list[Place] = [(value, type, path)]
        while pending:
            found = self._check(pending.pop(), pending)
            if found is not None:
                return found
        return None

    def _check(self, place: Place, pending: list[Place]) -> str | None:
        """Check the outside of a value; what it holds is put on `pending`."""
        value, type, path = place
        if isinstance(type, T.OptionalType):
            if value is None:
                return None
            type = type.element
        of = type_of_instance(value)
        if of is not None or isinstance(value, list | dict | set):
            key = (id(value), type)
            if key in self._done:
                return None
            self._done[key] = value
        if isinstance(type, T.UnionType):
            return self._check_union(value, type, path, pending)
        if not self._fits(value, type):
            return _wrong(value, type, path)
        if of is not None:
            definition = self.program.classes[of.name]
            return self._check_slots(value, definition, path, pending)
        inner = [(v, t, _join(path, step)) for v, t, step in _parts(value, type)]
        pending += reversed(inner)
        return None

    def _check_union(
        self, value: Any, type: T.UnionType, path: str, pending: list[Place]
    ) -> str | None:
        fitting = [m for m in type.members if self._fits(value, m)]
        if len(fitting) == 1:
            pending.append((value, fitting[0], path))
            return None
        for member in fitting:
            known = len(self._done)
            if self.problem(value, member, path) is None:
                return None
            # what was assumed on the way to a failure does not count
            for key in list(self._done)[known:]:
                del self._done[key]
        return _wrong(value, type, path)

    def _check_slots(
        self,
        value: Any,
        definition: ClassDefinition,
        path: str,
        pending: list[Place],
    ) -> str | None:
        declared = definition.attributes
        slots = slots_of(value, declared)
        for name in sorted(slots.keys() ^ declared.keys()):
            where = "not in its class" if name in slots else "missing"
            return f"the attribute `{_join(path, '.' + name)}` is {where}"
        pending += [
            (slots[name], declared[name].type, _join(path, "." + name))
            for name in reversed(declared)
        ]
        return None

    def _fits(self, value: Any, type: T.Type) -> bool:
        """Whether the outside of a value is of a type; what it holds is not looked at."""
        if type in _CLASSES:
            if isinstance(value, bool):
                return bool in _CLASSES[type]
            return isinstance(value, _CLASSES[type])
        match type:
            case T.SimpleType("Any"):
                # an archive keeps these by the type that is declared for them
                named = hasattr(value, "_fields") or isinstance(value, enum.Enum)
                return not named and (
                    not isinstance(value, Object) or self._is_a(value.type, value.type)
                )
            case T.TensorType() | T.ArrayType():
                return _fits_tensor(value, type)
            case T.ListType():
                return value.__class__ is list
            case T.SetType():
                return value.__class__ is set
            case T.DictType():
                return value.__class__ is dict
            case T.NamedTupleType(_, fields):
                names = tuple(name for name, _ in fields)
                return isinstance(value, tuple) and names == getattr(
                    value, "_fields", None
                )
            case T.TupleType(elements):
                return isinstance(value, tuple) and len(value) == len(elements)
            case T.EnumType():
                return fits_enum(value, type)
            case T.FunctionType(name):
                known = name in self.program.functions
                return known and value == FunctionReference(name)
            case T.OptionalType(element):
                return value is None or self._fits(value, element)
            case T.UnionType(members):
                return any(self._fits(value, m) for m in members)
            case T.ClassType() | T.ModuleType() | T.InterfaceType():
                of = type_of_instance(value)
                return of is not None and self._is_a(of, type)
        return False

    def _is_a(self, actual: Any, type: Any) -> bool:
        """Whether a class of the program is another, derives from it or offers it."""
        definition = self.program.classes.get(actual.name)
        if definition is None or definition.type != actual:
            return False
        if isinstance(type, T.InterfaceType):
            wanted = self.program.classes.get(type.name)
            return wanted is not None and set(wanted.methods) <= set(definition.methods)
        names = [actual.name]
        for name in names:
            if name == type.name:
                return True
            base = self.program.classes.get(name)
            if base is not None:
                names += [b for b in base.bases if b not in names]
        return False


def _parts(value: Any, type: T.Type) -> Iterator[tuple[Any, T.Type, str]]:
    """What a container holds, the types of it, and the steps to it."""
    if type == T.ANY:
        type = _open_type(value)
    match type:
        case T.ListType(element):
            yield from ((v, element, f"[{i}]") for i, v in enumerate(value))
        case T.SetType(element):
            yield from ((v, element, "{}") for v in value)
        case T.DictType(key, item):
            for k, v in value.items():
                yield k, key, ".keys()"
                yield v, item, f"[{key_text(k)}]"
        case T.NamedTupleType(_, fields):
            for v, (name, t) in zip(value, fields, strict=True):
                yield v, t, f".{name}"
        case T.TupleType(elements):
            for i, (v, t) in enumerate(zip(value, elements, strict=True)):
                yield v, t, f"[{i}]"


def _open_type(value: Any) -> T.Type:
    """The type of a container of which nothing is declared."""
    match value:
        case list():
            return T.ListType(T.ANY)
        case set():
            return T.SetType(T.ANY)
        case dict():
            return T.DictType(T.ANY, T.ANY)
        case tuple():
            return T.TupleType((T.ANY,) * len(value))
    return T.ANY


def key_text(key: Any) -> str:
    """A key in a message; Python refuses to write out the longest integers."""
    if isinstance(key, int) and key.bit_length() > 64:
        return f"<an int of {key.bit_length()} bits>"
    return repr(key)[:40] if isinstance(key, bool | int | float | str) else "…"


def _join(path: str, step: str) -> str:
    joined = path + step
    return joined if len(joined) <= _LONGEST_PATH else "…" + joined[-_LONGEST_PATH:]


def _fits_tensor(value: Any, type: T.TensorType | T.ArrayType) -> bool:
    if isinstance(type, T.TensorType):
        if not isinstance(value, Tensor):
            return False
        value = value.array
    elif not isinstance(value, np.ndarray | np.generic):
        return False
    if type.dtype is None and type.sizes is None:
        return True
    try:
        dtype = dtype_of(value.dtype)
    except TypeError:
        return False
    return is_subtype(type.__class__(dtype, value.shape), type)


def _wrong(value: Any, type: T.Type, path: str) -> str:
    actual = type_of_instance(value) or value.__class__.__name__
    return f"`{path}` is declared as `{type}` and holds `{actual}`"

"""Values inside of a running program: which types they have, and how they come in.

Tensors are `Tensor`, Arrays are NumPy arrays, lists and dicts are Python's own. This
module answers `isinstance` for the types of the IR and converts what a caller gives to
what a function declares.
"""

from __future__ import annotations

import enum
import weakref
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType, dtype_of
from jit.ir.program import Program
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.enums import enum_type, fits_enum
from jit.runtime.futures import Future
from jit.runtime.objects import Object
from jit.runtime.python_classes import implements, is_instance_of, known_name
from jit.runtime.random import Generator
from jit.runtime.tensor import Tensor, wrap

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function of a program as a value."""

    name: str


_named_tuples: dict[tuple[str, tuple[str, ...]], Callable[..., Any]] = {}


_users_own: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()


def named_tuple_class(type: T.NamedTupleType) -> Callable[..., Any]:
    """The class of the values of a named tuple type: the user's own if it is known."""
    key = type.name, tuple(name for name, _ in type.fields)
    found = _users_own.get(key) or _named_tuples.get(key)
    if found is None:
        title = type.name.rpartition(".")[2]
        found = _named_tuples[key] = namedtuple(title, key[1])
    return found


def register_named_tuple(type: T.NamedTupleType, cls: Callable[..., Any]) -> None:
    """Let programs of this process build the user's own class for a type."""
    _users_own[type.name, tuple(name for name, _ in type.fields)] = cls


_CLASSES: dict[str, type | tuple[type, ...]] = {
    "float": float,
    "bool": bool,
    "str": str,
    "complex": complex,
    "NoneType": type(None),
    "Device": Device,
    "ScalarType": DType,
    "Layout": Layout,
    "MemoryFormat": MemoryFormat,
    "Generator": Generator,
    "Scalar": (bool, int, float, complex),
    "Exception": Exception,
    "Any": object,
}


def is_instance(value: Any, type: T.Type, program: Program | None = None) -> bool:
    """Whether a value is of a type as it is, without conversion.

    Elements of containers are looked at, as `torch.jit.isinstance` does.
    """
    match type:
        case T.SimpleType("int"):
            return isinstance(value, int) and not isinstance(value, bool)
        case T.SimpleType(name):
            return isinstance(value, _CLASSES[name])
        case T.TensorType():
            return isinstance(value, Tensor) and _fits(value.array, type)
        case T.ArrayType():
            return isinstance(value, np.ndarray | np.generic) and _fits(value, type)
        case T.OptionalType(element):
            return value is None or is_instance(value, element, program)
        case T.UnionType(members):
            return any(is_instance(value, m, program) for m in members)
        case T.ListType(element):
            return isinstance(value, list) and all(
                is_instance(v, element, program) for v in value
            )
        case T.SetType(element):
            return isinstance(value, set) and all(
                is_instance(v, element, program) for v in value
            )
        case T.DictType(key, element):
            return isinstance(value, dict) and all(
                is_instance(k, key, program) and is_instance(v, element, program)
                for k, v in value.items()
            )
        case T.TupleType(elements):
            return isinstance(value, tuple) and _all_are(value, elements, program)
        case T.NamedTupleType(_, fields):
            names = tuple(name for name, _ in fields)
            return getattr(value, "_fields", None) == names and _all_are(
                value, type.elements, program
            )
        case T.ClassType(name) if not isinstance(value, Object):
            known = program is None or known_name(value.__class__) in program.classes
            return known and is_instance_of(value, name)
        case T.InterfaceType(name) if not isinstance(value, Object):
            return implements(value.__class__, name, program)
        case T.ClassType(name) | T.ModuleType(name) | T.InterfaceType(name):
            return isinstance(value, Object) and _is_class(value.type, name, program)
        case T.FutureType():
            return isinstance(value, Future)
        case T.FunctionType(name):
            return isinstance(value, FunctionReference) and value.name == name
        case T.EnumType():
            return fits_enum(value, type)
    return False


def _fits(array: Any, type: T.TensorType | T.ArrayType) -> bool:
    if type.dtype is not None and dtype_of(array.dtype) is not type.dtype:
        return False
    if type.sizes is None:
        return True
    return len(type.sizes) == array.ndim and all(
        wanted is None or wanted == size
        for wanted, size in zip(type.sizes, array.shape, strict=True)
    )


def _all_are(
    values: tuple[Any, ...], types: tuple[T.Type, ...], program: Program | None
) -> bool:
    return len(values) == len(types) and all(
        is_instance(v, t, program) for v, t in zip(values, types, strict=True)
    )


def _is_class(actual: T.Type, name: str, program: Program | None) -> bool:
    actual_name: str = actual.name  # type: ignore[attr-defined]
    if actual_name == name:
        return True
    if program is None or actual_name not in program.classes:
        return False
    definition = program.classes[actual_name]
    wanted = program.classes.get(name)
    if wanted is not None and wanted.kind == "interface":
        return set(wanted.methods) <= set(definition.methods)
    return any(
        base == name
        or (
            base in program.classes
            and _is_class(program.classes[base].type, name, program)
        )
        for base in definition.bases
    )


class RefusedError(TypeError):
    """A value that cannot be given for a type; the message names both."""

    def __init__(self, value: Any, wanted: T.Type) -> None:
        self.value = value
        self.wanted = wanted
        self.argument = ""
        """The name of the argument that it was given for, if known."""

    def __str__(self) -> str:
        place = f" for argument '{self.argument}'" if self.argument else ""
        wanted = self.wanted
        if isinstance(wanted, T.ClassType) and is_instance_of(self.value, wanted.name):
            title = type(self.value).__qualname__
            return (
                f"The class '{title}'{place} was derived after this was compiled:"
                " script it again"
            )
        return (
            f"Expected a value of type '{self.wanted}'{place} but instead found type"
            f" '{describe(self.value)}'"
        )


def convert(value: Any, type: T.Type, program: Program | None = None) -> Any:
    """A value from outside as a function declares it.

    Lists become new lists of converted elements, tuples become lists where lists are
    wanted, an int becomes a float, arrays and numbers become Tensors, Tensors become
    arrays. Raises RefusedError for other values.
    """
    converted = _convert(value, type, program)
    if converted is _REFUSED:
        raise RefusedError(value, type)
    return converted


_REFUSED: Any = object()


def _convert(value: Any, type: T.Type, program: Program | None) -> Any:
    match type:
        case T.SimpleType(name):
            return _convert_simple(value, name)
        case T.TensorType():
            return _convert_tensor(value, type)
        case T.ArrayType():
            array = value.array if isinstance(value, Tensor) else value
            return array if is_instance(array, type) else _REFUSED
        case T.OptionalType(element):
            return None if value is None else _convert(value, element, program)
        case T.UnionType(members):
            return _convert_union(value, members, program)
        case T.ListType(element):
            if not isinstance(value, list | tuple):
                return _REFUSED
            return _each(value, (element,) * len(value), list, program)
        case T.SetType(element):
            if not isinstance(value, set | frozenset):
                return _REFUSED
            return _each(tuple(value), (element,) * len(value), set, program)
        case T.DictType(key, element):
            return _convert_dict(value, key, element, program)
        case T.TupleType(elements):
            if not isinstance(value, tuple | list) or len(value) != len(elements):
                return _REFUSED
            return _each(value, elements, tuple, program)
        case T.NamedTupleType():
            if not isinstance(value, tuple) or len(value) != len(type.elements):
                return _REFUSED
            make = named_tuple_class(type)
            return _each(value, type.elements, lambda items: make(*items), program)
        case T.ClassType() | T.ModuleType() | T.InterfaceType():
            # what stands for an instance outside of programs, such as a ScriptModule
            value = getattr(value, "__script_object__", value)
    return value if is_instance(value, type, program) else _REFUSED


_EXACT: dict[T.Type, type] = {T.INT: int, T.FLOAT: float, T.BOOL: bool, T.STR: str}


def checked(value: Any, type: T.Type, name: str, owner: Any) -> Any:
    """What Python keeps as an attribute of an instance, as the class declares it.

    Raises TypeError for other values; elements of containers are not looked at.
    """
    if value.__class__ is _EXACT.get(type):
        return value
    inner = type.element if isinstance(type, T.OptionalType) else type
    if value is None and inner is not type:
        return value
    container = _CONTAINERS.get(inner.__class__)
    if container is not None:
        fits = isinstance(value, container)
        converted = value if fits else _REFUSED
    else:
        converted = _convert(value, inner, None)
    if converted is _REFUSED:
        raise TypeError(
            f"'{name}' of '{owner.__class__.__qualname__}' is declared as '{type}' and"
            f" holds '{describe(value)}'"
        )
    return converted


_CONTAINERS: dict[type, type] = {
    T.ListType: list,
    T.DictType: dict,
    T.SetType: set,
    T.TupleType: tuple,
    T.NamedTupleType: tuple,
}


def _convert_simple(value: Any, name: str) -> Any:
    if isinstance(value, np.generic) and name in ("int", "float", "bool", "complex"):
        value = value.item()
    if name == "int" and isinstance(value, int) and not isinstance(value, bool):
        if not INT_MIN <= value <= INT_MAX:
            raise OverflowError(f"{value} does not fit into an int of 64 bits")
        return value
    if name in ("float", "complex") and isinstance(value, int | float):
        if isinstance(value, bool):
            return _REFUSED
        return float(value) if name == "float" else complex(value)
    if name == "Device" and isinstance(value, str):
        return Device(value)
    return value if is_instance(value, T.SIMPLE[name]) else _REFUSED


def _convert_tensor(value: Any, type: T.TensorType) -> Any:
    if isinstance(value, np.ndarray):
        value = wrap(value)
    elif isinstance(value, np.generic):
        value = wrap(np.asarray(value))
    return value if is_instance(value, type) else _REFUSED


def _convert_union(value: Any, members: tuple[T.Type, ...], program: Any) -> Any:
    for member in members:
        if is_instance(value, member, program):
            return _convert(value, member, program)
    for member in members:
        converted = _convert(value, member, program)
        if converted is not _REFUSED:
            return converted
    return _REFUSED


def _convert_dict(value: Any, key: T.Type, element: T.Type, program: Any) -> Any:
    if not isinstance(value, dict):
        return _REFUSED
    made = {}
    for k, v in value.items():
        new_key, new_value = _convert(k, key, program), _convert(v, element, program)
        if new_key is _REFUSED or new_value is _REFUSED:
            return _REFUSED
        made[new_key] = new_value
    return made


def _each(
    values: Any, types: tuple[T.Type, ...], make: Callable[..., Any], program: Any
) -> Any:
    made = [_convert(v, t, program) for v, t in zip(values, types, strict=True)]
    return _REFUSED if any(v is _REFUSED for v in made) else make(made)


def type_of(value: Any) -> T.Type:
    """The type of a value, as narrow as it is known: dtype and rank of tensors.

    Raises TypeError for values that no program takes.
    """
    found = _plain_types().get(type(value))
    if found is not None:
        return found
    match value:
        case Tensor():
            array = value.array
            return T.TensorType(dtype_of(array.dtype), (None,) * array.ndim)
        case np.ndarray() | np.generic():
            return T.ArrayType(dtype_of(value.dtype), (None,) * value.ndim)
        case Object():
            return value.type
        case tuple():
            return T.TupleType(tuple(type_of(v) for v in value))
        case list():
            return T.ListType(_common(value))
        case set() | frozenset():
            return T.SetType(_common(value))
        case dict():
            return T.DictType(_common(value), _common(value.values()))
        case FunctionReference(name):
            return T.FunctionType(name)
    of_enum = enum_type(type(value)) if isinstance(value, enum.Enum) else None
    if of_enum is not None:
        return of_enum
    known = known_name(type(value))
    if known is not None:
        return T.ClassType(known)
    raise TypeError(f"no program takes a value of type `{type(value).__name__}`")


def _common(values: Any) -> T.Type:
    from jit.ir.unification import unify

    found: T.Type | None = None
    for value in values:
        here = type_of(value)
        found = here if found is None else unify(found, here) or T.ANY
    return T.TENSOR if found is None else found


@cache
def _plain_types() -> dict[type, T.Type]:
    return {
        bool: T.BOOL,
        int: T.INT,
        float: T.FLOAT,
        complex: T.COMPLEX,
        str: T.STR,
        type(None): T.NONE,
        DType: T.DTYPE,
        Device: T.DEVICE,
        Layout: T.LAYOUT,
        MemoryFormat: T.MEMORY_FORMAT,
        Generator: T.GENERATOR,
    }


def describe(value: Any) -> str:
    """The type of a value in a message: `int`, `List[int]`, `numpy.ndarray`."""
    if isinstance(value, Tensor):
        return "Tensor"
    try:
        return str(type_of(value))
    except TypeError:
        cls = type(value)
        return cls.__qualname__

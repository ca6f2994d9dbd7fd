"""Classes of Python: their names in programs, and the classes of instances.

An instance of a class of a program is an instance of the user's own Python class, and
its attributes are where Python keeps them: identity, sharing and changes are Python's.
Where the class is not to be had, as in a process that loads a program without its
source, a class is made that has the same name and attributes, a stand-in.

    name_of(P)              "model.P", which no other living class has
    class_of(definition)    P, or a stand-in
"""

from __future__ import annotations

import enum
import gc
import re
import weakref
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jit.ir import types as T
from jit.ir.program import ClassDefinition, Function, Program
from jit.ir.subtyping import ancestors, declare_bases
from jit.runtime.objects import Object

_PLAIN_NAME = re.compile(r"[^A-Za-z0-9_.]")

_names: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
_classes: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()


def qualified_name(obj: Any) -> str:
    """The name of a function or class in a program: `model.f`, without foreign
    characters."""
    full = f"{obj.__module__}.{obj.__qualname__}".replace("<locals>.", "")
    parts = [_PLAIN_NAME.sub("_", p) for p in full.split(".")]
    return ".".join(p if p and not p[0].isdigit() else f"_{p}" for p in parts)


def name_of(cls: type) -> str:
    """The name of a class, which it keeps and no other living class has."""
    found = _names.get(cls)
    if found is not None:
        return found
    name, number = qualified_name(cls), 0
    if _classes.get(name) is not None:
        gc.collect()  # a class that nobody has any more gives its name up
    while _classes.get(name) is not None:
        number += 1
        name = f"{qualified_name(cls)}_{number}"
    _names[cls], _classes[name] = name, cls
    return name


def known_name(cls: type) -> str | None:
    """The name of a class that programs know; None for others."""
    return _names.get(cls)


def class_named(name: str) -> type | None:
    """The user's class of a name; None if it is not known in this process."""
    return _classes.get(name)


def class_of(definition: ClassDefinition) -> type:
    """The Python class of the instances of a class: the user's own if it is known."""
    known: type | None = definition.python
    if known is None or issubclass(known, StandIn):
        known = class_named(definition.name) or known or _stand_in(definition)
        definition.python = known
    return known


adopters: list[Callable[[Program, type], None]] = []
"""What lets a program know classes whose instances are given for interfaces."""


def adopt(program: Program, cls: type) -> None:
    """Let a program know a class, and compile what interfaces ask of it."""
    for adopter in adopters:
        adopter(program, cls)


def implements(cls: type, interface: str, program: Program | None) -> bool:
    """Whether instances of a class have the methods of an interface."""
    name = _names.get(cls)
    if (name is None or interface not in ancestors(name)) and program is not None:
        adopt(program, cls)
        name = _names.get(cls)
    return name is not None and interface in ancestors(name)


def method_named(program: Program, instance: Any, method: str) -> str:
    """The function that a method of an instance is, found by its class."""
    if instance.__class__ is Object:
        return f"{instance.type.name}.{method}"
    cls = instance.__class__
    name = f"{_names.get(cls)}.{method}"
    if name not in program.functions:
        adopt(program, cls)
        name = f"{_names.get(cls)}.{method}"
    if name not in program.functions:
        raise TypeError(f"'{cls.__qualname__}' has no compiled method '{method}'")
    return name


def type_of_instance(value: Any) -> T.ClassType | T.ModuleType | None:
    """The type of an instance of a class or module; None for other values."""
    if isinstance(value, Object):
        return value.type
    found = _names.get(value.__class__)
    is_data = isinstance(value, tuple | enum.Enum)
    return None if found is None or is_data else T.ClassType(found)


def slots_of(value: Any, names: Collection[str]) -> dict[str, Any]:
    """What an instance holds: for one of a class, those of its attributes with names."""
    if isinstance(value, Object):
        return value.slots
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def set_slot(instance: Any, name: str, value: Any) -> None:
    """Let an instance hold a value, whatever its class says of assignments."""
    if instance.__class__ is Object:
        instance.slots[name] = value
    else:
        object.__setattr__(instance, name, value)


def is_instance_of(value: Any, name: str) -> bool:
    """Whether a value is an instance of a class with a name, or of one derived from it."""
    return any(_names.get(cls) == name for cls in type(value).__mro__)


class StandIn:
    """The base of classes that stand for those of a program without its source."""

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__qualname__}({held})"


def _stand_in(definition: ClassDefinition) -> type:
    """A class with the name of a definition."""
    module, _, title = definition.name.rpartition(".")
    made = type(title, (StandIn,), {"__module__": module or "jit"})
    _names[made] = definition.name
    return made


Run = Callable[[str, list[Any]], Any]
"""Runs a function of a program, by name."""


def bind_classes(program: Program, run: Run) -> None:
    """Give the classes of a loaded program their Python classes: the user's own where
    they are known, else stand-ins with the methods of the program."""
    for definition in program.classes.values():
        if definition.kind != "class":
            continue
        declare_bases(definition.name, definition.bases)
        cls: Any = class_of(definition)
        if not issubclass(cls, StandIn):
            continue
        methods = _methods(program, definition, run)
        if "__eq__" in methods:
            cls.__hash__ = None
        for name, method in methods.items():
            setattr(cls, name, method)


def _methods(
    program: Program, definition: ClassDefinition, run: Run
) -> Mapping[str, Any]:
    found: dict[str, list[Function]] = {}
    for name in definition.methods:
        function = program.functions[f"{definition.name}.{name}"]
        plain = _VERSION.sub("", name) if _VERSION.sub("", name) in found else name
        found.setdefault(plain, []).append(function)
    return {
        name: _method(name, versions, run)
        for name, versions in found.items()
        if name not in ("__init__", "__post_init__", "__new__")
    }


_VERSION = re.compile(r"_\d+$")
"""What tells further versions of a method from the first."""


def _method(name: str, versions: list[Function], run: Run) -> Any:
    """A method of a stand-in, which runs the version that takes the arguments."""
    from jit.runtime.program_values import is_instance

    def method(self: Any, *args: Any) -> Any:
        given = [self, *args]
        for function in versions:
            wanted = function.schema.arguments
            if len(given) == len(wanted) and all(
                is_instance(v, a.type) for v, a in zip(given, wanted, strict=True)
            ):
                return run(function.name, given)
        if name in _MAY_DECLINE:
            return NotImplemented
        return run(versions[0].name, given)

    method.__name__ = name
    method.__doc__ = versions[0].doc or None
    return method


_MAY_DECLINE = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
"""Comparisons, for which Python has an answer of its own."""

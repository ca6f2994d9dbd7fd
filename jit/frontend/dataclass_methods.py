"""The methods that `dataclasses` generates, as source that can be compiled.

Python makes them of text that it does not keep. The text made here says the same:

    @dataclass(order=True)          def __init__(self, x: x_type, y: y_type=y_default):
    class P:                            self.x = x
        x: int                 →        self.y = y
        y: float = 1.0              def __lt__(self, other: P_type): ...

A field whose default is made anew for each instance, or is no constant, is an argument
that the caller has to give: calls of the class fill it in.
"""

from __future__ import annotations

import dataclasses
import linecache
import sys
import types
import typing
import weakref
from collections.abc import Iterator
from typing import Any

from jit.frontend.annotations import HintError, type_of_hint
from jit.frontend.failures import fail
from jit.frontend.scope import Scope
from jit.ir import types as T
from jit.ir.constants import NotConstantError, type_of_constant
from jit.runtime.python_classes import name_of

_made: weakref.WeakKeyDictionary[type, dict[str, types.FunctionType]] = (
    weakref.WeakKeyDictionary()
)

COMPARISONS = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def is_generated(cls: type, name: str, found: Any) -> bool:
    """Whether a member of a class was made by `dataclasses`."""
    if "__dataclass_fields__" not in vars(cls) or name not in _MAKERS:
        return False
    wrapped = getattr(found, "__wrapped__", found)  # repr is guarded against recursion
    code = getattr(wrapped, "__code__", None)
    return code is not None and code.co_filename.startswith("<")


def generated(cls: type, name: str) -> types.FunctionType:
    """A generated method of a dataclass, as a function with source."""
    known = _made.setdefault(cls, {})
    if name not in known:
        known[name] = _define(cls, name)
    return known[name]


def is_frozen(cls: type) -> bool:
    """Whether the attributes of instances are never assigned."""
    parameters = getattr(cls, "__dataclass_params__", None)
    return bool(parameters is not None and parameters.frozen)


def init_fields(cls: type) -> list[dataclasses.Field[Any]]:
    """The fields that `__init__` takes, those that it only passes on included."""
    every: dict[str, Any] = cls.__dataclass_fields__  # type: ignore[attr-defined]
    return [f for f in every.values() if f.init and not _is_class_variable(f)]


def filled_fields(cls: type) -> list[dataclasses.Field[Any]]:
    """The fields whose defaults calls of the class fill in: if one of them is no
    constant, all of them, so that the order of the arguments stays."""
    found = [f for f in init_fields(cls) if _has_default(f)]
    constant = all(
        f.default is not dataclasses.MISSING and _is_constant(f.default) for f in found
    )
    return [] if constant else found


def dataclass_of(fn: Any) -> type | None:
    """The dataclass for which a method was generated."""
    found: weakref.ref[type] | None = getattr(fn, "_dataclass", None)
    return None if found is None else found()


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return not (field.default is field.default_factory is dataclasses.MISSING)


def _is_class_variable(field: dataclasses.Field[Any]) -> bool:
    return field._field_type is dataclasses._FIELD_CLASSVAR  # type: ignore[attr-defined]


def _is_passed_on(field: dataclasses.Field[Any]) -> bool:
    return field._field_type is dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]


def _is_constant(value: Any) -> bool:
    try:
        return not isinstance(type_of_constant(value), T.TensorType)
    except NotConstantError:
        return False


def _define(cls: type, name: str) -> types.FunctionType:
    lines, names = _MAKERS[name](cls)
    text = "\n".join(lines) + "\n"
    file = f"<dataclass {name_of(cls)}.{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    namespace: dict[str, Any] = {**names, "__name__": cls.__module__}
    exec(compile(text, file, "exec", dont_inherit=True), namespace)
    made = namespace[name]
    assert isinstance(made, types.FunctionType)
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    made.__module__ = cls.__module__
    made._dataclass = weakref.ref(cls)  # type: ignore[attr-defined]
    return made


Source = tuple[list[str], dict[str, Any]]
"""Lines, and the names that they use."""


def _init(cls: type) -> Source:
    names: dict[str, Any] = {}
    positional: list[str] = []
    keyword: list[str] = []
    filled = {f.name for f in filled_fields(cls)}
    for field in init_fields(cls):
        names[f"{field.name}_type"] = _type_of(cls, field)
        text = f"{field.name}: {field.name}_type"
        if field.default is not dataclasses.MISSING and field.name not in filled:
            names[f"{field.name}_default"] = field.default
            text += f"={field.name}_default"
        (keyword if field.kw_only else positional).append(text)
    parameters = ["self", *positional, *(["*", *keyword] if keyword else [])]
    lines = [f"def __init__({', '.join(parameters)}):", *_assignments(cls, names)]
    if hasattr(cls, "__post_init__"):
        every: dict[str, Any] = cls.__dataclass_fields__  # type: ignore[attr-defined]
        given = ", ".join(f.name for f in every.values() if _is_passed_on(f))
        lines.append(f"    self.__post_init__({given})")
    return [*lines, "    pass"] if len(lines) == 1 else lines, names


def _assignments(cls: type, names: dict[str, Any]) -> Iterator[str]:
    for field in dataclasses.fields(cls):
        names[f"{field.name}_type"] = _type_of(cls, field)
        target = f"    self.{field.name}: {field.name}_type"
        if field.init:
            yield f"{target} = {field.name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"{field.name}_factory"] = field.default_factory
            yield f"{target} = {field.name}_factory()"
        elif field.default is not dataclasses.MISSING:
            names[f"{field.name}_default"] = field.default
            yield f"{target} = {field.name}_default"


def _type_of(cls: type, field: dataclasses.Field[Any]) -> T.Type:
    hint = field.type
    if isinstance(hint, dataclasses.InitVar):
        hint = hint.type
    for owner in cls.__mro__:
        if field.name not in vars(owner).get("__annotations__", {}):
            continue
        module = sys.modules.get(owner.__module__, typing)
        names = {owner.__name__: owner, cls.__name__: cls}
        scope = Scope(names, vars(module))
        try:
            if isinstance(hint, str) and _is_passed_on(field):
                hint = hint.partition("[")[2].rpartition("]")[0]
            return type_of_hint(hint, scope)
        except HintError as error:
            raise fail(
                None,
                "E0308",
                f"the field `{field.name}` of `{cls.__name__}`: {error}",
                help=error.help or "annotate it with a type of compiled code",
            ) from None
    return type_of_hint(hint)


def _compared(cls: type) -> list[str]:
    return [f.name for f in dataclasses.fields(cls) if f.compare]


def _operand(cls: type) -> dict[str, Any]:
    return {"own_type": T.ClassType(name_of(cls))}


def _eq(cls: type) -> Source:
    parts = [f"self.{n} == other.{n}" for n in _compared(cls)]
    result = " and ".join(parts) or "True"
    lines = ["def __eq__(self, other: own_type) -> bool:", f"    return {result}"]
    return lines, {**_operand(cls), "bool": bool}


def _order(method: str) -> Any:
    def make(cls: type) -> Source:
        sign = COMPARISONS[method]
        lines = [f"def {method}(self, other: own_type) -> bool:"]
        for name in _compared(cls):
            lines.append(f"    if self.{name} != other.{name}:")
            lines.append(f"        return self.{name} {sign} other.{name}")
        lines.append(f"    return {'=' in sign}")
        return lines, {**_operand(cls), "bool": bool}

    return make


def _repr(cls: type) -> Source:
    fields = [f.name for f in dataclasses.fields(cls) if f.repr]
    inner = ", ".join(f"{n}={{self.{n}!r}}" for n in fields)
    lines = [
        "def __repr__(self) -> str:",
        f"    return f'{cls.__qualname__}({inner})'",
    ]
    return lines, {"str": str}


def _hash(cls: type) -> Source:
    hashed = [
        f.name
        for f in dataclasses.fields(cls)
        if (f.compare if f.hash is None else f.hash)
    ]
    inner = "".join(f"self.{n}, " for n in hashed)
    lines = ["def __hash__(self) -> int:", f"    return hash(({inner}))"]
    return lines, {"hash": hash, "int": int}


_MAKERS: dict[str, Any] = {
    "__init__": _init,
    "__eq__": _eq,
    "__repr__": _repr,
    "__hash__": _hash,
    **{name: _order(name) for name in COMPARISONS},
}

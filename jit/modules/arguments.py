"""From Python's arguments to the values of a compiled function, and back.

Arrays given for Tensor arguments are wrapped without a copy; if arrays and no Tensor
were given, Tensor results come back as arrays.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jit.frontend.annotations import is_script_class
from jit.frontend.named_tuples import hints_of, make_type, type_of_class
from jit.ir import types as T
from jit.ir.constants import type_of_constant
from jit.ir.dtypes import DType
from jit.ir.schema import Argument, FunctionSchema
from jit.ir.subtyping import is_subtype
from jit.ir.unification import unify
from jit.runtime import dispatch
from jit.runtime.device import Device
from jit.runtime.enums import default_of, enum_type
from jit.runtime.objects import Object
from jit.runtime.python_classes import name_of
from jit.runtime.tensor import Tensor, wrap
from jit.runtime.traced import Traced


def type_of_value(x: Any) -> T.Type:
    """The type as which a Python value enters a compiled function.

    Raises TypeError for values that no program takes, and for lists and dicts of
    elements that have no common type. An empty list is `Tensor[]`, as in TorchScript.
    """
    match x:
        case Tensor():
            return T.TENSOR
        case Traced():
            return x.type
        case np.ndarray() | np.generic():
            return T.ARRAY
        case enum.Enum():
            found = enum_type(type(x))
            if found is not None:
                return found
        case None | bool() | int() | float() | complex() | str() | DType():
            return type_of_constant(x)
        case Device():
            return T.DEVICE
        case Object():
            return x.type
        case list():
            return T.ListType(_common_type(x, "list") if x else T.TENSOR)
        case tuple() if hasattr(x, "_fields"):
            return _type_of_named_tuple(x)
        case tuple():
            return T.TupleType(tuple(type_of_value(v) for v in x))
        case dict() if x:
            key = _common_type(list(x), "keys of the dict")
            return T.DictType(key, _common_type(list(x.values()), "values of the dict"))
        case dict():
            return T.DictType(T.STR, T.TENSOR)
        case set():
            return T.SetType(_common_type(list(x), "set") if x else T.TENSOR)
    if hasattr(x, "__script_object__"):
        return type_of_value(x.__script_object__)
    if is_script_class(type(x)):
        return T.ClassType(name_of(type(x)))
    raise TypeError(
        f"a compiled function takes no `{type(x).__name__}`: pass Tensors, arrays,"
        " numbers, strings, or lists, tuples and dicts of them"
    )


def _type_of_named_tuple(x: Any) -> T.Type:
    """That of its class if that annotates the fields, else one for what they hold."""
    cls = type(x)
    if hints_of(cls):
        return type_of_class(cls)
    fields = tuple((n, type_of_value(v)) for n, v in zip(x._fields, x, strict=True))
    return make_type(cls, fields)


def type_given_for(x: Any, wanted: T.Type) -> T.Type:
    """The type of a value where it is known what is wanted: that decides what an empty
    list or dict holds. Raises TypeError as `type_of_value` does."""
    match wanted:
        case T.OptionalType(element) if x is not None:
            return type_given_for(x, element)
        case T.ListType(element) if isinstance(x, list):
            kinds = {type_given_for(v, element) for v in x}
            if all(is_subtype(kind, element) for kind in kinds):
                return wanted
            if len(kinds) == 1:
                return T.ListType(kinds.pop())
        case T.DictType(key, element) if isinstance(x, dict):
            keys = {type_given_for(k, key) for k in x}
            kinds = {type_given_for(v, element) for v in x.values()}
            if all(is_subtype(k, key) for k in keys) and all(
                is_subtype(kind, element) for kind in kinds
            ):
                return wanted
        case T.SetType() if isinstance(x, set) and not x:
            return wanted
        case T.TupleType(elements) if type(x) is tuple and len(x) == len(elements):
            pairs = zip(x, elements, strict=True)
            return T.TupleType(tuple(type_given_for(v, e) for v, e in pairs))
    return type_of_value(x)


def _common_type(items: Sequence[Any], what: str) -> T.Type:
    # what is empty tells no type, unless nothing else is there
    empty = [isinstance(x, list | dict | set) and not x for x in items]
    if not all(empty):
        items = [x for x, is_empty in zip(items, empty, strict=True) if not is_empty]
    common: T.Type | None = type_of_value(items[0])
    for item in items[1:]:
        assert common is not None
        other = type_of_value(item)
        common = unify(common, other)
        if common is None:
            raise TypeError(
                f"the {what} holds `{type_of_value(items[0])}` and `{other}`"
            )
    assert common is not None
    return common


def bind_arguments(
    schema: FunctionSchema,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    skip: int = 0,
) -> list[Any]:
    """The arguments of a call in the order of the schema, defaults filled in.

    `skip` leading arguments of the schema (`self`) are not part of the call.
    Raises TypeError as Python does, naming the function and the argument.
    """
    arguments = schema.arguments[skip:]
    name = schema.kind.rpartition(".")[2]
    if arguments and arguments[-1].name.startswith("*"):
        args, kwargs = _gathered(arguments, args, kwargs)
    complete = not kwargs and len(args) == len(arguments)
    if complete and not any(a.keyword_only for a in arguments):
        return _spread(args, arguments)
    positional = [a for a in arguments if not a.keyword_only]
    if len(args) > len(positional):
        raise TypeError(
            f"{name}() takes {len(positional)} positional arguments but {len(args)} were"
            " given"
        )
    values: dict[str, Any] = dict(zip((a.name for a in positional), args, strict=False))
    for key, value in kwargs.items():
        if key in values:
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        if not any(a.name == key for a in arguments):
            near = difflib.get_close_matches(key, [a.name for a in arguments], 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise TypeError(
                f"{name}() got an unexpected keyword argument '{key}'{hint}"
            )
        values[key] = value
    missing = [a.name for a in arguments if a.is_required and a.name not in values]
    if missing:
        listed = ", ".join(f"'{m}'" for m in missing)
        raise TypeError(f"{name}() is missing arguments: {listed}")
    found = [
        values[a.name] if a.name in values else _fresh(default_of(a.default, a.type))
        for a in arguments
    ]
    return _spread(found, arguments)


def _spread(values: Sequence[Any], arguments: Sequence[Argument]) -> list[Any]:
    """The values; a number given for a list of a known length stands for all of it."""
    return [
        [v] * a.length if a.length is not None and type(v) in (int, float) else v
        for v, a in zip(values, arguments, strict=True)
    ]


def gathers(schema: FunctionSchema) -> bool:
    """Whether a function takes any number of arguments: `*args`, `**kwargs`."""
    return bool(schema.arguments) and schema.arguments[-1].name.startswith("*")


def _gathered(
    arguments: Sequence[Argument], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The arguments of a call, those for `*args` and `**kwargs` put together."""
    known = {a.name for a in arguments if not a.name.startswith("*")}
    count = sum(not a.keyword_only for a in arguments)
    named = {k: v for k, v in kwargs.items() if k in known}
    others = {k: v for k, v in kwargs.items() if k not in known}
    takes_others = False
    for a in arguments:
        if a.name.startswith("**"):
            named[a.name], takes_others = others, True
        elif a.name.startswith("*"):
            named[a.name] = tuple(args[count:])
            args = args[:count]
    return args, named if takes_others else {**named, **others}


def _fresh(default: Any) -> Any:
    return list(default) if isinstance(default, list) else default


def enter(x: Any, wanted: T.Type) -> Any:
    """A value as an argument of this type: arrays wrapped, modules replaced by objects."""
    if isinstance(wanted, T.OptionalType):
        if x is None:
            return None
        wanted = wanted.element
    if isinstance(wanted, T.TensorType):
        if isinstance(x, np.ndarray):
            return wrap(x)
        if isinstance(x, np.generic):
            return wrap(np.asarray(x))
        return x
    if hasattr(x, "__script_object__"):
        return x.__script_object__
    if isinstance(x, list) and isinstance(wanted, T.ListType):
        return [enter(v, wanted.element) for v in x]
    if isinstance(x, dict) and isinstance(wanted, T.DictType):
        return {k: enter(v, wanted.value) for k, v in x.items()}
    elements = T.tuple_elements(wanted)
    if isinstance(x, tuple) and elements is not None and len(x) == len(elements):
        parts = [enter(v, e) for v, e in zip(x, elements, strict=True)]
        return x._make(parts) if hasattr(x, "_make") else tuple(parts)
    return x


def gives_arrays(args: Sequence[Any]) -> bool:
    """Whether a call gave arrays and no Tensor, so that its results are arrays too."""
    kinds = {kind for a in args for kind in _kinds(a)}
    return kinds == {"array"}


def _kinds(x: Any) -> set[str]:
    if isinstance(x, Tensor):
        return {"tensor"}
    if isinstance(x, np.ndarray | np.generic):
        return {"array"}
    if isinstance(x, Traced) and isinstance(x.type, T.ArrayType):
        return {"array"}
    if isinstance(x, tuple | list):
        return {k for v in x for k in _kinds(v)}
    if isinstance(x, dict):
        return {k for v in x.values() for k in _kinds(v)}
    return set()


def leave(x: Any) -> Any:
    """A result with its Tensors replaced by their arrays."""
    if isinstance(x, Tensor):
        return x.array if dispatch.observer is None else x.numpy(force=True)
    if isinstance(x, list):
        return [leave(v) for v in x]
    if isinstance(x, dict):
        return {k: leave(v) for k, v in x.items()}
    if isinstance(x, tuple):
        parts = [leave(v) for v in x]
        return x._make(parts) if hasattr(x, "_make") else tuple(parts)
    return x

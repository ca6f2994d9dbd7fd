"""What the structural kinds of nodes do, as Python functions.

`function_of(node)` gives a function of the node's inputs. Control flow and calls are
not here: they are instructions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial
from operator import attrgetter, getitem
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Node
from jit.ir.type_text import parse_type
from jit.runtime import exceptions, python_calls
from jit.runtime.objects import Object
from jit.runtime.program_values import checked, is_instance, named_tuple_class
from jit.runtime.python_classes import class_of, set_slot

Function = Callable[..., Any]


def function_of(node: Node) -> Function | None:
    """The function of a structural node; None for kinds that are not structural."""
    make = _MAKERS.get(node.kind)
    return None if make is None else make(node)


def make_tuple(*items: Any) -> tuple[Any, ...]:
    """A tuple of the arguments."""
    return items


def _make_list(*items: Any) -> list[Any]:
    return list(items)


def _wait(future: Any) -> Any:
    return future.wait()


def _make_dict(*items: Any) -> dict[Any, Any]:
    return dict(zip(items[::2], items[1::2], strict=True))


def _same(value: Any) -> Any:
    return value


def _slice_tuple(items: tuple[Any, ...], start: int, end: int) -> tuple[Any, ...]:
    return tuple(items[start:end])


def _make_named_tuple(node: Node) -> Function:
    type: Any = node.output.type
    return named_tuple_class(type)


def _unpack_list(node: Node) -> Function:
    count = len(node.outputs)

    def unpack_list(items: list[Any]) -> list[Any]:
        if len(items) < count:
            raise ValueError(
                f"not enough values to unpack (expected {count}, got {len(items)})"
            )
        if len(items) > count:
            raise ValueError(f"too many values to unpack (expected {count})")
        return items

    return unpack_list


def _get_attribute(node: Node) -> Function:
    name = node.attributes["name"]
    if isinstance(node.inputs[0].type, T.ClassType):
        return _get_from_instance(name, node.output.type)

    return lambda instance: read_slot(instance, name)


def read_slot(instance: Object, name: str) -> Any:
    """What an instance of a module holds."""
    try:
        return instance.slots[name]
    except KeyError:
        raise AttributeError(
            f"'{instance.type.name}' object has no attribute '{name}'"
        ) from None


def _get_from_instance(name: str, type: T.Type) -> Function:
    """What reads an attribute of an instance, which Python may have assigned."""

    def get_from_instance(instance: Any) -> Any:
        if instance.__class__ is Object:
            return read_slot(instance, name)
        return checked(getattr(instance, name), type, name, instance)

    return get_from_instance


def _set_attribute(node: Node) -> Function:
    name = node.attributes["name"]
    if isinstance(node.inputs[0].type, T.ClassType):
        return lambda instance, value: set_slot(instance, name, value)

    def set_attribute(instance: Object, value: Any) -> None:
        instance.slots[name] = value

    return set_attribute


def _create_object(node: Node) -> Function:
    type: Any = node.output.type
    program = node.graph.program
    if program is None or type.name not in program.classes:
        return lambda: Object(type)
    cls = class_of(program.classes[type.name])
    return partial(object.__new__, cls)


def _check_instance(node: Node) -> Function:
    types = [parse_type(text) for text in node.attributes["types"]]
    return lambda value: any(is_instance(value, t) for t in types)


def _raise_exception(message: Any, name: str | None, *cause: Exception | None) -> None:
    error = exceptions.make(name or "Exception", message)
    if cause:
        raise error from cause[0]
    raise error


def _raise_again(error: BaseException) -> None:
    raise error


def _match_exception(node: Node) -> Function:
    classes = tuple(exceptions.resolve(name) for name in node.attributes["names"])
    return lambda error: isinstance(error, classes)


_MAKERS: dict[str, Callable[[Node], Function]] = {
    "prim::TupleConstruct": lambda node: make_tuple,
    "prim::NamedTupleConstruct": _make_named_tuple,
    "prim::TupleUnpack": lambda node: _same,
    "prim::TupleIndex": lambda node: getitem,
    "prim::TupleSlice": lambda node: _slice_tuple,
    "prim::ListConstruct": lambda node: _make_list,
    "prim::ListUnpack": _unpack_list,
    "prim::DictConstruct": lambda node: _make_dict,
    "prim::GetAttr": _get_attribute,
    "prim::SetAttr": _set_attribute,
    "prim::CreateObject": _create_object,
    "prim::isinstance": _check_instance,
    "aten::wait": lambda node: _wait,
    python_calls.KIND: lambda node: python_calls.calling(
        node.attributes["name"], node.output.type
    ),
    "prim::Print": lambda node: functools.partial(print, **node.attributes),
    "prim::RaiseException": lambda node: _raise_exception,
    "prim::ReRaise": lambda node: _raise_again,
    "prim::ExceptionMatches": _match_exception,
    "prim::ExceptionMessage": lambda node: str,
    "prim::EnumName": lambda node: attrgetter("name"),
    "prim::EnumValue": lambda node: attrgetter("value"),
}

CASTS = ("prim::unchecked_cast", "prim::unchecked_unwrap_optional")
"""Kinds whose output is their input, known by another type."""

SPREADS = ("prim::TupleUnpack", "prim::ListUnpack")
"""Kinds whose function returns all outputs at once, also when there is one."""

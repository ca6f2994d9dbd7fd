"""Values made to fit a type without a conversion that could be seen.

A list literal that nobody has read yet takes the type that is asked for: `[]` becomes
`int[]` where one is declared, passed or appended to.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.ir.subtyping import is_subtype
from jit.ir.unification import unify

UNTYPED = "untyped"
"""Attribute of an empty list or dict whose type is still a guess."""


def is_untyped(value: Value) -> bool:
    """Whether it is an empty literal whose element type may still be chosen."""
    return UNTYPED in value.node.attributes and value.node.outputs[0] is value


class LearnedLate(Exception):  # noqa: N818 - nothing went wrong
    """The type of an attribute is known only now, after code was made that reads it."""

    def __init__(self, cls: builtins.type, name: str, type: T.Type) -> None:
        self.cls = cls
        self.name = name
        self.type = type


@dataclass(frozen=True, slots=True)
class AttributeGuess:
    """The mark of an attribute that began as an empty list or dict."""

    cls: builtins.type
    name: str


def settle(value: Value, type: T.Type) -> None:
    """Choose the type of an empty literal, or of an attribute that holds one.

    Raises LearnedLate for an attribute: what was compiled so far is compiled again.
    """
    mark = value.node.attributes.pop(UNTYPED, None)
    if isinstance(mark, AttributeGuess) and value.type != type:
        raise LearnedLate(mark.cls, mark.name, type)
    value.type = type
    if isinstance(type, T.SetType):
        # an empty set is made of an empty list
        value.node.inputs[0].type = T.ListType(type.element)


def mark_untyped(node: Node, origin: object) -> None:
    """Let the first use of something empty choose its type."""
    node.attributes[UNTYPED] = True
    node.attributes["origin"] = origin


def coerce(value: Value, wanted: T.Type, owner: Node | None = None) -> Value | None:
    """`value`, fitted to a type; None if it does not fit.

    `owner` is a literal that holds the value; nobody else may have read it.
    """
    base = wanted.element if isinstance(wanted, T.OptionalType) else wanted
    if is_untyped(value) and type(value.type) is type(base):
        if value.type != base and not _is_unread(value, owner):
            return None
        settle(value, base)
        return value
    if is_subtype(value.type, wanted):
        return value
    if not _is_unread(value, owner):
        return None
    node = value.node
    match node.kind, base:
        case "prim::ListConstruct", T.ListType(element):
            return _literal(value, [element] * len(node.inputs), base)
        case "prim::DictConstruct", T.DictType(key, item):
            return _literal(value, [key, item] * (len(node.inputs) // 2), base)
        case "aten::set", T.SetType(element):
            if coerce(node.inputs[0], T.ListType(element), node) is not None:
                value.type = base
                return value
        case "prim::TupleConstruct", T.TupleType(elements):
            if len(elements) == len(node.inputs):
                return _literal(value, list(elements), None)
    return None


def _is_unread(value: Value, owner: Node | None) -> bool:
    return all(use.node is owner for use in value.uses)


def _literal(value: Value, wanted: list[T.Type], type: T.Type | None) -> Value | None:
    """A literal whose items are fitted; a tuple keeps the types of its items."""
    node = value.node
    for item, item_type in zip(node.inputs, wanted, strict=True):
        if coerce(item, item_type, node) is None:
            return None
    value.type = type or T.TupleType(tuple(i.type for i in node.inputs))
    return value


def common_type(a: Value, b: Value) -> T.Type | None:
    """The type of a name that is `a` on one path and `b` on another; None if none."""
    if is_untyped(a) and not is_untyped(b):
        coerce(a, b.type)
    elif is_untyped(b) and not is_untyped(a):
        coerce(b, a.type)
    return unify(a.type, b.type)

"""Operators on dicts: Python's own, in the order of insertion.

Each has torch's overloads for the types of keys, and one for keys of any other type.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from jit.runtime.ops.python_operators import declare

KEYS = ("str", "int", "bool", "float", "complex")


def declare_for_keys(
    pattern: str, kernel: Callable[..., Any], doc: str, *, raises: bool = False
) -> None:
    """One card for each type of key.

    In the pattern `K` is the type, `N` its name in the overload, `D` the dict's type.
    """
    rows = [(key, key) for key in KEYS] + [("any", "k")]
    declare(
        [
            pattern.replace("{D}", f"Dict({key}, t)")
            .replace("{N}", name)
            .replace("{K}", key)
            for name, key in rows
        ],
        kernel,
        doc,
        raises=raises,
    )


def _set_item(items, key, value):
    items[key] = value


def _get(items, key):
    return items.get(key)


def _copy(items):
    return dict(items)


declare_for_keys("aten::len.Dict_{N}({D} self) -> int", len, "The number of keys.")
declare_for_keys(
    "aten::__getitem__.Dict_{N}({D} self, {K} key) -> t(*)",
    operator.getitem,
    "The value of a key; KeyError if there is none.",
    raises=True,
)
declare_for_keys(
    "aten::_set_item.{N}({D}(a!) l, {K}(b -> *) idx, t(c -> *) v) -> ()",
    _set_item,
    "Give a key a value.",
    raises=True,
)
declare_for_keys(
    "aten::Delete.Dict_{N}({D}(a!) self, {K} key) -> ()",
    operator.delitem,
    "Remove a key; KeyError if there is none.",
    raises=True,
)
declare_for_keys(
    "aten::__contains__.{N}({D} dict, {K} key) -> bool",
    operator.contains,
    "Whether there is a key.",
)
declare_for_keys(
    "aten::get.{N}({D} self, {K} key) -> t(*)?", _get, "The value of a key, or None."
)
declare_for_keys(
    "aten::get.default_{N}({D} self, {K} key, t default_value) -> t(*)",
    dict.get,
    "The value of a key, or another.",
)
declare_for_keys(
    "aten::setdefault.{N}({D}(a!) self, {K}(b -> *) key, t(c -> *) default_value)"
    " -> t(*)",
    dict.setdefault,
    "The value of a key, which is set if there is none.",
)
declare_for_keys(
    "aten::pop.Dict_{N}({D}(a!) self, {K} key) -> t(*)",
    dict.pop,
    "Take a value out; KeyError if there is no such key.",
    raises=True,
)
declare_for_keys(
    "aten::pop.Dict_default_{N}({D}(a!) self, {K} key, t default_value) -> t(*)",
    dict.pop,
    "Take a value out, or give another.",
)
declare_for_keys(
    "aten::popitem.{N}({D}(a!) self) -> (({K}, t))",
    dict.popitem,
    "Take the last key and its value out; KeyError if there is none.",
    raises=True,
)
declare_for_keys(
    "aten::keys.{N}({D} self) -> {K}[](*)", list, "A new list of the keys."
)
declare_for_keys(
    "aten::values.{N}({D} self) -> t[](*)",
    lambda items: list(items.values()),
    "A new list of the values.",
)
declare_for_keys(
    "aten::items.{N}({D} self) -> (({K}, t)[])",
    lambda items: list(items.items()),
    "A new list of the pairs of key and value.",
)
declare_for_keys(
    "aten::update.{N}({D}(a!) self, {D} to_add) -> ()",
    dict.update,
    "Set all keys of another dict.",
)
declare_for_keys("aten::clear.{N}({D}(a!) self) -> ()", dict.clear, "Remove all keys.")
declare_for_keys(
    "aten::copy.Dict_{N}({D}(a) self) -> {D}", _copy, "A new dict of the same pairs."
)
declare_for_keys(
    "aten::dict.Dict_{N}({D}(a) self) -> {D}", _copy, "A new dict of the same pairs."
)
declare_for_keys(
    "aten::dict.{N}(({K}, t)[] inputs) -> {D}", dict, "A new dict of pairs."
)
declare("aten::dict() -> Dict(str, Tensor)", dict, "A new dict.")
declare_for_keys(
    "aten::__or__.Dict_{N}({D} a, {D} b) -> {D}",
    operator.or_,
    "A new dict of both, where the second wins.",
)
declare_for_keys("aten::Bool.Dict_{N}({D} a) -> bool", bool, "Whether there is a key.")
declare(
    ["aten::eq.Dict(Dict(k, t) a, Dict(k, t) b) -> bool"],
    operator.eq,
    "Whether two dicts have equal keys with equal values.",
    raises=True,
)
declare(
    ["aten::ne.Dict(Dict(k, t) a, Dict(k, t) b) -> bool"],
    operator.ne,
    "Whether two dicts differ.",
    raises=True,
)

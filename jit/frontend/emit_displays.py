"""Emit displays: tuples, lists, sets and dicts written out, with `*` and `**` in them.

[a, *xs, b]        %l = prim::ListConstruct(%a)
                   aten::add_(%l, %xs), aten::append(%l, %b)
{1, 2}             aten::set(prim::ListConstruct(%one, %two))
{**d, "k": v}      a new dict, `aten::update`, `aten::_set_item`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.coerce import coerce, is_untyped, mark_untyped
from jit.frontend.failures import a_type, fail
from jit.frontend.open_tuples import OpenTuple
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted, SpreadList, Sugared, SugaredTuple
from jit.frontend.tables import FunctionTable
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.unification import either, unify

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_tuple(e: Emitter, node: t.TupleExpr) -> Emitted:
    """`a, *b`."""
    items = _parts(e, node.elements)
    if any(isinstance(i, SpreadList) for i in items):
        return OpenTuple(_joined(e, node, items))
    if any(isinstance(i, Sugared) for i in items):
        return SugaredTuple(items)
    return e.b.tuple([i for i in items if isinstance(i, Value)])


def emit_list(e: Emitter, node: t.ListExpr) -> Emitted:
    """`[a, *b]`."""
    parts = _parts(e, node.elements)
    if any(isinstance(p, Sugared) and p.stays_itself for p in parts):
        return FunctionTable(parts, None)
    return _joined(e, node, parts)


def emit_set(e: Emitter, node: t.SetExpr) -> Emitted:
    """`{a, *b}`."""
    items = _joined(e, node, _parts(e, node.elements))
    return apply(e, node.span, "aten::set", items)


def _parts(e: Emitter, elements: tuple[t.Expr, ...]) -> list[Emitted]:
    """The elements, those of unknown number as a SpreadList."""
    from jit.frontend.builtins import known_or_none, list_of

    found: list[Emitted] = []
    for element in elements:
        if not isinstance(element, t.Starred):
            found.append(e.expr(element))
            continue
        x = e.expr(element.value)
        items = known_or_none(e, x, element.span)
        if items is None:
            items = [SpreadList(list_of(e, x, element.span))]
        found += items
    return found


def _joined(e: Emitter, node: t.Expr, parts: list[Emitted]) -> Value:
    """A new list of some parts."""
    if not parts:
        return empty_list(e, node)
    known = [
        p.items if isinstance(p, SpreadList) else e.as_value(p, node.span)
        for p in parts
    ]
    if not any(isinstance(p, SpreadList) for p in parts):
        wanted = _expected(e, node)
        item = wanted.element if isinstance(wanted, T.ListType) else None
        return e.b.list(known, common_type(known, item))
    element: T.Type | None = None
    for part, value in zip(parts, known, strict=True):
        type = value.type
        if isinstance(part, SpreadList) and isinstance(type, T.ListType):
            type = type.element
        element = type if element is None else either(element, type)
    made = e.b.list([], element or T.TENSOR)
    for part, value in zip(parts, known, strict=True):
        kind = "add_" if isinstance(part, SpreadList) else "append"
        if kind == "add_":
            value = _read_as(e, value, made.type)
        apply(e, node.span, f"aten::{kind}", made, value)
    return made


def _read_as(e: Emitter, x: Value, type: T.Type) -> Value:
    """A list or dict, which is only read, as one of items of more types."""
    if x.type == type:
        return x
    return e.b.node("prim::unchecked_cast", [x], [type]).output


def _expected(e: Emitter, node: t.Expr) -> T.Type | None:
    """The type of what a display is assigned to, if that is known."""
    if e.expected is None or e.expected[0] is not node:
        return None
    type = e.expected[1]
    return type.element if isinstance(type, T.OptionalType) else type


def empty_list(e: Emitter, node: t.Expr) -> Value:
    """`[]`, whose first use chooses its type."""
    hint = e.hints.get(node)
    if isinstance(hint, T.ListType):
        made = e.b.list([], hint.element)
        made.node.attributes["origin"] = node
        return made
    made = e.b.list([], T.TENSOR)
    mark_untyped(made.node, node)
    return made


def empty_dict(e: Emitter, node: t.Expr) -> Value:
    """`{}`, whose first use chooses its type."""
    hint = e.hints.get(node)
    if isinstance(hint, T.DictType):
        made = e.b.node("prim::DictConstruct", [], [hint])
        made.attributes["origin"] = node
        return made.output
    made = e.b.node("prim::DictConstruct", [], [T.DictType(T.STR, T.TENSOR)])
    mark_untyped(made, node)
    return made.output


def common_type(items: list[Value], wanted: T.Type | None = None) -> T.Type:
    """The type that all items of a display have, or may be taken to have.

    Items of different types are taken to be of a `wanted` one, if they are; else their
    type is a union.
    """
    found = next((i.type for i in items if not is_untyped(i)), items[0].type)
    for item in items:
        if coerce(item, found) is not None:
            continue
        joined = unify(found, item.type)
        if joined is None:
            if wanted is not None and all(coerce(i, wanted) for i in items):
                return wanted
            joined = either(found, item.type)
        found = joined
    return found


def key_type(keys: list[Value], node: t.Expr) -> T.Type:
    """The type that all keys of a dict have."""
    found = keys[0].type
    for key in keys[1:]:
        joined = unify(found, key.type)
        if joined is None:
            raise _mixed_keys(node, found, key.type)
        found = joined
    return found


def _mixed_keys(node: t.Expr, a: T.Type, b: T.Type) -> Exception:
    return fail(
        node.span,
        "E0302",
        f"the keys of this dict have different types: `{a}` and `{b}`",
        help="give all of them one type",
    )


def emit_dict(e: Emitter, node: t.DictExpr) -> Emitted:
    """`{key: value, **other}`."""
    if None in node.keys:
        return _merged(e, node)
    inputs: list[Value] = []
    functions: list[Emitted] = []
    keys_known: list[object] = []
    for key, value in zip(node.keys, node.values, strict=True):
        assert key is not None
        k, x = e.value(key), e.expr(value)
        if (
            isinstance(x, Sugared)
            and x.stays_itself
            and isinstance(k.constant, str | int)
        ):
            keys_known.append(k.constant)
            functions.append(x)
        else:
            inputs += [k, e.as_value(x, value.span)]
    if functions and not inputs:
        return FunctionTable(functions, keys_known)
    if functions:
        raise fail(node.span, "E0302", "this dict holds functions beside values")
    if not inputs:
        return empty_dict(e, node)
    wanted = _expected(e, node)
    item = wanted.value if isinstance(wanted, T.DictType) else None
    keys = key_type(inputs[::2], node)
    values = common_type(inputs[1::2], item)
    type = T.DictType(keys, values)
    return e.b.node("prim::DictConstruct", inputs, [type]).output


def _merged(e: Emitter, node: t.DictExpr) -> Value:
    """A dict with `**`: its parts in turn."""
    parts: list[tuple[Value | None, Value]] = []
    keys: T.Type | None = None
    values: T.Type | None = None
    for key, value in zip(node.keys, node.values, strict=True):
        k = None if key is None else e.value(key)
        v = e.value(value)
        parts.append((k, v))
        found = v.type if k is None else T.DictType(k.type, v.type)
        if not isinstance(found, T.DictType):
            raise fail(
                value.span, "E0306", f"`**` spreads a dict, not {a_type(v.type)}"
            )
        if keys is not None and unify(keys, found.key) is None:
            raise _mixed_keys(node, keys, found.key)
        keys = found.key if keys is None else unify(keys, found.key)
        values = found.value if values is None else either(values, found.value)
    assert keys is not None and values is not None
    made = e.b.node("prim::DictConstruct", [], [T.DictType(keys, values)]).output
    for k, v in parts:
        if k is None:
            apply(e, node.span, "aten::update", made, _read_as(e, v, made.type))
        else:
            apply(e, node.span, "aten::_set_item", made, k, v)
    return made


def emit_from_keys(e: Emitter, call: t.Call) -> Emitted:
    """`dict.fromkeys(keys, value)`."""
    from jit.frontend.builtins import given_to, list_of

    given = given_to(e, call, 1, 2)
    if len(given) == 1:
        raise fail(
            call.span,
            "E0304",
            "`dict.fromkeys` needs a value in compiled code, whose type the dict has",
            help="as in `dict.fromkeys(keys, 0)`",
        )
    keys = list_of(e, given[0], call.span)
    value = e.as_value(given[1], call.span)
    assert isinstance(keys.type, T.ListType)
    made = e.b.node(
        "prim::DictConstruct", [], [T.DictType(keys.type.element, value.type)]
    ).output
    loop = e.b.node("prim::Loop", [e.op("aten::len", keys), e.b.constant(True)])
    block = loop.add_block()
    number = block.add_param(T.INT, "i")
    with e.inside(block):
        key = e.op("aten::__getitem__", keys, number)
        apply(e, call.span, "aten::_set_item", made, key, value)
        block.add_return(e.b.constant(True))
    return made

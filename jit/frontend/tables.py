"""Lists, dicts and sets from outside of a function, read as constants.

    WORDS = {"a": 1}        made anew at the top of each function that reads it
    OPS = {"+": add}        OPS[sign](x, y) chooses among the functions

A script sees them as they were when it was compiled; it cannot change them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted, Sugared, SugaredTuple
from jit.ir import types as T
from jit.ir.graph import Graph, Node, Value
from jit.ir.span import Span
from jit.passes.analysis.aliases import is_mutable
from jit.passes.analysis.effects import written_values

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

TABLE = "table"
"""Attribute of a node that makes a container from outside: its name."""


def emit_table(e: Emitter, span: Span, obj: Any, name: str) -> Emitted | None:
    """A list, dict or set from outside; None if what it holds are no values."""
    from jit.modules.arguments import type_of_value

    if any(_is_function(x) for x in _contents(obj)):
        return FunctionTable(obj, name)
    try:
        type = type_of_value(obj)
    except TypeError:
        return None
    return e.b.shared(id(obj), lambda: _made(e, span, obj, type, name))


def _contents(obj: Any) -> list[Any]:
    return list(obj.values() if isinstance(obj, dict) else obj)


def _is_function(x: Any) -> bool:
    if hasattr(x, "forward"):
        return False
    return (callable(x) and not isinstance(x, type)) or x in (int, float, str, bool)


def _made(e: Emitter, span: Span, obj: Any, type: T.Type, name: str) -> Value:
    """The nodes that make a container, before everything else."""
    made = _build(e, span, obj, type, name)
    made.node.attributes[TABLE] = name
    return made


def _build(e: Emitter, span: Span, obj: Any, type: T.Type, name: str) -> Value:
    from jit.frontend.resolver import resolve_object

    match obj, type:
        case list(), T.ListType(element):
            items = [_build(e, span, x, element, name) for x in obj]
            return e.b.early("prim::ListConstruct", items, type)
        case set(), T.SetType(element):
            items = [_build(e, span, x, element, name) for x in obj]
            listed = e.b.early("prim::ListConstruct", items, T.ListType(element))
            return e.b.early("aten::set", [listed], type, overload="t")
        case dict(), T.DictType(key, value):
            inputs = []
            for k, v in obj.items():
                inputs.append(_build(e, span, k, key, name))
                inputs.append(_build(e, span, v, value, name))
            return e.b.early("prim::DictConstruct", inputs, type)
        case tuple(), _ if T.tuple_elements(type) is not None:
            pairs = zip(obj, T.tuple_elements(type) or (), strict=True)
            items = [_build(e, span, x, element, name) for x, element in pairs]
            kind = "TupleConstruct"
            if isinstance(type, T.NamedTupleType):
                kind = "NamedTupleConstruct"
            return e.b.early(f"prim::{kind}", items, type)
    if obj is None:
        return e.none(type)
    found = resolve_object(e, span, obj, name)
    if isinstance(found, Value) and found.node.kind == "prim::Constant":
        return found
    raise fail(
        span,
        "E0203",
        f"`{name}` holds a `{obj.__class__.__name__}`, which is no constant",
        help="pass it to the function as an argument",
    )


def refuse_changes(graph: Graph, span: Span) -> None:
    """Refuse a function that changes a container from outside, or what that holds."""
    for node in graph.block.nodes:
        name = node.attributes.pop(TABLE, None)
        if name is not None:
            writer = _writer(node.outputs[0])
            if writer is not None:
                raise _changed(writer, str(name), span)


def _writer(table: Value) -> Node | None:
    """A node that writes to a container, under any of its names here, or its items."""
    seen: set[Value] = set()
    pending = [table]
    while pending:
        value = pending.pop()
        if value in seen or not is_mutable(value.type):
            continue
        seen.add(value)
        for use in value.uses:
            if value in written_values(use.node):
                return use.node
            pending += _passed_on(use.node, use.index)
    return None


_TAKE = (
    "aten::__getitem__", "aten::get", "prim::unchecked_cast", "prim::TupleIndex",
    "prim::unchecked_unwrap_optional", "prim::TupleUnpack", "prim::ListUnpack",
)  # fmt: skip


def _passed_on(node: Node, index: int) -> list[Value]:
    """Values that are, or are items of, an input of a node or a return of a block."""
    if node.kind == "prim::Return":
        owner = node.block.owner
        if owner is None:
            return []
        if owner.kind != "prim::Loop":
            return [owner.outputs[index]]
        params = node.block.params
        return [owner.outputs[index - 1], params[index]] if index else []
    if node.kind == "prim::Loop" and index > 1:
        return [node.outputs[index - 2], node.blocks[0].params[index - 1]]
    return list(node.outputs) if node.kind in _TAKE else []


def _changed(writer: Node, name: str, span: Span) -> Exception:
    return fail(
        writer.span or span,
        "E0203",
        f"the script would change `{name}`, which is outside of it",
        help="copy it first, or pass it to the function as an argument",
    )


# functions ------------------------------------------------------------------------


class FunctionTable(Sugared):
    """A list or dict of functions."""

    stays_itself = True

    def __init__(self, obj: Any, name: str) -> None:
        self.obj = obj
        self.name = name

    def describe(self) -> str:
        return f"the functions in `{self.name}`"

    def _resolved(self, e: Emitter, span: Span, x: Any) -> Emitted:
        from jit.frontend.resolver import resolve_object

        return resolve_object(e, span, x, self.name)

    def _functions(self, e: Emitter, span: Span) -> list[Emitted]:
        return [self._resolved(e, span, x) for x in _contents(self.obj)]

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        if isinstance(self.obj, dict):
            return [self._resolved(e, span, k) for k in self.obj]
        return self._functions(e, span)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        from jit.frontend.sugared import Builtin

        if not isinstance(self.obj, dict) or name not in ("keys", "values", "items"):
            return super().attribute(e, span, name)

        def emit(e: Emitter, call: t.Call) -> Emitted:
            keys = self.elements(e, span) or []
            functions = self._functions(e, span)
            if name == "keys":
                return SugaredTuple(keys)
            if name == "values":
                return SugaredTuple(functions)
            pairs = zip(keys, functions, strict=True)
            return SugaredTuple([SugaredTuple(pair) for pair in pairs])

        return Builtin(name, emit)

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        index = e.value(node.index)
        span = node.span
        known = index.constant
        try:
            if isinstance(known, int | str):
                return self._resolved(e, span, self.obj[known])
        except LookupError:
            raise fail(
                span, "E0204", f"`{self.name}` has nothing under {known!r}"
            ) from None
        return ChosenFunction(self._place(e, span, index), self._functions(e, span))

    def _place(self, e: Emitter, span: Span, index: Value) -> Value:
        """Which function it is, counted from 0; raises what Python raises."""
        places = [e.b.constant(i) for i in range(len(self.obj))]
        if isinstance(self.obj, dict):
            keys = [e.as_value(k, span) for k in self.elements(e, span) or []]
            inputs = [x for pair in zip(keys, places, strict=True) for x in pair]
            type: T.Type = T.DictType(keys[0].type, T.INT)
            table = e.b.node("prim::DictConstruct", inputs, [type]).output
        else:
            table = e.b.list(places, T.INT)
        return apply(e, span, "aten::__getitem__", table, index)


class ChosenFunction(Sugared):
    """One of several functions, by a number that is known when it is called."""

    stays_itself = True

    def __init__(self, place: Value, functions: list[Emitted]) -> None:
        self.place = place
        self.functions = functions

    def describe(self) -> str:
        return "a function that is chosen at run time"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.emit_control import choose
        from jit.frontend.higher_order import applied
        from jit.frontend.refine import Condition

        args = e.arguments(call)
        if args.keywords:
            raise fail(
                call.span,
                "E0304",
                "a function that is chosen at run time takes no keyword arguments",
            )

        def chosen(i: int) -> list[Emitted]:
            function = self.functions[i]

            def this() -> list[Emitted]:
                return [applied(e, call.span, function, args.positional)]

            if i == len(self.functions) - 1:
                return this()
            met = Condition(e.op("aten::eq", self.place, i))
            following: Callable[[], list[Emitted]] = lambda: chosen(i + 1)  # noqa: E731
            return choose(e, met, this, following)

        return chosen(0)[0]

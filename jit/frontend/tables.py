"""Lists, dicts and sets from outside of a function, read as constants.

    WORDS = {"a": 1}        made anew at the top of each function that reads it
    OPS = {"+": add}        OPS[sign](x, y) chooses among the functions

A script sees them as they were when it was compiled; it cannot change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.chosen import Chosen, place_of_key
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.sugared import Builtin, Emitted, Sugared, SugaredTuple
from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Graph, Node, Value
from jit.ir.span import Span
from jit.passes.analysis.aliases import is_mutable
from jit.passes.analysis.effects import written_values

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

TABLE = "table"
"""Attribute of a node that makes a container from outside: its name."""


def emit_table(e: Emitter, span: Span, obj: Any, name: str) -> Emitted | None:
    """A list, dict or set from outside; None if what it holds are no values."""
    from jit.frontend.resolver import resolve_object
    from jit.modules.arguments import type_of_value

    if any(_is_function(x) for x in _contents(obj)):
        functions = [resolve_object(e, span, x, name) for x in _contents(obj)]
        return FunctionTable(
            functions, list(obj) if isinstance(obj, dict) else None, name
        )
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


class FunctionTable(SugaredTuple):
    """A list of functions, or a dict of them by constants."""

    stays_itself = True

    def __init__(
        self, functions: list[Emitted], keys: list[Any] | None, name: str = ""
    ) -> None:
        super().__init__(functions)
        self.keys = keys
        """The keys of a dict; None for a list."""
        self.name = name

    @property
    def is_plain(self) -> bool:
        return False

    def describe(self) -> str:
        return f"the functions in `{self.name}`" if self.name else "these functions"

    def value(self, e: Emitter, span: Span) -> Value:
        return Sugared.value(self, e, span)

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        if self.keys is not None:
            return [e.b.constant(k) for k in self.keys]
        return list(self.items)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if self.keys is None or name not in ("keys", "values", "items"):
            return super().attribute(e, span, name)

        def emit(e: Emitter, call: t.Call) -> Emitted:
            keys = self.elements(e, span) or []
            if name == "keys":
                return SugaredTuple(keys)
            if name == "values":
                return SugaredTuple(self.items)
            pairs = zip(keys, self.items, strict=True)
            return SugaredTuple([SugaredTuple(pair) for pair in pairs])

        return Builtin(name, emit)

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        index = e.value(node.index)
        known = index.constant
        if known is NOT_CONSTANT:
            return Chosen(self._place(e, node.span, index), self.items)
        table = dict(enumerate(self.items)) if self.keys is None else None
        if table is None:
            table = dict(zip(self.keys or (), self.items, strict=True))
        elif isinstance(known, int) and known < 0:
            known += len(self.items)
        if known not in table:
            where = f"`{self.name}`" if self.name else "this table"
            raise fail(node.span, "E0204", f"{where} has nothing under {known!r}")
        return table[known]

    def _place(self, e: Emitter, span: Span, index: Value) -> Value:
        """Which function it is, counted from 0; raises what Python raises."""
        places = [e.b.constant(i) for i in range(len(self.items))]
        if self.keys is None:
            return apply(e, span, "aten::__getitem__", e.b.list(places, T.INT), index)
        return place_of_key(e, span, index, self.keys)

"""One of several things that are no values, by a number known when the code runs.

OPERATIONS[sign](x, y)      all functions are compiled, and a chain of `prim::If`
self.layers[i](x)           calls the one that it is; so are modules
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def one_of(
    e: Emitter, place: Value, alternatives: Sequence[Callable[[], Emitted]]
) -> Emitted:
    """What the alternative of a number gives; the others are not run."""
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import Condition

    def following(i: int) -> list[Emitted]:
        if i == len(alternatives) - 1:
            return [alternatives[i]()]
        met = Condition(e.op("aten::eq", place, i))
        return choose(e, met, lambda: [alternatives[i]()], lambda: following(i + 1))

    return following(0)[0]


def one_of_values(e: Emitter, place: Value, values: Sequence[Emitted]) -> Emitted:
    """The value of a number."""
    return one_of(e, place, [partial(_itself, x) for x in values])


def _itself(x: Emitted) -> Emitted:
    return x


def place_of_key(e: Emitter, span: Span, key: Value, keys: Sequence[Any]) -> Value:
    """The number of a key, counted from 0; raises KeyError where it is none."""
    pairs = [e.b.constant(x) for place, k in enumerate(keys) for x in (k, place)]
    type: T.Type = T.DictType(pairs[0].type, T.INT)
    table = e.b.node("prim::DictConstruct", pairs, [type]).output
    return apply(e, span, "aten::__getitem__", table, key)


def checked_place(e: Emitter, index: Value, length: int) -> Value:
    """An index counted from 0; raises what a list of modules raises."""
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.refine import Condition

    def refused() -> list[Emitted]:
        message = e.op("aten::format", "index {} is out of range", index)
        return raise_now(e, message, "IndexError")

    is_low = e.op("aten::lt", index, -length)
    is_high = e.op("aten::ge", index, length)
    met = Condition(e.op("aten::__or__", is_low, is_high))
    choose(e, met, refused, list)
    from_end = Condition(e.op("aten::lt", index, 0))
    place, *_ = choose(
        e, from_end, lambda: [e.op("aten::add", index, length)], lambda: [index]
    )
    assert isinstance(place, Value)
    return place


def item_at(e: Emitter, place: Value, items: Sequence[Emitted]) -> Emitted:
    """One of several things of one kind: a value, or a Chosen."""
    if len(items) == 1:
        return items[0]
    if all(isinstance(x, Value) for x in items):
        return one_of_values(e, place, items)
    return Chosen(place, items)


class Chosen(Sugared):
    """One of several functions or modules, counted from 0."""

    stays_itself = True

    def __init__(self, place: Value, things: Sequence[Emitted]) -> None:
        self.place = place
        self.things = list(things)

    def describe(self) -> str:
        return "what is chosen at run time"

    def _each(self, e: Emitter, span: Span) -> list[Sugared]:
        found = [x for x in self.things if isinstance(x, Sugared)]
        if len(found) < len(self.things):
            raise fail(span, "E0203", "values and functions stand beside each other")
        return found

    def declared(self, e: Emitter, span: Span, wanted: T.Type) -> Emitted:
        things = [x.declared(e, span, wanted) for x in self._each(e, span)]
        if all(isinstance(x, Sugared) for x in things):
            return self
        return super().declared(e, span, wanted)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        things = self._each(e, span)
        if any(x.computes(name) for x in things):
            found = [partial(x.attribute, e, span, name) for x in things]
            return one_of(e, self.place, found)
        return item_at(e, self.place, [x.attribute(e, span, name) for x in things])

    def assign(self, e: Emitter, span: Span, name: str, value: Value) -> None:
        """`self.layers[i].name = value`."""
        from jit.frontend.module_value import ModuleValue

        def assigned(thing: Sugared) -> Emitted:
            if not isinstance(thing, ModuleValue):
                raise fail(span, "E0204", f"{thing.describe()} takes no attributes")
            thing.assign(e, span, name, value)
            return e.none()

        things = self._each(e, span)
        one_of(e, self.place, [partial(assigned, x) for x in things])

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        things = self._each(e, node.span)
        if not isinstance(node.index, t.Constant | t.Unary):
            raise fail(
                node.index.span,
                "E0301",
                f"{self.describe()} can be indexed only by a literal",
                help="choose with an `if`, or keep all of them in one list",
            )
        return item_at(e, self.place, [x.index(e, node) for x in things])

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        """Element by element, where all have as many."""
        columns: list[list[Emitted]] = []
        for thing in self._each(e, span):
            found = thing.elements(e, span)
            if found is None or (columns and len(found) != len(columns[0])):
                return None
            columns.append(found)
        rows: list[tuple[Any, ...]] = list(zip(*columns, strict=True))
        return [item_at(e, self.place, row) for row in rows]

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.higher_order import applied

        args = e.arguments(call)

        def called(thing: Emitted) -> Emitted:
            return applied(e, call.span, thing, args.positional, args.keywords)

        return one_of(e, self.place, [partial(called, x) for x in self.things])

"""Tuples of a length that is known only when the code runs: `tuple(items)`.

    t = tuple(items)       %t : int[] = aten::list(%items)
    t[0], len(t), x in t   read the list

No graph has such a tuple, so that it is read where it is made: it cannot be returned,
kept in a list or printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.sugared import BoundOperator, Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.registry import overloads_of
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


class OpenTuple(Sugared):
    """A tuple whose items are in a list that nobody else has."""

    def __init__(self, items: Value) -> None:
        self.items = items

    def describe(self) -> str:
        return "a tuple of a length that is known only at run time"

    def value(self, e: Emitter, span: Span) -> Value:
        raise fail(
            span,
            "E0306",
            f"{self.describe()} is read only where it is made",
            help="keep a list: `list(items)`",
        )

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if name == "count":
            return BoundOperator(name, "aten::count", self.items)
        return super().attribute(e, span, name)

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        from jit.frontend.indexing import slice_bounds
        from jit.frontend.operators import apply

        if isinstance(node.index, t.Slice):
            bounds = slice_bounds(e, node.index)
            return OpenTuple(apply(e, node.span, "aten::slice", self.items, *bounds))
        return item_of_tuple(e, node, self.items, e.value(node.index))


def item_of_tuple(e: Emitter, node: t.Subscript, items: Value, index: Value) -> Value:
    """The item of a list that stands for a tuple; raises what a tuple raises."""
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.operators import apply
    from jit.frontend.refine import Condition

    if index.type == T.BOOL:
        index = apply(e, node.span, "aten::Int", index)
    if index.type == T.INT:
        length = e.op("aten::len", items)
        is_low = e.op("aten::lt", index, e.op("aten::neg", length))
        is_high = e.op("aten::ge", index, length)
        message = e.b.constant("tuple index out of range")
        choose(
            e,
            Condition(e.op("aten::__or__", is_low, is_high)),
            lambda: raise_now(e, message, "IndexError"),
            list,
        )
    return apply(e, node.span, "aten::__getitem__", items, index)


def opened(x: Emitted) -> Emitted:
    """An open tuple as the list of its items, to be read; others as they are."""
    return x.items if isinstance(x, OpenTuple) else x


def beside(e: Emitter, a: Emitted, b: Emitted) -> tuple[Value, Value] | None:
    """The items of two tuples, one of them open, as lists; None for other things."""
    if not isinstance(a, OpenTuple) and not isinstance(b, OpenTuple):
        return None
    lists = [_items(e, x) for x in (a, b)]
    left, right = lists
    return None if left is None or right is None else (left, right)


def _items(e: Emitter, x: Emitted) -> Value | None:
    from jit.frontend.walks import as_list

    if isinstance(x, OpenTuple):
        return x.items
    if isinstance(x, Value) and T.tuple_elements(x.type) is not None:
        return as_list(e, e.b.unpack(x), e.b.span)
    return None


def as_operand(kind: str, x: Emitted) -> Emitted:
    """An argument of an operator, which may read the items and never keeps the tuple."""
    if not isinstance(x, OpenTuple) or kind in _SHOWING:
        return x
    keeps = any(
        T.contains_variable(a.type) or a.type == T.ANY
        for card in overloads_of(kind)
        for a in card.schema.arguments
    )
    return x if keeps else x.items


_SHOWING = ("aten::format", "aten::str", "aten::repr", "aten::percentFormat")

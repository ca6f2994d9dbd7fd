"""How each kind of iterable is walked: a number of items and a way to get each.

range(a, b, c)     aten::__range_length, aten::__derive_index
a list, a str      aten::len, aten::__getitem__
a Tensor           aten::len, aten::select
enumerate, zip     pairs of what their parts give
tuples, modules    item by item, where the length is known
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.frontend import magic
from jit.frontend.arguments import known_elements
from jit.frontend.call import maybe_none
from jit.frontend.emit_iterator import refuse_iterator
from jit.frontend.failures import a_type, fail
from jit.frontend.open_tuples import OpenTuple
from jit.frontend.operators import apply
from jit.frontend.sugared import (
    Emitted,
    EnumerateValue,
    MapValue,
    RangeValue,
    ReversedValue,
    Sugared,
    SugaredTuple,
    ZipValue,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.ir.unification import either

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


VIEWS = ("aten::keys", "aten::values", "aten::items")


@dataclass(slots=True)
class Walk:
    """An iterable as a number of items and a way to get each."""

    length: Callable[[], Value]
    item: Callable[[Value], Emitted]
    watched: tuple[Value, ...] = ()
    """The lists that are walked, which may change meanwhile; the dicts whose keys,
    values or items are walked, which must keep their size."""
    has: Callable[[Value], Value] | None = None
    """Whether there is, now, an item of this number; else whether `length` is larger."""


def walk_of(e: Emitter, x: Emitted, span: Span) -> Walk:
    """How to walk a value; CompileError E0306 if it cannot be."""
    match x:
        case RangeValue():
            return _walk_range(e, x, span)
        case OpenTuple():
            return _walk_value(e, x.items, span)
        case EnumerateValue():
            return _walk_enumerate(e, x, span)
        case ZipValue():
            return _walk_zip(e, x, span)
        case ReversedValue():
            return _walk_reversed(e, x, span)
        case MapValue():
            return _walk_map(e, x, span)
        case Value():
            return _walk_value(e, x, span)
    items = x.elements(e, span)
    if items is not None:
        values = [e.as_value(i, span) for i in items]
        return _walk_value(e, as_list(e, values, span), span)
    raise _not_iterable(x.describe(), span)


def _not_iterable(what: str, span: Span) -> Exception:
    return fail(
        span,
        "E0306",
        f"{what} cannot be walked by a loop",
        help="loop over a range, a list, a tuple, a str, a dict or a Tensor",
    )


def _walk_value(e: Emitter, x: Value, span: Span) -> Walk:
    match x.type:
        case T.ListType():
            return Walk(
                lambda: e.op("aten::len", x),
                lambda i: e.op("aten::__getitem__", x, i),
                (x.node.inputs[0] if x.node.kind in VIEWS else x,),
            )
        case T.SimpleType("str"):
            return Walk(
                lambda: e.op("aten::len", x), lambda i: e.op("aten::__getitem__", x, i)
            )
        case T.SetType():
            # in whatever order it has
            return _walk_value(e, apply(e, span, "aten::list", x), span)
        case T.DictType():
            keys = apply(e, span, "aten::keys", x)
            return _walk_value(e, keys, span)
        case T.TensorType():
            # the length raises for a 0-dim Tensor, as Python does
            length = apply(e, span, "aten::len", x)
            return Walk(lambda: length, lambda i: e.op("aten::select", x, 0, i))
        case T.ArrayType():
            length = apply(e, span, "np::len", x)
            return Walk(lambda: length, lambda i: e.op("np::select", x, 0, i))
        case T.TupleType() | T.NamedTupleType():
            return _walk_value(e, as_list(e, e.b.unpack(x), span), span)
        case T.OptionalType():
            raise maybe_none(span, x)
        case T.ClassType():
            return _walk_instance(e, x, span)
    raise _not_iterable(f"{a_type(x.type)}", span)


def _walk_instance(e: Emitter, x: Value, span: Span) -> Walk:
    """What `__iter__` gives, a list say; else the items from 0 to the length."""
    found = magic.call_magic(e, span, x, "__iter__")
    if found is not None:
        refuse_iterator(e, found, span)
        return walk_of(e, found, span)
    what = "cannot be walked by a loop"
    length = magic.call_magic(e, span, x, "__len__")
    if length is None:
        magic.need_magic(e, span, x, "__iter__", what)
    known = length
    assert known is not None
    return Walk(
        lambda: known,
        lambda i: magic.need_magic(e, span, x, "__getitem__", what, i),
    )


def _walk_range(e: Emitter, r: RangeValue, span: Span) -> Walk:
    if r.start is None and r.step is None:
        # a negative count gives no round, as Python's range
        return Walk(lambda: r.stop, lambda i: i)
    start = r.start or e.b.constant(0)
    step = r.step or e.b.constant(1)
    length = e.op("aten::__range_length", start, r.stop, step)
    return Walk(lambda: length, lambda i: e.op("aten::__derive_index", i, start, step))


def _walk_enumerate(e: Emitter, x: EnumerateValue, span: Span) -> Walk:
    inner = walk_of(e, x.iterable, span)

    def item(i: Value) -> Emitted:
        number = i if x.start is None else e.op("aten::add", i, x.start)
        return _pair(e, [number, inner.item(i)])

    return Walk(inner.length, item, inner.watched, inner.has)


def _walk_zip(e: Emitter, x: ZipValue, span: Span) -> Walk:
    walks = [walk_of(e, i, span) for i in x.iterables]
    if not walks:
        raise fail(span, "E0306", "`zip` needs something to walk")
    watched = tuple(x for w in walks for x in w.watched)

    def length() -> Value:
        lengths = [w.length() for w in walks]
        if len(lengths) == 1:
            return lengths[0]
        return e.op("prim::min", e.b.list(lengths, T.INT))

    def has(i: Value) -> Value:
        found = [has_item(e, w, i) for w in walks]
        return functools.reduce(lambda x, y: e.op("aten::__and__", x, y), found)

    return Walk(length, lambda i: _pair(e, [w.item(i) for w in walks]), watched, has)


def _walk_reversed(e: Emitter, x: ReversedValue, span: Span) -> Walk:
    inner = walk_of(e, x.iterable, span)
    length = inner.length()

    def place(i: Value) -> Value:
        return e.op("aten::sub", e.op("aten::sub", length, 1), i)

    def has(i: Value) -> Value:
        # what was there when it began, as far as it is there now
        begun = e.op("aten::lt", i, length)
        return e.op("aten::__and__", begun, has_item(e, inner, place(i)))

    return Walk(lambda: length, lambda i: inner.item(place(i)), inner.watched, has)


def _walk_map(e: Emitter, x: MapValue, span: Span) -> Walk:
    from jit.frontend.higher_order import applied

    inner = walk_of(e, ZipValue(x.iterables), span)

    def item(i: Value) -> Emitted:
        parts = inner.item(i).elements(e, span)  # type: ignore[union-attr]
        return applied(e, span, x.function, parts or [])

    return Walk(inner.length, item, inner.watched, inner.has)


def has_item(e: Emitter, walk: Walk, i: Value) -> Value:
    """Whether a walk has an item of a number, asked again."""
    return walk.has(i) if walk.has else e.op("aten::lt", i, walk.length())


def _pair(e: Emitter, items: list[Emitted]) -> Emitted:
    return SugaredTuple(items)


def unrolled_items(e: Emitter, x: Emitted, span: Span) -> list[Emitted] | None:
    """The items of a tuple, of modules, or of an enumeration or zip of such."""
    match x:
        case EnumerateValue():
            items = unrolled_items(e, x.iterable, span)
            if items is None:
                return None
            start = x.start or e.b.constant(0)
            return [
                SugaredTuple([_counted(e, start, i), item])
                for i, item in enumerate(items)
            ]
        case ZipValue():
            parts = [unrolled_items(e, i, span) for i in x.iterables]
            if all(p is None for p in parts):
                return None
            if any(p is None for p in parts):
                return _zip_with_tensors(e, x, parts, span)
            known = [p for p in parts if p is not None]
            return [SugaredTuple(group) for group in zip(*known, strict=False)]
        case ReversedValue():
            items = unrolled_items(e, x.iterable, span)
            return None if items is None else items[::-1]
        case MapValue():
            from jit.frontend.higher_order import applied

            groups = unrolled_items(e, ZipValue(x.iterables), span)
            if groups is None:
                return None
            return [
                applied(e, span, x.function, g.elements(e, span) or [])  # type: ignore[union-attr]
                for g in groups
            ]
        case RangeValue():
            return None
    return known_elements(e, x, span)


def _counted(e: Emitter, start: Value, i: int) -> Value:
    if isinstance(start.constant, int):
        return e.b.constant(start.constant + i)
    return e.op("aten::add", start, i)


def _zip_with_tensors(
    e: Emitter, x: ZipValue, parts: list[list[Emitted] | None], span: Span
) -> list[Emitted] | None:
    """`zip(modules, values)`: as many rounds as there are modules."""
    if not any(p and isinstance(p[0], Sugared) for p in parts):
        return None
    raise fail(
        span,
        "E0306",
        "`zip` of modules and of values whose number is known only at run time",
        help="index the values: `for i, m in enumerate(self.layers): m(xs[i])`",
    )


def as_list(e: Emitter, values: list[Value], span: Span) -> Value:
    """A list of values, which may be of several types."""
    joined = values[0].type if values else T.TENSOR
    for value in values[1:]:
        joined = either(joined, value.type)
    return e.b.list(values, joined)

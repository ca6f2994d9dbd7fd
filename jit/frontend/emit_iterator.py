"""Loops over iterators: instances whose class has `__next__`.

for x in lines:          %1 = iter(lines)
    body                 while True:
                  →          try:
                                 item = %1.__next__()
                             except StopIteration:
                                 break
                             x = item
                             body
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def walked_by(e: Emitter, x: Emitted, span: Span) -> Emitted:
    """What a loop walks: of an instance, that is what its `__iter__` gives."""
    if not isinstance(x, Value) or not isinstance(x.type, T.ClassType):
        return x
    made = magic.call_magic(e, span, x, "__iter__")
    return x if made is None else made


def is_iterator(e: Emitter, x: Emitted) -> bool:
    """Whether its class has `__next__`."""
    return magic.is_instance(x) and magic.find_method(e, x, "__next__") is not None


def refuse_iterator(e: Emitter, x: Emitted, span: Span) -> None:
    """Iterators are asked by `for` statements, which end where they raise."""
    if is_iterator(e, x):
        raise fail(
            span,
            "E0306",
            "an instance with `__next__` is walked only by a `for` statement",
            help="collect what it gives: `for x in it: found.append(x)`",
        )


def emit_iterator(e: Emitter, node: t.For, iterator: Value) -> None:
    """A `for` statement that asks an iterator for its items."""
    from jit.frontend.resolver import resolve_object

    span = node.iterable.span
    e.rounds += 1
    source, item, stop = (
        t.Name(span, f"<{what} {e.rounds}>") for what in ("iterator", "next", "stop")
    )
    e.assign(source.id, iterator, span)
    e.assign(stop.id, resolve_object(e, span, StopIteration, "StopIteration"), span)
    following = t.Call(span, t.Attribute(span, source, "__next__"), (), ())
    leave = t.Handler(span, stop, None, (t.Break(span),))
    ask = t.Try(span, (t.Assign(span, (item,), following),), (leave,), (), ())
    take = t.Assign(span, (node.target,), item)
    body = (ask, take, *node.body)
    loop = t.While(node.span, t.Constant(span, True), body, node.flag)
    e.liveness.add((loop,), e.liveness.after(node))
    e.statements((loop,))

"""Unrolled loops that are left by `break` or `continue`.

    for layer in layers:            broken = False
        if test:                    layer = layers[0]
            break          ->       for _ in range(1):
        x = layer(x)                    if test:
                                            broken = True
                                            break
                                        x = layer(x)
                                    if not broken:
                                        layer = layers[1]
                                        ...

A round is a loop that is run once: both statements leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.loop_exits import flag_breaks
from jit.frontend.sugared import Emitted

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

ONCE = "<once>"


def emit_rounds(e: Emitter, node: t.For, items: list[Emitted]) -> None:
    """One round for each item, until one breaks."""
    from jit.frontend.resolver import resolve_object

    span = node.span
    e.rounds += 1
    broken = t.Name(span, f"<left {e.rounds}>")
    once = t.Name(span, ONCE)
    e.assign(ONCE, resolve_object(e, span, range, ONCE), span)
    rounds: tuple[t.Stmt, ...] = ()
    for i, item in reversed(list(enumerate(items))):
        name = t.Name(span, f"<item {e.rounds} {i}>")
        e.assign(name.id, item, span)
        again = t.If(span, t.Unary(span, "not", broken), rounds, ()) if rounds else None
        body = tuple(flag_breaks(node.body, broken.id))
        trips = t.Call(span, once, (t.Constant(span, 1),), ())
        rounds = (
            t.Assign(span, (node.target,), name),
            t.For(span, t.Name(span, "<round>"), trips, body),
            *([] if again is None else [again]),
        )
    begin = t.Assign(span, (broken,), t.Constant(span, False))
    statements = (begin, *rounds)
    e.liveness.add(statements, e.liveness.after(node))
    e.statements(statements)

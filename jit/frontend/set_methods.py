"""Methods of sets: `s.add(x)`, `s.union(a, b)`, `s |= t`.

An argument of a method may be any iterable: it becomes a set first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.coerce import is_untyped, mark_untyped, settle
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.settling import widened
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Emit = Callable[["Emitter", "t.Call", Value], Emitted]

CHANGING = {
    "update": "aten::update",
    "intersection_update": "aten::intersection_update",
    "difference_update": "aten::difference_update",
    "symmetric_difference_update": "aten::symmetric_difference_update",
}
JOINING = {
    "union": "aten::__or__",
    "intersection": "aten::__and__",
    "difference": "aten::sub",
    "symmetric_difference": "aten::__xor__",
}
ASKING = {
    "issubset": "aten::le",
    "issuperset": "aten::ge",
    "isdisjoint": "aten::isdisjoint",
}
OF_ELEMENT = {
    "add": "aten::set_add",
    "discard": "aten::discard",
    "remove": "aten::remove",
}
PLAIN = {"pop": "aten::pop", "clear": "aten::clear", "copy": "aten::copy"}
IN_PLACE = {
    "|": "aten::update",
    "&": "aten::intersection_update",
    "-": "aten::difference_update",
    "^": "aten::symmetric_difference_update",
}
"""`s op= other`, by the sign of the operator."""


def set_of(e: Emitter, x: Emitted, span: Span) -> Value:
    """A new set of what a loop over `x` would give."""
    from jit.frontend.builtins import list_of

    if isinstance(x, Value) and isinstance(x.type, T.SetType):
        return apply(e, span, "aten::copy", x)
    return apply(e, span, "aten::set", list_of(e, x, span))


def empty_set(e: Emitter, node: t.Expr) -> Value:
    """`set()`, whose first use chooses its type."""
    hint = e.hints.get(node)
    element = hint.element if isinstance(hint, T.SetType) else T.TENSOR
    made = e.op("aten::set", e.b.list([], element))
    mark_untyped(made.node, node)
    return made


def _other(e: Emitter, x: Emitted, owner: Value, span: Span) -> Value:
    """An argument of a method as a set of the owner's type."""
    made = x if isinstance(x, Value) and isinstance(x.type, T.SetType) else None
    if made is None:
        made = set_of(e, x, span)
    if is_untyped(owner) and not owner.uses:
        settle(owner, made.type)
    elif is_untyped(made):
        settle(made, owner.type)
    return made


def _emit(name: str) -> Emit:
    def emit(e: Emitter, call: t.Call, owner: Value) -> Emitted:
        args = e.arguments(call).positional
        span = call.span
        if name in OF_ELEMENT and len(args) == 1:
            item = e.as_value(args[0], span)
            if is_untyped(owner):
                settle(owner, T.SetType(widened(item.type)))
            return apply(e, span, OF_ELEMENT[name], owner, item)
        if name in PLAIN and not args:
            return apply(e, span, PLAIN[name], owner)
        if name in ASKING and len(args) == 1:
            other = _other(e, args[0], owner, span)
            return apply(e, span, ASKING[name], owner, other)
        if name in CHANGING:
            for x in args:
                apply(e, span, CHANGING[name], owner, _other(e, x, owner, span))
            return e.none()
        if name in JOINING:
            found = owner if args else apply(e, span, "aten::copy", owner)
            for x in args:
                found = apply(e, span, JOINING[name], found, _other(e, x, owner, span))
            return found
        raise fail(
            span, "E0304", f"`{name}` of a set is given {len(args)} arguments in vain"
        )

    return emit


SET_METHODS: dict[str, Emit] = {
    name: _emit(name) for name in (*OF_ELEMENT, *PLAIN, *ASKING, *CHANGING, *JOINING)
}


def update_in_place(e: Emitter, span: Span, op: str, owner: Value, x: Emitted) -> None:
    """`owner op= x`."""
    other = e.as_value(x, span)
    if is_untyped(owner) and isinstance(other.type, T.SetType):
        settle(owner, other.type)
    apply(e, span, IN_PLACE[op], owner, other)

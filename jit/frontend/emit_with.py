"""Emit `with`: enter each context, run the body, leave the contexts in reverse.

    with p as q:       %q = prim::CallMethod[name="__enter__"](%p)
        body           prim::Try()
                   →     block0(): ... the body
                         block1(%e : Exception):
                           prim::CallMethod[name="__exit__"](%p, %e, %e, %none)
                           prim::ReRaise(%e), unless `__exit__` gave something true
                       prim::CallMethod[name="__exit__"](%p, %none, %none, %none)

`return`, `break` and `continue` leave the contexts around them first. What operators
give inside of `torch.no_grad()` is detached; `torch.enable_grad()` tells the thread, for
the caller may have switched gradients off. What `torch.autocast()` casts is cast
before each operator. Other contexts of torch leave no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.assigned import assigned
from jit.frontend.failures import fail
from jit.frontend.leaving import Exit, leaves, raise_again
from jit.frontend.sugared import Emitted, NoContext
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_with(e: Emitter, s: t.With) -> None:
    """A `with` statement."""
    _emit_from(e, s, 0)


def _emit_from(e: Emitter, s: t.With, place: int) -> None:
    """The contexts from one on, and the body."""
    from jit.frontend.emit_assign import assign

    if place == len(s.contexts):
        e.statements(s.body)
        return
    node: t.Expr = s.contexts[place]
    target: t.Expr | None = None
    match node:
        case t.Context(_, value, place_of):
            node, target = value, place_of
    context = e.expr(node)
    if isinstance(context, NoContext):
        if target is not None:
            assign(e, target, context, target.span)
        if isinstance(context.grads, Value):
            _emit_recording(e, s, place, context.grads)
            return
        dtype = e.compilation.autocast
        if context.casts is not None:
            dtype = context.casts or None
        with e.compilation.recording(context.grads), e.compilation.casting(dtype):
            _emit_from(e, s, place + 1)
        return
    _emit_entered(e, s, place, context, target, node.span)


def _emit_recording(e: Emitter, s: t.With, place: int, mode: Value) -> None:
    """The body of `torch.enable_grad()`: the caller may have switched gradients off."""
    from jit.frontend.emit_try import protect

    before = e.op("aten::is_grad_enabled")
    e.b.op("aten::set_grad_enabled", mode)

    def leave() -> None:
        e.b.op("aten::set_grad_enabled", before)

    def body() -> None:
        with Exit(e, False, leave).around(), e.compilation.recording(True):
            _emit_from(e, s, place + 1)

    def handler(caught: Value) -> None:
        leave()
        raise_again(e, caught)

    live = e.liveness.after(s)
    inner = t.With(s.span, s.contexts[place + 1 :], s.body)
    protect(e, s, assigned([inner]), live, body, handler)
    if not e.frame.is_closed:
        leave()


def _emit_entered(
    e: Emitter,
    s: t.With,
    place: int,
    context: Emitted,
    target: t.Expr | None,
    span: Span,
) -> None:
    from jit.frontend.emit_assign import assign
    from jit.frontend.emit_try import protect

    if (
        not isinstance(context, Value)
        or magic.find_method(e, context, "__exit__") is None
    ):
        raise fail(
            span,
            "E0102",
            "this context is not accepted in compiled code",
            help="accepted are `torch.no_grad()`, and instances of classes with the"
            " methods `__enter__` and `__exit__`",
        )
    what = "is no context"
    entered = magic.need_magic(e, span, context, "__enter__", what)
    if target is not None:
        assign(e, target, entered, span)
    way_out = Exit(e, leaves(s.body), lambda: emit_exit(e, context, span))

    def body() -> None:
        with way_out.around():
            _emit_from(e, s, place + 1)

    def handler(caught: Value) -> None:
        way_out.unless_left(
            lambda: _leave_by_exception(e, context, caught, span), caught, live
        )

    live = e.liveness.after(s)
    inner = t.With(s.span, s.contexts[place + 1 :], s.body)
    protect(e, s, assigned([inner]), live, body, handler)
    if not e.frame.is_closed:
        emit_exit(e, context, span)


def emit_exit(
    e: Emitter, context: Value, span: Span, caught: Value | None = None
) -> Value:
    """`__exit__`, with the exception that leaves if there is one."""
    none = e.none()
    error = none if caught is None else caught
    what = "is no context"
    return magic.need_magic(e, span, context, "__exit__", what, error, error, none)


def _leave_by_exception(e: Emitter, context: Value, caught: Value, span: Span) -> None:
    """Raise again, unless the context held the exception back."""
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import truth

    result = emit_exit(e, context, span, caught)

    if result.type == T.NONE:
        raise_again(e, caught)
        return
    held_back = truth(e, result, t.Constant(span, None))
    choose(e, held_back, list, lambda: raise_again(e, caught))

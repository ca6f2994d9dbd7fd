"""Emit `raise` and `assert`: the class by its name, the message as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.emit_control import choose
from jit.frontend.failures import fail
from jit.frontend.operators import apply
from jit.frontend.refine import emit_condition, holds
from jit.frontend.sugared import (
    Emitted,
    ExceptionClass,
    MadeException,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.runtime.exceptions import register_exception

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_raise(e: Emitter, s: t.Raise) -> None:
    if s.exception is None:
        if not e.handlers:
            raise fail(s.span, "E0102", "a bare `raise` is accepted only in a handler")
        e.b.node("prim::ReRaise", [e.handlers[-1]])
        e.frame.is_closed = True
        return
    node = s.exception
    found = e.expr(node)
    if isinstance(found, Value) and found.type == T.EXCEPTION:
        if s.cause is not None:
            raise fail(
                s.cause.span,
                "E0102",
                "`from` is accepted only where a new exception is raised",
                help='as in `raise ValueError("message") from error`',
            )
        e.b.node("prim::ReRaise", [found])
        e.frame.is_closed = True
        return
    message = e.none()
    if isinstance(found, MadeException):
        message, found = found.message, found.cls
    if not isinstance(found, ExceptionClass):
        raise fail(
            node.span,
            "E0301",
            "only an exception can be raised",
            help='raise a class of exceptions, as in `raise ValueError("message")`',
        )
    name = exception_name(found.obj, node.span)
    raise_now(e, message, name, *_cause(e, s.cause))


def _cause(e: Emitter, cause: t.Expr | None) -> list[Value]:
    """What stands after `from`."""
    if cause is None:
        return []
    found = e.expr(cause)
    if isinstance(found, Value) and found.type in (T.EXCEPTION, T.NONE):
        return [found]
    raise fail(
        cause.span,
        "E0301",
        "an exception is raised from one that was caught, or from None",
        help="name the exception of the handler: `except ValueError as error:`",
    )


def message_of(e: Emitter, call: t.Call) -> Value:
    """The message of an exception that is made."""
    if call.keywords or any(isinstance(a, t.Starred) for a in call.args):
        raise fail(
            call.span,
            "E0304",
            "an exception takes its arguments one by one in compiled code",
            help="put everything into one f-string",
        )
    if not call.args:
        return e.none()
    if len(call.args) > 1:
        return e.b.tuple([e.value(a) for a in call.args])
    value = e.value(call.args[0])
    if value.type in (T.INT, T.FLOAT, T.BOOL):
        return value  # `KeyError(3)` and `KeyError("3")` differ
    return as_text(e, value, call.args[0].span)


def as_text(e: Emitter, value: Value, span: Span) -> Value:
    """`str(value)`."""
    if value.type == T.STR:
        return value
    if value.type == T.EXCEPTION:
        return e.b.node("prim::ExceptionMessage", [value], [T.STR]).output
    if magic.has(e, value, *magic.TEXT):
        return magic.text(e, span, value)
    return apply(e, span, "aten::str", value)


def exception_name(cls: type[BaseException], span: Span) -> str:
    """The name by which the runtime finds a class of exceptions again."""
    if not issubclass(cls, Exception):
        raise fail(
            span,
            "E0301",
            f"`{cls.__name__}` cannot be raised or caught in compiled code",
            help="use a class that derives from Exception",
        )
    return register_exception(cls)


def raise_now(e: Emitter, message: Value, name: str, *cause: Value) -> list[Emitted]:
    """Raise an exception of the named class, from another one if that is given."""
    e.b.node("prim::RaiseException", [message, e.b.constant(name), *cause])
    e.frame.is_closed = True
    return []


def emit_assert(e: Emitter, s: t.Assert) -> None:
    condition = emit_condition(e, s.test)
    if condition.static is True:
        return

    def broken() -> list[Emitted]:
        message = e.none()
        if s.message is not None:
            message = as_text(e, e.value(s.message), s.message.span)
        return raise_now(e, message, "AssertionError")

    choose(e, condition, list, broken, live=e.liveness.after(s))
    if condition.static is None:
        holds(e, condition.then)

"""Calls of functions marked `@jit.ignore`, which stay Python, and `@jit.unused`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from jit.frontend.annotations import HintError, type_of_hint
from jit.frontend.arguments import Arguments
from jit.frontend.failures import fail
from jit.frontend.parameters import argument_type, fit_arguments, match_parameters
from jit.frontend.scope import Scope
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.schema import REQUIRED, Argument
from jit.ir.span import Span
from jit.runtime.python_calls import KIND, register

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

UNUSED = "`{}` is marked `@unused` and cannot be called in compiled code"


def mark_of(fn: Any) -> str:
    """`ignore`, `unused`, or nothing for what is compiled."""
    mark: str = getattr(fn, "_jit_mark", "")
    return mark if mark in ("ignore", "unused") else ""


def call_marked(
    e: Emitter, span: Span, fn: Any, args: Arguments, owner: Value | None = None
) -> Value:
    """Call a function that is marked, or a method of a value."""
    name = fn.__name__
    result = _hint(fn, "return", span) or T.TENSOR
    if mark_of(fn) == "unused":
        message = e.b.constant(UNUSED.format(name))
        e.b.node("prim::RaiseException", [message, e.b.constant("RuntimeError")])
        return e.b.node("prim::Uninitialized", (), [result]).output
    if owner is not None and isinstance(owner.type, T.ModuleType):
        raise fail(
            span,
            "E0205",
            f"`{name}` is marked `@ignore` and needs the Python object of a module",
            help="make it a function, and pass what it needs of the module",
        )
    parameters = _parameters(e, fn, args, span, 0 if owner is None else 1)
    given = match_parameters(span, parameters, args, name)
    inputs = fit_arguments(e, span, parameters, given, args)
    if owner is not None:
        inputs = [owner, *inputs]
    node = e.b.node(KIND, inputs, [result], name=register(fn))
    return e.none() if result == T.NONE else node.output


def _parameters(
    e: Emitter, fn: Any, args: Arguments, span: Span, skip: int
) -> list[Argument]:
    """The parameters but some; those without annotation take what the call gives."""
    found = []
    parameters = list(inspect.signature(fn).parameters.values())[skip:]
    for number, p in enumerate(parameters):
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise fail(
                span,
                "E0205",
                f"`{fn.__name__}` is marked `@ignore` and takes any number of arguments",
                help="name its parameters",
            )
        type = _hint(fn, p.name, span)
        if type is None:
            type = T.ANY
            if p.name in args.keywords:
                type = argument_type(e, (args.keywords[p.name], p.name), span)
            elif number < len(args.positional):
                type = argument_type(e, (args.positional[number], number), span)
        default = REQUIRED if p.default is p.empty else p.default
        found.append(Argument(p.name, type, default, p.kind is p.KEYWORD_ONLY))
    return found


def _hint(fn: Any, name: str, span: Span) -> T.Type | None:
    if name not in fn.__annotations__:
        return None
    try:
        return type_of_hint(fn.__annotations__[name], Scope.of(fn))
    except HintError as error:
        raise fail(
            span,
            "E0308",
            f"`{name}` of `{fn.__name__}` is not annotated with a type of compiled code",
            notes=(str(error),),
        ) from None

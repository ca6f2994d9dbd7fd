"""`jit.fork(f, x)` and `jit.wait(future)` in compiled code.

    fork(f, x)      %y : Future(int) = prim::fork(%forked, %x)
    wait(y)         %z : int = aten::wait(%y)

What is forked is a function of the program that calls `f`: a method of a module and a
lambda can be forked as well as a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, emit_arguments
from jit.frontend.capturing import Bound
from jit.frontend.failures import a_type, fail
from jit.frontend.sugared import BoundBuiltin, Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.compiler import Callee
    from jit.frontend.emit import Emitter

FUNCTION = "<function>"
"""The name under which the forked function finds what it calls."""


def emit_fork(e: Emitter, call: t.Call) -> Emitted:
    """`fork(function, *args, **keywords)`."""
    from jit.frontend.call_python import call_version
    from jit.frontend.local_functions import LocalFunction, closed, signature_of_local

    args = emit_arguments(e, call)
    function = args.positional.pop(0) if args.positional else None
    if not isinstance(function, Sugared):
        raise fail(call.span, "E0304", "`fork` takes a function and its arguments")
    args.spans = {
        k - 1 if isinstance(k, int) else k: span for k, span in args.spans.items()
    }
    tree = _caller(len(args.positional), tuple(args.keywords), call.span)
    bound: Bound = {FUNCTION: closed(e, function)}
    forked = LocalFunction(tree, e.scope, None, {}, bound)
    signature = signature_of_local(forked)

    def version(arg_types: dict[str, T.Type], bound: Bound) -> Callee:
        return e.compilation.local(forked, signature, e.owner, arg_types, bound)

    return call_version(
        e,
        call.span,
        "fork",
        signature.parameters,
        args,
        version,
        bound,
        kind="prim::fork",
    )


_CALLERS: dict[tuple[object, ...], t.FunctionTree] = {}


def _caller(count: int, keywords: tuple[str, ...], span: Span) -> t.FunctionTree:
    """`def forked(a0, a1, key): return <function>(a0, a1, key=key)`, one for each place.

    The same for each time that a place is emitted, so that it is compiled once.
    """
    key = (count, keywords, span)
    found = _CALLERS.get(key)
    if found is None:
        found = _CALLERS[key] = _make_caller(count, keywords, span)
    return found


def _make_caller(count: int, keywords: tuple[str, ...], span: Span) -> t.FunctionTree:
    names = [f"a{i}" for i in range(count)]
    params = [t.Param(span, n, None, False, False) for n in names]
    params += [t.Param(span, k, None, False, True) for k in keywords]
    called = t.Call(
        span,
        t.Name(span, FUNCTION),
        tuple(t.Name(span, n) for n in names),
        tuple(t.Keyword(span, k, t.Name(span, k)) for k in keywords),
    )
    body = (t.Return(span, called),)
    return t.FunctionTree(span, "forked", tuple(params), None, body, "")


def emit_wait(e: Emitter, call: t.Call) -> Emitted:
    """`wait(future)`."""
    args = e.arguments(call)
    if len(args.positional) != 1 or args.keywords:
        raise fail(call.span, "E0304", "`wait` takes a future")
    return waited(e, call.span, e.as_value(args.positional[0], call.span))


def waited(e: Emitter, span: Span, future: Value) -> Value:
    """What a future gives."""
    if not isinstance(future.type, T.FutureType):
        raise fail(
            span,
            "E0304",
            f"`wait` takes a future and is given {a_type(future.type)}",
            help="give it what `jit.fork(...)` returned",
        )
    return e.b.node("aten::wait", [future], [future.type.element]).output


def future_method(e: Emitter, x: Value, name: str) -> Emitted | None:
    """`future.wait()`; None for other names."""
    if name != "wait":
        return None

    def emit(e: Emitter, call: t.Call, owner: Value) -> Emitted:
        given: Arguments = e.arguments(call)
        if given.positional or given.keywords:
            raise fail(call.span, "E0304", f"`{name}` takes no argument")
        return waited(e, call.span, owner)

    return BoundBuiltin(name, x, emit)

"""Calls of functions with declared overloads: the first one that takes the arguments.

The implementation is compiled with the types of that declaration, and gives what it says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend.arguments import Arguments
from jit.frontend.coerce import is_untyped
from jit.frontend.failures import fail
from jit.frontend.signature import Parameter, Signature, signature_of
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.span import Span
from jit.ir.subtyping import is_subtype
from jit.modules.overloads import overloads_of

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def overload_for(
    e: Emitter, span: Span, fn: Any, args: Arguments, *, is_method: bool = False
) -> Signature | None:
    """The signature with the types of the overload that a call means.

    None where a function declares none; CompileError E0304 where none takes the call.
    """
    declared = overloads_of(fn)
    if not declared:
        return None
    with e.compilation.calling(span):
        own = signature_of(fn)
        signatures = [signature_of(d) for d in declared]
    for s in signatures:
        if _takes(e, span, s.parameters[is_method:], args):
            return _typed(own, s)
    known = "; ".join(s.schema.format_signature() for s in signatures)
    raise fail(
        span,
        "E0304",
        f"no overload of `{fn.__name__}` takes these arguments",
        notes=(f"declared are {known}",),
        help="convert the arguments, or declare an overload for them",
    )


def _takes(
    e: Emitter,
    span: Span,
    parameters: Sequence[Parameter],
    args: Arguments,
) -> bool:
    names = [p.name for p in parameters if not p.keyword_only]
    if len(args.positional) > len(names):
        return False
    given: dict[str, Emitted] = dict(zip(names, args.positional, strict=False))
    if given.keys() & args.keywords.keys():
        return False
    given |= args.keywords
    types = {p.name: p.type for p in parameters}
    if not given.keys() <= types.keys():
        return False
    return all(_fits(e, span, x, types[n]) for n, x in given.items())


def _fits(e: Emitter, span: Span, x: Emitted, type: T.Type) -> bool:
    """Whether an argument has a type as it is: Python converts nothing either."""
    value = e.as_value(x, span)
    if is_untyped(value):
        base = type.element if isinstance(type, T.OptionalType) else type
        return value.type.__class__ is base.__class__
    return is_subtype(value.type, type)


def _typed(own: Signature, declared: Signature) -> Signature:
    """The implementation's signature with the types of a declaration."""
    types = {p.name: p.annotation for p in declared.parameters}
    parameters = tuple(
        dataclasses.replace(p, annotation=types.get(p.name))
        if p.annotation is None and not p.gathers
        else p
        for p in own.parameters
    )
    returns = own.returns if declared.returns is None else declared.returns
    return dataclasses.replace(own, parameters=parameters, returns=returns)

"""Calls of functions that have Python source: each version compiled on the way.

f(1, *rest, **options)     `*args` gets a tuple, of a list it does not know a list;
                           `**kwargs` gets a dict
apply(double, x)           a function argument makes a version of the callee
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, emit_arguments
from jit.frontend.autocasting import refuse_stored
from jit.frontend.capturing import Bound, values_in
from jit.frontend.coerce import coerce
from jit.frontend.failures import fail
from jit.frontend.no_gradients import without_gradients
from jit.frontend.overloaded import overload_for
from jit.frontend.parameters import (
    argument_type,
    called,
    fit_arguments,
    match_parameters,
)
from jit.frontend.returned_functions import received
from jit.frontend.sugared import (
    Emitted,
    KnownOptions,
    SpreadList,
    Sugared,
    SugaredTuple,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.schema import FunctionSchema
from jit.ir.span import Span
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.compiler import Callee
    from jit.frontend.emit import Emitter
    from jit.frontend.signature import Parameter

Given = dict[str, tuple[Emitted, int | str]]


def call_function(
    e: Emitter, call: t.Call, fn: Any, args: Arguments | None = None
) -> Emitted:
    """Call a Python function, compiled on the way for the types of this call.

    With `args`, those are the arguments, emitted already.
    """
    from jit.frontend.marked import call_marked, mark_of
    from jit.frontend.signature import signature_of

    if mark_of(fn):
        return call_marked(e, call.span, fn, args or emit_arguments(e, call))
    with e.compilation.calling(call.span):
        signature = signature_of(fn)

    if args is None:
        args = emit_arguments(e, call, spreads=True)
    overload = overload_for(e, call.span, fn, args)

    def version(arg_types: dict[str, T.Type], bound: Bound) -> Callee:
        return e.compilation.function(fn, arg_types, bound=bound, overload=overload)

    parameters = (overload or signature).parameters
    return call_version(e, call.span, fn.__name__, parameters, args, version)


def call_version(
    e: Emitter,
    span: Span,
    name: str,
    parameters: Sequence[Parameter],
    args: Arguments,
    version: Any,
    bound: Bound | None = None,
    defaults: Mapping[str, Emitted] | None = None,
    kind: str = "prim::CallFunction",
) -> Emitted:
    """Call the version of a function for the types and functions of some arguments.

    `bound` is what it captures, `defaults` what its defaults are, if they are values.
    """
    gather(e, span, parameters, args, name, defaults or {})
    schema = [p.argument for p in parameters]
    given = match_parameters(span, schema, args, name)
    bound = {**(bound or {}), **_functions(e, parameters, given)}
    arg_types = {
        p.name: argument_type(e, given[p.argument.name], span)
        for p in parameters
        if p.annotation is None and p.argument.name in given and p.name not in bound
    }
    with e.compilation.calling(span):
        callee = version(arg_types, bound)
    captured = list(values_in(bound))
    arguments = callee.schema.arguments[len(captured) :]
    inputs = [*captured, *fit_arguments(e, span, arguments, given, args)]
    function = e.b.function(callee.name)
    if kind == "prim::fork":
        return called(e, kind, [function, *inputs], T.FutureType(callee.result))
    return received(e, callee, called(e, kind, [function, *inputs], callee.result))


def _functions(e: Emitter, parameters: Sequence[Parameter], given: Given) -> Bound:
    """The arguments that stay functions: the callee is compiled for them."""
    from jit.frontend.local_functions import closed

    found: Bound = {}
    for p in parameters:
        x, _ = given.get(p.argument.name, (None, 0))
        if p.annotation is None and x is not None and stays_itself(x):
            found[p.name] = closed(e, x)
    return found


def stays_itself(x: Emitted) -> bool:
    """Whether something stays a function if it is passed on."""
    return isinstance(x, Sugared) and x.stays_itself


def call_stored(e: Emitter, call: t.Call, scripted: Any) -> Emitted:
    """Call a function that has a graph and no source."""
    from jit.ir.linking import link

    schema: FunctionSchema = scripted.schema
    args = e.arguments(call)
    given = match_parameters(call.span, schema.arguments, args, scripted.name)
    inputs = fit_arguments(e, call.span, schema.arguments, given, args)
    name = link(e.compilation.program, scripted.program, scripted.qualified_name)
    refuse_stored(e, scripted.name, call.span)
    function = e.b.function(without_gradients(e, name, call.span))
    result = schema.returns[0].type
    return called(e, "prim::CallFunction", [function, *inputs], result)


# *args and **kwargs ---------------------------------------------------------------


def gather(
    e: Emitter,
    span: Span,
    parameters: Sequence[Parameter],
    args: Arguments,
    name: str,
    defaults: Mapping[str, Emitted],
) -> None:
    """Put the arguments together that `*args` and `**kwargs` of a callee take."""
    rest = next((p for p in parameters if p.gathers == "*"), None)
    options = next((p for p in parameters if p.gathers == "**"), None)
    known = [p for p in parameters if not p.gathers]
    count = sum(not p.keyword_only for p in known)
    extra = args.positional[count:]
    for i, x in enumerate(args.positional):
        if isinstance(x, SpreadList) and (rest is None or i < count):
            raise fail(
                args.spans[i],
                "E0306",
                "only a tuple can be spread with `*` over named parameters: the number"
                " of arguments must be known",
                help="pass the items one by one",
            )
    others = {}
    if options is not None:
        names = {p.name for p in known}
        others = {k: v for k, v in args.keywords.items() if k not in names}
        args.keywords = {k: v for k, v in args.keywords.items() if k in names}
    if args.mappings:
        left = _spread_mapping(e, span, known, args, defaults, name)
        if options is not None:
            others[_MAPPING] = left
        else:
            _refuse_keys(e, left, name)
    positional = [p.name for p in known if not p.keyword_only]
    given = {*positional[: len(args.positional)], *args.keywords}
    for key, default in defaults.items():
        if key not in given:
            args.keywords[key] = default
    if rest is not None:
        del args.positional[count:]
        args.keywords[rest.argument.name] = _rest(e, span, rest, extra)
    if options is not None:
        gathered: Emitted
        if options.is_only_spread and _MAPPING not in others:
            gathered = KnownOptions(others)
        else:
            gathered = _options(e, span, options, others)
        args.keywords[options.argument.name] = gathered


def _rest(
    e: Emitter, span: Span, parameter: Parameter, extra: list[Emitted]
) -> Emitted:
    """The tuple that `*args` stands for; a list if its length is not known."""
    wanted = parameter.item
    if not any(isinstance(x, SpreadList) for x in extra):
        if any(stays_itself(x) for x in extra):
            return SugaredTuple(extra)
        values = [_fitted(e, span, parameter, e.as_value(x, span)) for x in extra]
        return e.b.tuple(values)
    parts = [
        x.items if isinstance(x, SpreadList) else e.as_value(x, span) for x in extra
    ]
    types = [
        v.type.element if isinstance(x, SpreadList) and isinstance(v.type, T.ListType)
        else v.type
        for x, v in zip(extra, parts, strict=True)
    ]  # fmt: skip
    made = e.b.list(
        [], wanted or _common(span, types, f"arguments of `*{parameter.name}`")
    )
    for x, value in zip(extra, parts, strict=True):
        if isinstance(x, SpreadList):
            e.op("aten::add_", made, value)
        else:
            e.op("aten::append", made, _fitted(e, span, parameter, value))
    return made


def _fitted(e: Emitter, span: Span, parameter: Parameter, value: Value) -> Value:
    """An argument as the annotation of `*args` or `**kwargs` asks."""
    from jit.frontend.parameters import fit_argument
    from jit.ir.schema import Argument

    if parameter.item is None:
        return value
    wanted = Argument(parameter.name, parameter.item)
    return fit_argument(e, span, wanted, value)


def _common(span: Span, types: Sequence[T.Type], what: str) -> T.Type:
    joined: T.Type | None = types[0]
    for type in types[1:]:
        joined = None if joined is None else unify(joined, type)
    if joined is None:
        listed = ", ".join(f"`{x}`" for x in dict.fromkeys(map(str, types)))
        raise fail(
            span,
            "E0302",
            f"the {what} have different types, {listed}",
            help="give all of them one type, or name the parameters",
        )
    return joined


def _options(
    e: Emitter, span: Span, parameter: Parameter, others: dict[str, Emitted]
) -> Value:
    """The dict that `**kwargs` stands for."""
    values = {
        k: _fitted(e, span, parameter, e.as_value(v, span))
        for k, v in others.items()
        if k != _MAPPING
    }
    mapping = others.get(_MAPPING)
    types = [v.type for v in values.values()]
    if isinstance(mapping, Value) and isinstance(mapping.type, T.DictType):
        types.append(mapping.type.value)
    item = parameter.item or T.TENSOR
    if types:
        item = _common(span, types, f"arguments of `**{parameter.name}`")
    inputs: list[Value] = []
    for key, value in values.items():
        inputs += [e.b.constant(key), value]
    made = e.b.node("prim::DictConstruct", inputs, [T.DictType(T.STR, item)]).output
    if isinstance(mapping, Value):
        e.b.op("aten::update", made, mapping)
    return made


_MAPPING = "**"
"""The key under which what is left of `**mapping` waits for `**kwargs`."""


def _spread_mapping(
    e: Emitter,
    span: Span,
    known: Sequence[Parameter],
    args: Arguments,
    defaults: Mapping[str, Emitted],
    name: str,
) -> Value:
    """`f(**d)` for a dict of strs: a key for each parameter that has no argument.

    Gives what is left of the dict.
    """
    if len(args.mappings) > 1:
        raise fail(span, "E0304", "only one dict can be spread with `**` in a call")
    mapping, at = args.mappings.pop()
    if not isinstance(mapping.type, T.DictType) or mapping.type.key != T.STR:
        raise fail(
            at, "E0304", f"only a dict of strs can be spread with `**`, not"
            f" a `{mapping.type}`",
        )  # fmt: skip
    left = e.op("aten::copy", mapping)
    positional = [p.name for p in known if not p.keyword_only]
    given = {*positional[: len(args.positional)], *args.keywords}
    for p in known:
        if p.name not in given:
            default = defaults.get(p.name)
            args.keywords[p.name] = _taken(e, at, left, p, default, name)
            args.spans[p.name] = at
    return left


def _taken(
    e: Emitter, span: Span, left: Value, p: Parameter, given: Emitted | None, name: str
) -> Value:
    """The value of a parameter's key, or its default; TypeError where both lack."""
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.refine import Condition

    key = e.b.constant(p.name)

    def default() -> list[Emitted]:
        if given is not None:
            return [given]
        if p.argument.is_required:
            text = f"{name}() missing a required argument: '{p.name}'"
            return raise_now(e, e.b.constant(text), "TypeError")
        return [e.b.default(p.default, p.type)]

    def value() -> list[Emitted]:
        found = e.op("aten::pop", left, key)
        wanted = p.annotation if p.annotation is not None else found.type
        fitting = coerce(found, wanted)
        return [fitting if fitting is not None else found]

    met = Condition(e.op("aten::__contains__", left, key))
    (found,) = choose(e, met, value, default)
    return e.as_value(found, span)


def _refuse_keys(e: Emitter, left: Value, name: str) -> None:
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.refine import Condition

    def unexpected() -> list[Emitted]:
        key = e.op("aten::__getitem__", e.op("aten::keys", left), 0)
        template = f"{name}() got an unexpected keyword argument '{{}}'"
        return raise_now(e, e.op("aten::format", template, key), "TypeError")

    met = Condition(e.op("aten::ne", e.op("aten::len", left), 0))
    choose(e, met, unexpected, list)

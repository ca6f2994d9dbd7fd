"""Arguments matched with the parameters of a compiled function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend.arguments import Arguments
from jit.frontend.call import gradient_there, maybe_none
from jit.frontend.coerce import coerce
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.settling import widened
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.overloads import is_convertible
from jit.ir.schema import Argument
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


# functions --------------------------------------------------------------------


def called(
    e: Emitter, kind: str, inputs: Sequence[Value], result: T.Type, **attributes: Any
) -> Value:
    """The node of a call."""
    paths.forget(e)
    e.handed += inputs
    return e.b.node(kind, inputs, [result], **attributes).output


def match_parameters(
    span: Span, parameters: Sequence[Argument], args: Arguments, name: str
) -> dict[str, tuple[Emitted, int | str]]:
    """Which argument each parameter gets; E0304 where Python would complain."""
    positional = [p.name for p in parameters if not p.keyword_only]
    if len(args.positional) > len(positional):
        raise fail(
            args.spans[len(positional)],
            "E0304",
            f"`{name}` takes {_count(len(positional), 'positional argument')} and is"
            f" given {len(args.positional)}",
        )
    given: dict[str, tuple[Emitted, int | str]] = {}
    for i, value in enumerate(args.positional):
        given[positional[i]] = (value, i)
    known = [p.name for p in parameters]
    for keyword, value in args.keywords.items():
        if keyword not in known:
            raise fail(
                args.spans[keyword],
                "E0304",
                f"`{name}` has no parameter `{keyword}`",
                help=nearest(keyword, known),
            )
        if keyword in given:
            raise fail(
                args.spans[keyword], "E0304", f"argument `{keyword}` is given twice"
            )
        given[keyword] = (value, keyword)
    missing = [p.name for p in parameters if p.is_required and p.name not in given]
    if missing:
        listed = ", ".join(f"`{m}`" for m in missing)
        raise fail(
            span, "E0304", f"`{name}` is missing the argument{_s(missing)} {listed}"
        )
    return given


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _s(items: Sequence[object]) -> str:
    return "" if len(items) == 1 else "s"


def argument_type(e: Emitter, given: tuple[Emitted, int | str], span: Span) -> T.Type:
    """The type as which a callee gets an argument."""
    return widened(e.as_value(given[0], span).type)


def fit_arguments(
    e: Emitter,
    span: Span,
    parameters: Sequence[Argument],
    given: dict[str, tuple[Emitted, int | str]],
    args: Arguments,
) -> list[Value]:
    """The inputs of a call in the order of the schema, converted, defaults filled in."""
    inputs = []
    for p in parameters:
        if p.name not in given:
            inputs.append(e.b.default(p.default, p.type))
            continue
        emitted, place = given[p.name]
        at = args.spans.get(place, span)
        inputs.append(fit_argument(e, at, p, e.as_value(emitted, at)))
    return inputs


def fit_argument(e: Emitter, span: Span, p: Argument, value: Value) -> Value:
    """One argument as the type of its parameter."""
    if p.type == T.TENSOR:
        value = gradient_there(e, value)
    fitting = coerce(value, p.type)
    if fitting is not None:
        return fitting
    if is_convertible(value.type, p.type):
        return e.b.convert(value, p.type)
    if isinstance(value.type, T.OptionalType) and not isinstance(
        p.type, T.OptionalType
    ):
        raise maybe_none(span, value)
    raise fail(
        span,
        "E0304",
        f"parameter `{p.name}` is {a_type(p.type)} and is given {a_type(value.type)}",
        help="convert the argument, or change the annotation of the parameter",
    )

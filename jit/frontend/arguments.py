"""The arguments of a call, emitted: `*` and `**` are spread where their parts are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted, KnownOptions, SpreadList
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


@dataclass(slots=True)
class Arguments:
    """The arguments of a call, emitted."""

    positional: list[Emitted] = field(default_factory=list)
    keywords: dict[str, Emitted] = field(default_factory=dict)
    spans: dict[int | str, Span] = field(default_factory=dict)
    """Where each is written, by position or keyword."""
    mappings: list[tuple[Value, Span]] = field(default_factory=list)
    """Dicts that are spread with `**`."""

    def add(self, value: Emitted, span: Span) -> None:
        self.spans[len(self.positional)] = span
        self.positional.append(value)


def emit_arguments(
    e: Emitter, call: t.Call, first: Emitted | None = None, *, spreads: bool = False
) -> Arguments:
    """Emit the arguments of a call; `first` comes before them.

    Whoever `spreads` takes a SpreadList, and dicts in `mappings`.
    """
    found = Arguments()
    if first is not None:
        found.add(first, call.function.span)
    for arg in call.args:
        if not isinstance(arg, t.Starred):
            found.add(e.expr(arg), arg.span)
            continue
        for item in _spread(e, arg, spreads=spreads):
            found.add(item, arg.span)
    for k in call.keywords:
        if not k.name:
            _spread_mapping(e, k, found, spreads=spreads)
            continue
        _add_keyword(found, k.name, e.expr(k.value), k.span)
    return found


def _spread(e: Emitter, arg: t.Starred, *, spreads: bool) -> list[Emitted]:
    from jit.frontend.builtins import known_or_none, list_of

    if isinstance(arg.value, t.ListExpr):
        # a literal whose items are in sight
        arg = t.Starred(arg.span, t.TupleExpr(arg.value.span, arg.value.elements))
    x = e.expr(arg.value)
    items = known_or_none(e, x, arg.span)
    if items is not None:
        return items
    if spreads:
        return [SpreadList(list_of(e, x, arg.span))]
    raise fail(
        arg.span,
        "E0306",
        "only a tuple can be spread with `*`: the number of arguments must be known",
        help="pass the items one by one",
    )


def _add_keyword(found: Arguments, name: str, value: Emitted, span: Span) -> None:
    if name in found.keywords:
        raise fail(span, "E0304", f"argument `{name}` is given twice")
    found.keywords[name] = value
    found.spans[name] = span


def _spread_mapping(
    e: Emitter, k: t.Keyword, found: Arguments, *, spreads: bool
) -> None:
    """`**d`: of a literal, keyword by keyword."""
    if isinstance(k.value, t.DictExpr) and all(
        isinstance(key, t.Constant) and isinstance(key.value, str)
        for key in k.value.keys
    ):
        for key, value in zip(k.value.keys, k.value.values, strict=True):
            assert isinstance(key, t.Constant)
            _add_keyword(found, str(key.value), e.expr(value), value.span)
        return
    x = e.expr(k.value)
    if isinstance(x, KnownOptions):
        for name, option in x.options.items():
            _add_keyword(found, name, option, k.span)
        return
    if not spreads:
        raise fail(
            k.span,
            "E0306",
            "`**` is accepted only in calls of functions written in Python",
            help="write the keyword arguments out",
        )
    found.mappings.append((e.as_value(x, k.span), k.span))


def known_elements(e: Emitter, x: Emitted, span: Span) -> list[Emitted] | None:
    """The elements of a tuple, one by one; None for values of unknown length."""
    if not isinstance(x, Value):
        return x.elements(e, span)
    if T.tuple_elements(x.type) is None:
        return None
    return list(e.b.unpack(x))

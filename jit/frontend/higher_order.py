"""Built-in functions that take functions: `sorted(key=)`, `map`, `filter`, `reduce`.

A function is called where it is needed, with values that are emitted already:

    sorted(xs, key=f)      %keys = [f(x) for x in xs]
                           aten::_pick(%xs, aten::_sort_order(%keys))
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, known_elements
from jit.frontend.builtins import BUILTINS, builtin, list_of, name_of
from jit.frontend.emit_control import choose
from jit.frontend.environment import Frame, Variable
from jit.frontend.failures import a_type, fail
from jit.frontend.operators import apply, binary, compare, unary
from jit.frontend.refine import truth
from jit.frontend.settling import widened
from jit.frontend.sugared import Builtin, Emitted, MapValue, Sugared
from jit.frontend.walks import walk_of
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def applied(
    e: Emitter,
    span: Span,
    function: Emitted,
    values: Sequence[Emitted],
    keywords: Mapping[str, Emitted] | None = None,
) -> Emitted:
    """`function(*values, **keywords)`."""
    if not isinstance(function, Sugared):
        raise fail(span, "E0311", f"{a_type(function.type)} cannot be called")
    saved = e.frame
    e.frame = Frame(saved)

    def named(name: str, value: Emitted) -> t.Name:
        e.frame.names[name] = Variable(value, span)
        return t.Name(span, name)

    try:
        names = [named(f"<argument {i}>", x) for i, x in enumerate(values)]
        options = [
            t.Keyword(span, k, named(f"<argument {k}>", x))
            for k, x in (keywords or {}).items()
        ]
        function_name = t.Name(span, "<function>")
        call = t.Call(span, function_name, tuple(names), tuple(options))
        return function.call(e, call)
    finally:
        e.frame = saved


def each(e: Emitter, span: Span, function: Emitted, items: Emitted) -> Value:
    """A list of what a function gives for each item."""
    return list_of(e, MapValue(function, [items]), span)


def _key(args: Arguments) -> Emitted | None:
    """The argument `key`, if it is there and not None."""
    key = args.keywords.pop("key", None)
    is_none = isinstance(key, Value) and key.type == T.NONE
    return None if is_none else key


@builtin(sorted)
def emit_sorted(e: Emitter, call: t.Call) -> Emitted:
    """`sorted(items, key=None, reverse=False)`."""
    from jit.frontend.call import call_operator

    args = e.arguments(call)
    key = _key(args)
    span = call.span
    if args.positional:
        x = args.positional[0]
        if not isinstance(x, Value) or not isinstance(x.type, T.ListType):
            args.positional[0] = list_of(e, x, span)
    if key is None:
        return call_operator(e, span, "aten::sorted", args, name="sorted")
    items = e.as_value(args.positional[0], span)
    reverse = args.keywords.get("reverse", e.b.constant(False))
    keys = each(e, span, key, items)
    order = apply(e, span, "aten::_sort_order", keys, e.as_value(reverse, span))
    return apply(e, span, "aten::_pick", items, order)


def emit_sort(e: Emitter, call: t.Call, owner: Value) -> Emitted:
    """`items.sort(key=None, reverse=False)`."""
    from jit.frontend.call import call_operator

    args = e.arguments(call, first=owner)
    key = _key(args)
    if key is None:
        return call_operator(e, call.span, "aten::sort", args, name="sort")
    reverse = args.keywords.get("reverse", e.b.constant(False))
    keys = each(e, call.span, key, owner)
    given = e.as_value(reverse, call.span)
    apply(e, call.span, "aten::_sort_by", owner, keys, given)
    return e.none()


def emit_extreme(e: Emitter, call: t.Call, args: Arguments, name: str) -> Emitted:
    """`min` and `max` with `key` or `default`."""
    span = call.span
    key = _key(args)
    default = args.keywords.pop("default", None)
    if args.keywords:
        keyword = next(iter(args.keywords))
        raise fail(span, "E0304", f"`{name}` does not take the argument `{keyword}`")
    several = len(args.positional) > 1
    items = list_of(e, _as_tuple(args) if several else args.positional[0], span)

    def found() -> list[Emitted]:
        keys = items if key is None else each(e, span, key, items)
        place = apply(
            e, span, "aten::_extreme_place", keys, e.b.constant(name == "max")
        )
        return [e.op("aten::__getitem__", items, place)]

    if default is None:
        return found()[0]
    is_empty = truth(e, items, t.Constant(span, None))
    (result,) = choose(e, is_empty, found, lambda: [default])
    return result


def _as_tuple(args: Arguments) -> Emitted:
    from jit.frontend.sugared import SugaredTuple

    return SugaredTuple(args.positional)


@builtin(map)
def emit_map(e: Emitter, call: t.Call) -> Emitted:
    """`map(function, *iterables)`: called in each round of the loop that walks it."""
    function, *iterables = _positional(e, call, 2, 99)
    return MapValue(function, iterables)


@builtin(filter)
def emit_filter(e: Emitter, call: t.Call) -> Emitted:
    """`filter(function, items)`, as a list."""
    function, items = _positional(e, call, 2, 2)
    span = call.span
    walk = walk_of(e, items, span)
    made = e.b.list([], T.TENSOR)
    loop = e.b.node("prim::Loop", [walk.length(), e.b.constant(True)])
    block = loop.add_block()
    number = block.add_param(T.INT, "i")
    with e.inside(block):
        item = e.as_value(walk.item(number), span)
        made.type = T.ListType(widened(item.type))
        is_none = isinstance(function, Value) and function.type == T.NONE
        kept: Emitted = item if is_none else applied(e, span, function, [item])

        def keep() -> list[Emitted]:
            apply(e, span, "aten::append", made, item)
            return []

        choose(e, truth(e, kept, t.Constant(span, None)), keep, list, live=())
        block.add_return(e.b.constant(True))
    return made


def _positional(e: Emitter, call: t.Call, least: int, most: int) -> list[Emitted]:
    args = e.arguments(call)
    if args.keywords or not least <= len(args.positional) <= most:
        count = f"{least}" if least == most else f"{least} or more"
        raise fail(
            call.span, "E0304", f"`{name_of(call)}` takes {count} positional arguments"
        )
    return args.positional


@builtin(functools.reduce)
def emit_reduce(e: Emitter, call: t.Call) -> Emitted:
    """`functools.reduce(function, items, initial)`."""
    given = _positional(e, call, 2, 3)
    function, span = given[0], call.span
    items = known_elements(e, given[1], span) if _is_tuple(given[1]) else None
    if items is not None:
        parts = [*given[2:], *items]
        if not parts:
            raise fail(span, "E0304", "`reduce` of nothing needs an initial value")
        total = parts[0]
        for item in parts[1:]:
            total = applied(e, span, function, [total, item])
        return total
    values = list_of(e, given[1], span)
    if len(given) == 3:
        return _folded(e, span, function, e.as_value(given[2], span), values, 0)
    # the first item raises Python's error where there is none
    from jit.frontend.emit_raise import raise_now

    def first() -> list[Emitted]:
        return [e.op("aten::__getitem__", values, 0)]

    def empty() -> list[Emitted]:
        text = "reduce() of empty iterable with no initial value"
        return raise_now(e, e.b.constant(text), "TypeError")

    (start,) = choose(e, truth(e, values, t.Constant(span, None)), first, empty)
    return _folded(e, span, function, e.as_value(start, span), values, 1)


def _is_tuple(x: Emitted) -> bool:
    return not isinstance(x, Value) or T.tuple_elements(x.type) is not None


def _folded(
    e: Emitter, span: Span, function: Emitted, start: Value, values: Value, skip: int
) -> Value:
    """`function(function(start, values[skip]), values[skip + 1])` and so on."""
    trips = e.op("aten::sub", e.op("aten::len", values), skip)
    loop = e.b.node("prim::Loop", [trips, e.b.constant(True), start], [start.type])
    block = loop.add_block()
    number = block.add_param(T.INT, "i")
    total = block.add_param(start.type)
    with e.inside(block):
        item = e.op("aten::__getitem__", values, e.op("aten::add", number, skip))
        found = e.as_value(applied(e, span, function, [total, item]), span)
        if found.type != start.type:
            raise fail(
                span,
                "E0302",
                f"`reduce` starts with {a_type(start.type)} and its function gives"
                f" {a_type(found.type)}",
                help="start with a value of the type that the function gives",
            )
        block.add_return(e.b.constant(True))
        block.add_return(found)
    return loop.output


# functions that stand for operators ---------------------------------------------------


def _operators() -> None:
    """The functions of the module `operator`."""
    signs = {
        "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%",
        "pow": "**", "matmul": "@", "lshift": "<<", "rshift": ">>", "and_": "&",
        "or_": "|", "xor": "^",
    }  # fmt: skip
    for name, sign in signs.items():

        def emit(e: Emitter, call: t.Call, sign: str = sign) -> Emitted:
            a, b = _positional(e, call, 2, 2)
            return binary(e, call.span, sign, a, b)

        BUILTINS[id(getattr(operator, name))] = Builtin(name, emit)
    comparisons = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
    for name, sign in comparisons.items():

        def emit_comparison(e: Emitter, call: t.Call, sign: str = sign) -> Emitted:
            a, b = _positional(e, call, 2, 2)
            return compare(e, call.span, sign, a, b)

        BUILTINS[id(getattr(operator, name))] = Builtin(name, emit_comparison)
    for name, sign in {"neg": "-", "pos": "+", "invert": "~"}.items():

        def emit_unary(e: Emitter, call: t.Call, sign: str = sign) -> Emitted:
            (a,) = _positional(e, call, 1, 1)
            return unary(e, call.span, sign, e.as_value(a, call.span))

        BUILTINS[id(getattr(operator, name))] = Builtin(name, emit_unary)


_operators()


class ItemGetter(Sugared):
    """`operator.itemgetter(1)`."""

    stays_itself = True

    def __init__(self, keys: list[Emitted]) -> None:
        self.keys = keys

    def describe(self) -> str:
        return "an `itemgetter`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        (owner,) = _positional(e, call, 1, 1)
        saved = e.frame
        e.frame = Frame(saved)
        try:
            e.frame.names["<owner>"] = Variable(owner, call.span)
            found = []
            for key in self.keys:
                e.frame.names["<key>"] = Variable(key, call.span)
                found.append(
                    e.expr(
                        t.Subscript(
                            call.span,
                            t.Name(call.span, "<owner>"),
                            t.Name(call.span, "<key>"),
                        )
                    )
                )
        finally:
            e.frame = saved
        if len(found) == 1:
            return found[0]
        return e.b.tuple([e.as_value(x, call.span) for x in found])


@builtin(operator.itemgetter)
def emit_itemgetter(e: Emitter, call: t.Call) -> Emitted:
    """`operator.itemgetter(key, ...)`."""
    return ItemGetter(_positional(e, call, 1, 99))


class PartialFunction(Sugared):
    """`functools.partial(function, *args, **keywords)`."""

    stays_itself = True

    def __init__(self, function: Emitted, args: Arguments) -> None:
        self.function = function
        self.positional = args.positional
        self.keywords = args.keywords

    def describe(self) -> str:
        return "a partial function"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        saved = e.frame
        e.frame = Frame(saved)
        names: list[t.Expr] = []
        keywords: dict[str, t.Keyword] = {}
        try:
            for i, value in enumerate(self.positional):
                names.append(self._hidden(e, call.span, f"<partial {i}>", value))
            for key, value in self.keywords.items():
                hidden = self._hidden(e, call.span, f"<partial {key}>", value)
                keywords[key] = t.Keyword(call.span, key, hidden)
            keywords |= {k.name: k for k in call.keywords}
            made = t.Call(
                call.span, call.function, (*names, *call.args), tuple(keywords.values())
            )
            if not isinstance(self.function, Sugared):
                raise fail(call.span, "E0311", "only a function can be called")
            return self.function.call(e, made)
        finally:
            e.frame = saved

    def _hidden(self, e: Emitter, span: Span, name: str, value: Emitted) -> t.Expr:
        e.frame.names[name] = Variable(value, span)
        return t.Name(span, name)


@builtin(functools.partial)
def emit_partial(e: Emitter, call: t.Call) -> Emitted:
    """`functools.partial(function, ...)`."""
    args = e.arguments(call)
    if not args.positional:
        raise fail(call.span, "E0304", "`partial` takes a function")
    function: Any = args.positional.pop(0)
    return PartialFunction(function, args)

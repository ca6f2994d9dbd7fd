"""Calls: arguments, defaults, overloads, and what to say where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.coerce import coerce, is_untyped, settle
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.open_tuples import as_operand
from jit.frontend.retyping import retype
from jit.frontend.sugared import Emitted, KnownOptions, SpreadList
from jit.ir import types as T
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Value
from jit.ir.overloads import Binding, Mismatch, is_convertible, resolve
from jit.ir.registry import has_kind, nearest_kinds
from jit.ir.schema import Argument, FunctionSchema
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

RESIZING = frozenset(
    f"aten::{name}"
    for name in (
        "append", "extend", "insert", "pop", "remove", "clear", "add_", "mul_", "Delete",
    )
)  # fmt: skip
"""Operators that may change the length of a list."""
RESIZING_DICTS = frozenset(
    f"aten::{name}"
    for name in (
        "_set_item", "setdefault", "update", "pop", "popitem", "clear", "Delete",
    )
)  # fmt: skip
"""Those that may change the size of a dict."""


OF_SEPARATE_TENSORS = frozenset(
    f"aten::{name}"
    for name in (
        "block_diag", "broadcast_tensors", "cartesian_prod", "einsum", "meshgrid",
        "atleast_1d", "atleast_2d", "atleast_3d",
    )
)  # fmt: skip
"""Operators on a list of tensors whose functions take them one by one."""


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


# operators --------------------------------------------------------------------


def call_operator(
    e: Emitter,
    span: Span,
    kind: str,
    args: Arguments,
    *,
    name: str = "",
    overload: str | None = None,
) -> Emitted:
    """Call an operator; CompileError E0301, E0304 or E0307 if it does not fit.

    With an `overload`, that and no other.
    """
    if "out" in args.keywords:
        from jit.frontend.out_argument import call_with_out

        with e.compilation.casting(None):
            return call_with_out(e, span, kind, args, name, overload)
    if kind in OF_ITERABLES and len(args.positional) == 2:
        args.positional[1] = _items(e, span, args.positional)
    positional = [
        e.as_value(as_operand(kind, x), args.spans.get(i, span))
        for i, x in enumerate(args.positional)
    ]
    keywords = {
        k: e.as_value(as_operand(kind, x), args.spans.get(k, span))
        for k, x in args.keywords.items()
    }
    _settle_untyped(kind, positional)
    _settle_joined(kind, positional)
    found = _resolve(e, kind, positional, keywords, overload)
    if isinstance(found, tuple):
        positional, binding = found
        return bound(e, span, binding, positional, keywords)
    retype(e, kind, positional)
    raise _refusal(span, kind, name, args, positional, keywords, found)


OF_ITERABLES = ("aten::join", "aten::extend", "aten::add_")
"""Operators on a str or list whose argument may be anything that a loop walks."""


def _items(e: Emitter, span: Span, args: Sequence[Emitted]) -> Emitted:
    """The argument of such an operator, as a list if it is none."""
    from jit.frontend.builtins import list_of

    owner, x = args
    owns = isinstance(owner, Value) and (
        isinstance(owner.type, T.ListType) or owner.type == T.STR
    )
    walked = T.TupleType | T.NamedTupleType | T.DictType | T.SetType
    if not owns or (
        isinstance(x, Value) and not isinstance(x.type, walked) and x.type != T.STR
    ):
        return x
    return list_of(e, x, span)


def _settle_joined(kind: str, args: Sequence[Value]) -> None:
    """Let a literal beside a list hold what the list does: `xs + ["a"]`."""
    if kind not in _OF_TWO_LISTS or len(args) != 2:
        return
    a, b = args
    if a.type == b.type or {type(a.type), type(b.type)} != {T.ListType}:
        return
    if coerce(b, a.type) is None and kind not in ("aten::add_", "aten::extend"):
        coerce(a, b.type)


_OF_TWO_LISTS = ("aten::add", "aten::add_", "aten::extend", "aten::eq", "aten::ne")


def _resolve(
    e: Emitter,
    kind: str,
    positional: Sequence[Value],
    keywords: dict[str, Value],
    overload: str | None,
) -> tuple[list[Value], Binding] | list[Mismatch]:
    types = [v.type for v in positional]
    keyword_types = {k: v.type for k, v in keywords.items()}
    found = resolve(kind, types, keyword_types, overload)
    if isinstance(found, Binding):
        return list(positional), found
    if _settle_literals(kind, positional, keywords, overload):
        return _resolve(e, kind, positional, keywords, overload)
    there = [gradient_there(e, v) for v in positional]
    if there != list(positional):
        return _resolve(e, kind, there, keywords, overload)
    # x.view(2, 3) means x.view([2, 3])
    for start in (0, 1):
        element = _element_of_rest(types[start:])
        if element is None:
            continue
        packed = [*types[:start], T.ListType(element)]
        again = resolve(kind, packed, keyword_types, overload)
        if isinstance(again, Binding) and _takes_rest(again, start, element):
            rest = e.b.list(list(positional[start:]), element)
            return [*positional[:start], rest], again
    return found


def _settle_literals(
    kind: str,
    positional: Sequence[Value],
    keywords: dict[str, Value],
    overload: str | None,
) -> bool:
    """Let list literals hold what an operator wants.

    `zeros([])` takes ints, `gradient(x, spacing=[1.0, 2.0], dim=[0, 1])` any numbers.
    """
    given = [*positional, *keywords.values()]
    for of_nothing in (T.INT, T.FLOAT):
        wanted = [_as_literal(v, of_nothing) for v in given]
        if wanted == [v.type for v in given]:
            return False
        types = wanted[: len(positional)]
        keyword_types = dict(zip(keywords, wanted[len(positional) :], strict=True))
        if isinstance(resolve(kind, types, keyword_types, overload), Binding):
            pairs = zip(given, wanted, strict=True)
            return all(coerce(v, w) is not None for v, w in pairs if v.type != w)
    return False


def _as_literal(value: Value, of_nothing: T.Type) -> T.Type:
    """The type of a value; of a literal, that of a list it could be as well."""
    if not isinstance(value.type, T.ListType):
        return value.type
    if is_untyped(value):
        return T.ListType(of_nothing)
    is_literal = value.node.kind == "prim::ListConstruct" and not value.uses
    if is_literal and value.type.element == T.FLOAT:
        return T.ListType(T.NUMBER)
    return value.type


def _element_of_rest(types: Sequence[T.Type]) -> T.Type | None:
    """What a list of the remaining arguments would hold; None if there is none."""
    if types and all(x in (T.INT, T.BOOL) for x in types):
        return T.INT
    if types and all(isinstance(x, T.TensorType) for x in types):
        return T.TENSOR
    return None


def _takes_rest(binding: Binding, position: int, element: T.Type) -> bool:
    """Whether an operator takes its last arguments one by one."""
    if element == T.INT:
        return _takes_sizes(binding, position)
    positional = [a for a in binding.schema.arguments if not a.keyword_only]
    return binding.schema.kind in OF_SEPARATE_TENSORS and (
        len(positional) == position + 1
    )


def _takes_sizes(binding: Binding, position: int) -> bool:
    """Whether sizes are all that an operator takes beside the tensor or array.

    `[1] + 2` and `np.zeros(2, 3)` are wrong.
    """
    schema = binding.schema
    positional = [a for a in schema.arguments if not a.keyword_only]
    wanted = positional[position]
    return (
        len(positional) == position + 1
        and (position == 0 or T.is_tensor_like(positional[0].type))
        # for `int[2]`, one number stands for both
        and (wanted.length is None or schema.kind == "np::reshape")
        and wanted.type in (T.ListType(T.INT), T.optional(T.ListType(T.INT)))
    )


def bound(
    e: Emitter,
    span: Span,
    binding: Binding,
    positional: Sequence[Value],
    keywords: dict[str, Value],
) -> Emitted:
    """The node of a call that meets a schema; several results become a tuple."""
    is_dict = positional and isinstance(positional[0].type, T.DictType)
    if binding.schema.kind in (RESIZING_DICTS if is_dict else RESIZING):
        e.resized.append(positional[0])
    if binding.schema.writes and any(map(_holds_items, positional)):
        paths.forget_items(e)
    if binding.schema.kind == "aten::backward":
        paths.forget(e)  # `x.grad` is no longer None
    saved, e.b.span = e.b.span, span
    try:
        result = e.b.bound(binding, positional, keywords)
    except GraphError as error:
        raise fail(span, "E0301", error.diagnostics[0].headline) from None
    finally:
        e.b.span = saved
    if result is None:
        return e.none()
    if isinstance(result, list):
        wanted = _mask_of(binding, positional, keywords)
        if wanted is not None and not all(wanted):
            return e.b.tuple(
                [r if w else e.none() for r, w in zip(result, wanted, strict=True)]
            )
        return _several(e, binding.schema, result)
    assert isinstance(result, Value)
    if result.type == T.NONE:
        return e.none()
    return result


def _holds_items(x: Value) -> bool:
    return isinstance(x.type, T.ListType | T.DictType)


def _mask_of(
    binding: Binding, positional: Sequence[Value], keywords: dict[str, Value]
) -> list[Any] | None:
    """Which gradients a literal `output_mask` asks for; None if they are all there.

    The others are None, as in Python; the operator itself gives empty tensors.
    """
    place = binding.schema.index_of.get("output_mask")
    source = None if place is None else binding.sources[place]
    if source is None:
        return None
    mask = positional[source] if isinstance(source, int) else keywords[source]
    if mask.node.kind != "prim::ListConstruct":
        return None
    wanted = [item.constant for item in mask.node.inputs]
    return wanted if all(isinstance(w, bool) for w in wanted) else None


def _several(e: Emitter, schema: FunctionSchema, results: list[Value]) -> Value:
    """Several results as a tuple, with the names that the schema gives them."""
    names = [r.name for r in schema.returns]
    if not all(names):
        return e.b.tuple(results)
    for name, value in zip(names, results, strict=True):
        value.name = name
    kind = schema.kind.partition("::")[2]
    fields = tuple(zip(names, (r.type for r in results), strict=True))
    made = T.NamedTupleType(kind, fields)
    return e.b.node("prim::NamedTupleConstruct", results, [made]).output


def _settle_untyped(kind: str, args: Sequence[Value]) -> None:
    """Give an empty list or dict the type that its first use tells."""
    if len(args) < 2:
        return
    owner, other = args[0], args[-1]
    if is_untyped(owner):
        if all(u.node.kind.startswith("aten::") for u in owner.uses):
            _settle_owner(kind, owner, args)
        return
    if kind in STORING and isinstance(owner.type, T.ListType):
        coerce(other, owner.type.element)
    elif kind in STORING and isinstance(owner.type, T.DictType):
        coerce(other, owner.type.value)
    elif is_untyped(other) and isinstance(owner.type, T.ListType):
        coerce(other, owner.type)


STORING = ("aten::append", "aten::insert", "aten::_set_item")
"""Operators whose last argument becomes an item of the first."""


def _settle_owner(kind: str, owner: Value, args: Sequence[Value]) -> None:
    other = args[-1].type
    if kind in ("aten::append", "aten::insert"):
        settle(owner, T.ListType(widened(other)))
    elif kind in ("aten::extend", "aten::add", "aten::add_"):
        if isinstance(other, T.ListType):
            settle(owner, other)
    elif kind == "aten::_set_item" and isinstance(owner.type, T.DictType):
        settle(owner, T.DictType(args[1].type, widened(other)))


def widened(type: T.Type) -> T.Type:
    """The type without what is known of dtype and sizes."""
    match type:
        case T.TensorType():
            return T.TENSOR
        case T.ArrayType():
            return T.ARRAY
        case T.ListType(x):
            return T.ListType(widened(x))
        case T.OptionalType(x):
            return T.optional(widened(x))
        case T.DictType(k, v):
            return T.DictType(k, widened(v))
        case T.SetType(x):
            return T.SetType(widened(x))
        case T.TupleType(elements):
            return T.TupleType(tuple(map(widened, elements)))
    return type


def _refusal(
    span: Span,
    kind: str,
    name: str,
    args: Arguments,
    positional: Sequence[Value],
    keywords: dict[str, Value],
    misses: list[Mismatch],
) -> Exception:
    shown = f"`{name}`" if name else f"`{kind}`"
    if not misses and not has_kind(kind):
        near = [k.partition("::")[2] for k in nearest_kinds(kind)]
        return fail(
            span,
            "E0204",
            f"{shown} is not among the operators that can be compiled",
            help=nearest(kind.partition("::")[2], near),
        )
    miss = misses[0]
    at = args.spans.get(miss.argument, span) if miss.argument is not None else span
    given = [v.type for v in (*positional, *keywords.values())]
    faulty = _faulty(miss, positional, keywords)
    if faulty is not None and isinstance(faulty.type, T.OptionalType):
        return maybe_none(at, faulty)
    types = ", ".join(f"`{g}`" for g in given)
    code = "E0301" if faulty is not None else "E0304"
    notes = [f"the nearest signature is `{miss.schema}`"]
    if len(misses) > 1:
        notes.append(f"{len(misses)} overloads of `{kind}` were tried")
    return fail(
        at,
        code,
        f"{shown} does not take ({types})" if given else f"{shown} needs arguments",
        label=miss.reason,
        notes=notes,
    )


def _faulty(
    miss: Mismatch, positional: Sequence[Value], keywords: dict[str, Value]
) -> Value | None:
    if isinstance(miss.argument, int) and miss.argument < len(positional):
        return positional[miss.argument]
    if isinstance(miss.argument, str) and miss.depth:
        return keywords.get(miss.argument)
    return None


def gradient_there(e: Emitter, value: Value) -> Value:
    """`x.grad` where a Tensor is needed: the run finds out if there is none."""
    if value.node.kind != "prim::grad" or value.type == T.TENSOR:
        return value
    return e.b.node("prim::unchecked_unwrap_optional", [value], [T.TENSOR]).output


def maybe_none(span: Span, value: Value) -> Exception:
    """The error for a value that may be None where it must not."""
    name = value.name or "this value"
    inner = value.type.element if isinstance(value.type, T.OptionalType) else value.type
    return fail(
        span,
        "E0307",
        f"`{name}` may be None here" if value.name else "this value may be None here",
        label=f"`{value.type}`",
        help=f"test it first, with `if {name} is not None:`; inside it has type `{inner}`"
        if value.name
        else "assign it to a name and test that for None first",
    )


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

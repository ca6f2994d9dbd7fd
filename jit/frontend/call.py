"""Calls of operators: the overload that fits, and what to say where none does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend.arguments import Arguments
from jit.frontend.failures import fail, nearest
from jit.frontend.open_tuples import as_operand
from jit.frontend.retyping import retype
from jit.frontend.settling import (
    OF_ITERABLES,
    element_of_rest,
    items_of,
    settle_joined,
    settle_literals,
    settle_untyped,
)
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Value
from jit.ir.overloads import Binding, Mismatch, resolve
from jit.ir.registry import has_kind, nearest_kinds
from jit.ir.schema import FunctionSchema
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
        args.positional[1] = items_of(e, span, args.positional)
    positional = [
        e.as_value(as_operand(kind, x), args.spans.get(i, span))
        for i, x in enumerate(args.positional)
    ]
    keywords = {
        k: e.as_value(as_operand(kind, x), args.spans.get(k, span))
        for k, x in args.keywords.items()
    }
    settle_untyped(kind, positional)
    settle_joined(kind, positional)
    found = _resolve(e, kind, positional, keywords, overload)
    if isinstance(found, tuple):
        positional, binding = found
        return bound(e, span, binding, positional, keywords)
    retype(e, kind, positional)
    raise _refusal(span, kind, name, args, positional, keywords, found)


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
    if settle_literals(kind, positional, keywords, overload):
        return _resolve(e, kind, positional, keywords, overload)
    there = [gradient_there(e, v) for v in positional]
    if there != list(positional):
        return _resolve(e, kind, there, keywords, overload)
    # x.view(2, 3) means x.view([2, 3])
    for start in (0, 1):
        element = element_of_rest(types[start:])
        if element is None:
            continue
        packed = [*types[:start], T.ListType(element)]
        again = resolve(kind, packed, keyword_types, overload)
        if isinstance(again, Binding) and _takes_rest(again, start, element):
            rest = e.b.list(list(positional[start:]), element)
            return [*positional[:start], rest], again
    return found


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

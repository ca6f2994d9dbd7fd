"""Empty literals get the types that the operators which take them want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit.frontend.coerce import coerce, is_untyped, settle
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.overloads import Binding, resolve
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


OF_ITERABLES = ("aten::join", "aten::extend", "aten::add_")
"""Operators on a str or list whose argument may be anything that a loop walks."""


def items_of(e: Emitter, span: Span, args: Sequence[Emitted]) -> Emitted:
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


def settle_joined(kind: str, args: Sequence[Value]) -> None:
    """Let a literal beside a list hold what the list does: `xs + ["a"]`."""
    if kind not in _OF_TWO_LISTS or len(args) != 2:
        return
    a, b = args
    if a.type == b.type or {type(a.type), type(b.type)} != {T.ListType}:
        return
    if coerce(b, a.type) is None and kind not in ("aten::add_", "aten::extend"):
        coerce(a, b.type)


_OF_TWO_LISTS = ("aten::add", "aten::add_", "aten::extend", "aten::eq", "aten::ne")


def settle_literals(
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


def element_of_rest(types: Sequence[T.Type]) -> T.Type | None:
    """What a list of the remaining arguments would hold; None if there is none."""
    if types and all(x in (T.INT, T.BOOL) for x in types):
        return T.INT
    if types and all(isinstance(x, T.TensorType) for x in types):
        return T.TENSOR
    return None


def settle_untyped(kind: str, args: Sequence[Value]) -> None:
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

"""`x[...]`, read and assigned, decomposed as TorchScript does.

x[i, 1:, None]      aten::select, aten::slice, aten::unsqueeze, from left to right
x[mask], x[[0, 2]]  aten::index at the end; assigned: aten::index_put_
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, known_elements
from jit.frontend.call import call_operator
from jit.frontend.failures import a_type, fail
from jit.frontend.magic import need_magic
from jit.frontend.open_tuples import item_of_tuple
from jit.frontend.operators import apply
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

END = 9223372036854775807
"""The end of a slice without one, where an int is needed."""


def emit_subscript(e: Emitter, node: t.Subscript) -> Emitted:
    """`owner[index]` as a value."""
    owner = e.expr(node.value)
    if isinstance(owner, Sugared):
        return owner.index(e, node)
    match owner.type:
        case T.TensorType() | T.ArrayType():
            return get_tensor_item(e, owner, node)
        case T.TupleType() | T.NamedTupleType():
            return _tuple_item(e, owner, node)
        case T.OptionalType():
            from jit.frontend.call import maybe_none

            raise maybe_none(node.value.span, owner)
        case T.ClassType():
            return need_magic(
                e, node.span, owner, "__getitem__", "has no items", e.expr(node.index)
            )
    if isinstance(node.index, t.Slice):
        return _slice(e, owner, node.index, node.span)
    if isinstance(owner.type, T.DictType | T.ListType) or owner.type == T.STR:
        index = _list_index(e, node.index, owner)
        return apply(e, node.span, "aten::__getitem__", owner, index)
    raise fail(node.span, "E0301", f"{a_type(owner.type)} cannot be indexed")


def _list_index(e: Emitter, node: t.Expr, owner: Value) -> Value:
    index = e.value(node)
    if not isinstance(owner.type, T.DictType) and index.type == T.BOOL:
        return apply(e, node.span, "aten::Int", index)
    return index


def _slice(e: Emitter, owner: Value, s: t.Slice, span: Span) -> Value:
    """A slice of a list or str."""
    lower, upper, step = slice_bounds(e, s)
    if owner.type != T.STR and not isinstance(owner.type, T.ListType):
        raise fail(span, "E0301", f"{a_type(owner.type)} cannot be sliced")
    return apply(e, span, "aten::slice", owner, lower, upper, step)


def slice_bounds(e: Emitter, s: t.Slice) -> list[Value]:
    """Start, end and step; None where start or end is left out."""
    step = e.b.constant(1) if s.step is None else _bound(e, s.step)
    return [_bound(e, s.lower), _bound(e, s.upper), step]


def _bound(e: Emitter, node: t.Expr | None) -> Value:
    return e.none() if node is None else e.value(node)


def _tuple_item(e: Emitter, owner: Value, node: t.Subscript) -> Emitted:
    items = T.tuple_elements(owner.type)
    assert items is not None
    if isinstance(node.index, t.Slice):
        bounds = []
        for part in (node.index.lower, node.index.upper, node.index.step):
            value = None if part is None else e.value(part).constant
            if value is NOT_CONSTANT or not isinstance(value, int | None):
                raise fail(
                    node.index.span,
                    "E0301",
                    "the bounds of a slice of a tuple must be literal",
                    help="use a list where the bounds are computed",
                )
            bounds.append(value)
        parts = known_elements(e, owner, node.span)
        assert parts is not None
        return e.b.tuple([e.as_value(p, node.span) for p in parts[slice(*bounds)]])
    index = e.value(node.index)
    if not isinstance(index.constant, int):
        if items and all(i == items[0] for i in items):
            made = e.b.list(e.b.unpack(owner), items[0])
            return item_of_tuple(e, node, made, index)
        raise fail(
            node.index.span,
            "E0301",
            "the index of a tuple of different types must be literal",
            help="use a literal index, or a list",
        )
    if not -len(items) <= index.constant < len(items):
        raise fail(
            node.index.span,
            "E0301",
            f"index {index.constant} is out of range for a tuple of {len(items)}",
        )
    type = items[index.constant]
    return e.b.node("prim::TupleIndex", [owner, index], [type]).output


# tensors and arrays -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The operators that an index consists of."""

    select: str
    slice: str
    new_axis: str
    index: str
    index_put: str
    copy: str
    fill: str
    itself: str
    tensor: str
    type: T.Type


_TENSOR = _Kinds(
    "aten::select",
    "aten::slice",
    "aten::unsqueeze",
    "aten::index",
    "aten::index_put_",
    "aten::copy_",
    "aten::fill_",
    "aten::alias",
    "aten::tensor",
    T.TENSOR,
)
_ARRAY = _Kinds(
    "np::select",
    "np::slice",
    "np::expand_dims",
    "np::index",
    "np::index_put_",
    "np::copyto",
    "np::copyto",
    "np::asarray",
    "np::array",
    T.ARRAY,
)


def _kinds(x: Value) -> _Kinds:
    return _ARRAY if isinstance(x.type, T.ArrayType) else _TENSOR


def get_tensor_item(e: Emitter, x: Value, node: t.Subscript) -> Value:
    """`x[index]` of a Tensor or Array."""
    kinds = _kinds(x)
    view, indices = apply_views(e, x, node.index)
    if indices:
        return apply(e, node.span, kinds.index, view, index_list(e, view, indices))
    if view is x:
        return apply(e, node.span, kinds.itself, x)
    return view


def set_tensor_item(e: Emitter, x: Value, node: t.Subscript, value: Value) -> None:
    """`x[index] = value`."""
    kinds = _kinds(x)
    view, indices = apply_views(e, x, node.index, writes=True)
    is_number = not T.is_tensor_like(value.type)
    if not is_number and type(value.type) is not type(kinds.type):
        value = converted(e, value, kinds.type)
    if indices:
        listed = index_list(e, view, indices)
        if is_number and kinds is _TENSOR:
            value = _number_like(e, value, view, node.span)
        apply(e, node.span, kinds.index_put, view, listed, value)
    else:
        kind = kinds.fill if is_number else kinds.copy
        apply(e, node.span, kind, view, value)


def converted(e: Emitter, x: Value, wanted: T.Type) -> Value:
    """A Tensor as an Array or an Array as a Tensor, sharing storage."""
    kind = "TensorToArray" if wanted == T.ARRAY else "ArrayToTensor"
    return e.b.node(f"prim::{kind}", [x], [wanted]).output


def _number_like(e: Emitter, n: Value, like: Value, span: Span) -> Value:
    """A number as a 0-dim Tensor of the dtype of another."""
    args = Arguments()
    args.add(n, span)
    args.keywords["dtype"] = apply(e, span, "prim::dtype", like)
    return e.as_value(call_operator(e, span, "aten::tensor", args), span)


def apply_views(
    e: Emitter, x: Value, index: t.Expr, *, writes: bool = False
) -> tuple[Value, dict[int, Value]]:
    """The view that ints, slices, None and `...` select, and index tensors by dim.

    A number of an Array is no view of it, so that an Array that is written to keeps a
    last int as an index.
    """
    items = list(index.elements) if isinstance(index, t.TupleExpr) else [index]
    emitted: list[tuple[t.Expr, Value | None]] = []
    for item in items:
        if isinstance(item, t.Slice) or _is_ellipsis(item):
            emitted.append((item, None))
        else:
            emitted += [(item, v) for v in _index_values(e, item)]
    dots = [i for i, (item, _) in enumerate(emitted) if _is_ellipsis(item)]
    if len(dots) > 1:
        raise fail(index.span, "E0301", "an index can hold only one `...`")
    indices: dict[int, Value] = {}
    head = emitted[: dots[0]] if dots else emitted
    dim = 0
    for place, (item, value) in enumerate(head):
        is_last = writes and place == len(emitted) - 1
        is_int = value is not None and value.type == T.INT
        if is_last and is_int and value and isinstance(x.type, T.ArrayType):
            value = e.b.convert(value, T.ARRAY)
        x, dim = _take(e, x, item, value, dim, indices)
    if dots:
        x = _take_from_end(e, x, emitted[dots[0] + 1 :])
    return x, indices


def _index_values(e: Emitter, item: t.Expr) -> list[Value]:
    """One part of an index; a tuple in a variable gives several."""
    found = e.expr(item)
    if isinstance(found, Value) and T.tuple_elements(found.type) is not None:
        return e.b.unpack(found)
    return [e.as_value(found, item.span)]


def _is_ellipsis(item: t.Expr) -> bool:
    return isinstance(item, t.Constant) and item.value is Ellipsis


def _take(
    e: Emitter,
    x: Value,
    item: t.Expr,
    value: Value | None,
    dim: int,
    indices: dict[int, Value],
) -> tuple[Value, int]:
    """Apply one part of an index at `dim`, counted from the left."""
    kinds = _kinds(x)
    at = e.b.constant(dim)
    if isinstance(item, t.Slice):
        return _take_slice(e, x, item, at), dim + 1
    assert value is not None
    if value.type == T.INT:
        return apply(e, item.span, kinds.select, x, at, value), dim
    if value.type == T.NONE:
        return apply(e, item.span, kinds.new_axis, x, at), dim + 1
    if value.type == T.BOOL:
        x = apply(e, item.span, kinds.new_axis, x, at)
        value = e.b.list([value], T.BOOL)
    indices[dim] = _index_tensor(e, x, value, item.span)
    return x, dim + 1


def _take_from_end(
    e: Emitter, x: Value, items: list[tuple[t.Expr, Value | None]]
) -> Value:
    """Apply the parts behind `...` at dims counted from the right."""
    kinds = _kinds(x)
    dim = -1
    for item, value in reversed(items):
        at = e.b.constant(dim)
        if isinstance(item, t.Slice):
            x = _take_slice(e, x, item, at)
            dim -= 1
            continue
        assert value is not None
        if value.type == T.INT:
            x = apply(e, item.span, kinds.select, x, at, value)
        elif value.type == T.NONE:
            x = apply(e, item.span, kinds.new_axis, x, at)
            dim -= 1
        else:
            raise fail(
                item.span,
                "E0301",
                "an index tensor behind `...` is not accepted",
                help="write a `:` for each dimension before it",
            )
    return x


def _take_slice(e: Emitter, x: Value, s: t.Slice, at: Value) -> Value:
    lower, upper, step = slice_bounds(e, s)
    if s.lower is None and s.upper is None and s.step is None:
        lower = e.b.constant(0)
        upper = e.b.constant(END)
    return apply(e, s.span, _kinds(x).slice, x, at, lower, upper, step)


def _index_tensor(e: Emitter, x: Value, value: Value, span: Span) -> Value:
    """A part of an index as a Tensor, or as an Array for an Array."""
    kinds = _kinds(x)
    match value.type:
        case T.TensorType() | T.ArrayType():
            same = type(value.type) is type(kinds.type)
            return value if same else converted(e, value, kinds.type)
        case T.ListType(T.SimpleType("int" | "bool")):
            return apply(e, span, kinds.tensor, value)
    raise fail(
        span,
        "E0301",
        f"{a_type(value.type)} is not an index of a Tensor",
        help="an index is an int, a slice, None, `...`, a Tensor or a list of ints",
    )


def index_list(e: Emitter, x: Value, indices: dict[int, Value]) -> Value:
    """The index tensors in the order of dims, None where a dim is not indexed."""
    element = T.optional(_kinds(x).type)
    parts = [
        indices[d] if d in indices else e.none(element) for d in range(max(indices) + 1)
    ]
    return e.b.list(parts, element)

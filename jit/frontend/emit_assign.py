"""Emit assignments, plain, annotated and augmented, to names, items and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import magic, paths
from jit.frontend import tree as t
from jit.frontend.annotations import type_of_annotation
from jit.frontend.arguments import Arguments, known_elements
from jit.frontend.builtins import list_of
from jit.frontend.call import call_operator
from jit.frontend.classes import declare_type
from jit.frontend.coerce import coerce
from jit.frontend.emit_control import choose
from jit.frontend.emit_raise import raise_now
from jit.frontend.failures import a_type, fail
from jit.frontend.indexing import (
    apply_views,
    converted,
    index_list,
    set_tensor_item,
    slice_bounds,
)
from jit.frontend.methods import attribute_of_value
from jit.frontend.open_tuples import opened
from jit.frontend.operators import NUMPY, apply, binary, numpy_kind
from jit.frontend.refine import Condition
from jit.frontend.set_methods import IN_PLACE as SET_IN_PLACE
from jit.frontend.set_methods import update_in_place
from jit.frontend.sugared import (
    Emitted,
    Sugared,
    SugaredTuple,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.registry import has_kind
from jit.ir.span import Span
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


IN_PLACE = {
    "+": "add_",
    "-": "sub_",
    "*": "mul_",
    "/": "div_",
    "//": "floor_divide_",
    "%": "remainder_",
    "**": "pow_",
    "&": "__iand__",
    "|": "__ior__",
    "^": "__ixor__",
    "<<": "__ilshift__",
    ">>": "__irshift__",
}


# assignments ------------------------------------------------------------------


def assign_all(e: Emitter, s: t.Assign) -> None:
    value = e.expr(s.value)
    for target in s.targets:
        assign(e, target, value, s.value.span)


def assign(e: Emitter, target: t.Expr, value: Emitted, span: Span) -> None:
    """Assign a value to a target of any form."""
    match target:
        case t.Name(at, id):
            e.assign(id, value, at)
        case t.TupleExpr(_, elements):
            _unpack(e, target, elements, value, span)
        case t.Subscript():
            new = e.as_value(value, span)
            _set_item(e, target, new)
            paths.stored(e, target, new)
        case t.Attribute(at, owner, name):
            new = e.as_value(value, span)
            _set_attribute(e, at, e.expr(owner), name, new)
            paths.stored(e, target, new)
        case _:
            raise fail(target.span, "E0102", "this cannot be assigned to")


def _unpack(
    e: Emitter, target: t.Expr, places: tuple[t.Expr, ...], value: Emitted, span: Span
) -> None:
    stars = [i for i, p in enumerate(places) if isinstance(p, t.Starred)]
    value = opened(value)
    items = known_elements(e, value, span)
    if items is None:
        items = _unpack_at_run_time(e, e.as_value(value, span), places, stars, span)
    elif stars:
        items = _gather(e, items, len(places), stars[0], span)
    if len(items) != len(places):
        raise fail(
            span,
            "E0306",
            f"{len(items)} values are assigned to {len(places)} targets",
            help="give each value one target, or gather the rest with `*rest`",
        )
    for place, item in zip(places, items, strict=True):
        inner = place.value if isinstance(place, t.Starred) else place
        assign(e, inner, item, inner.span)


def _gather(
    e: Emitter, items: list[Emitted], places: int, star: int, span: Span
) -> list[Emitted]:
    """The items with those for the starred target put into a list."""
    after = places - star - 1
    if len(items) < places - 1:
        raise fail(
            span,
            "E0306",
            f"at least {places - 1} values are needed, there are {len(items)}",
        )
    rest = items[star : len(items) - after]
    return [*items[:star], gather_rest(e, rest, span), *items[len(items) - after :]]


def gather_rest(e: Emitter, items: list[Emitted], span: Span) -> Emitted:
    """What a starred target gets: a list, as in Python; a tuple where the types differ."""
    if any(isinstance(i, Sugared) for i in items):
        return SugaredTuple(items)
    values = [i for i in items if isinstance(i, Value)]
    joined: T.Type | None = values[0].type if values else T.TENSOR
    for value in values[1:]:
        joined = None if joined is None else unify(joined, value.type)
    return e.b.tuple(values) if joined is None else e.b.list(values, joined)


def _unpack_at_run_time(
    e: Emitter, value: Value, places: tuple[t.Expr, ...], stars: list[int], span: Span
) -> list[Emitted]:
    """The parts of a list or Tensor, whose number is checked when it runs."""
    if isinstance(value.type, T.ArrayType):
        value = list_of(e, value, span)
    if isinstance(value.type, T.TensorType):
        value = apply(e, span, "aten::unbind", value)
    if value.type == T.STR:
        value = apply(e, span, "aten::list", value)
    if not isinstance(value.type, T.ListType):
        raise fail(
            span,
            "E0306",
            f"{a_type(value.type)} cannot be taken apart",
            help="a tuple, a list or a Tensor can",
        )
    if stars:
        return _unpack_starred(e, value, len(places), stars[0])
    element = value.type.element
    node = e.b.node("prim::ListUnpack", [value], [element] * len(places))
    return list(node.outputs)


def _unpack_starred(e: Emitter, value: Value, places: int, star: int) -> list[Emitted]:
    length = e.op("aten::len", value)
    enough = Condition(e.op("aten::ge", length, places - 1))
    after = places - star - 1
    choose(
        e,
        enough,
        list,
        lambda: raise_now(
            e,
            e.op(
                "aten::format",
                f"not enough values to unpack (expected at least {places - 1}, got {{}})",
                length,
            ),
            "ValueError",
        ),
    )
    items: list[Emitted] = [e.op("aten::__getitem__", value, i) for i in range(star)]
    end = e.op("aten::sub", length, after)
    items.append(e.op("aten::slice", value, star, end, 1))
    items += [e.op("aten::__getitem__", value, i - after) for i in range(after)]
    return items


def annotated(e: Emitter, s: t.AnnAssign) -> None:
    type = type_of_annotation(s.annotation, e.scope)
    declare_type(e.compilation, type)
    if s.value is None:
        # the name has no value yet: remember its type for the first one
        if isinstance(s.target, t.Name):
            e.declared[s.target.id] = type
        return
    e.expected = (s.value, type)
    value = e.expr(s.value)
    if isinstance(s.target, t.Name):
        e.assign(s.target.id, value, s.target.span, type)
    elif isinstance(s.target, t.Attribute):
        owner = e.expr(s.target.value)
        given = e.as_value(value, s.value.span)
        _set_attribute(e, s.target.span, owner, s.target.name, given, type)
    else:
        assign(e, s.target, value, s.value.span)


def _set_item(e: Emitter, target: t.Subscript, value: Value) -> None:
    owner = e.value(target.value)
    if T.is_tensor_like(owner.type):
        set_tensor_item(e, owner, target, value)
        return
    if isinstance(target.index, t.Slice) and isinstance(owner.type, T.ListType):
        bounds = slice_bounds(e, target.index)
        fitting = coerce(value, owner.type)
        apply(e, target.span, "aten::_set_slice", owner, *bounds, fitting or value)
        e.resized.append(owner)
        return
    if magic.is_instance(owner):
        index = e.expr(target.index)
        what = "takes no items"
        magic.need_magic(e, target.span, owner, "__setitem__", what, index, value)
        return
    if not isinstance(owner.type, T.ListType | T.DictType):
        raise fail(
            target.span,
            "E0301",
            f"the items of {a_type(owner.type)} cannot be assigned",
        )
    args = Arguments()
    args.add(owner, target.value.span)
    args.add(e.value(target.index), target.index.span)
    args.add(value, target.span)
    call_operator(e, target.span, "aten::_set_item", args, name="an item of a list")


def _set_attribute(
    e: Emitter,
    span: Span,
    owner: Emitted,
    name: str,
    value: Value,
    declared: T.Type | None = None,
) -> None:
    from jit.frontend.chosen import Chosen
    from jit.frontend.class_value import assign_attribute
    from jit.frontend.module_value import ModuleValue

    if isinstance(owner, ModuleValue | Chosen):
        owner.assign(e, span, name, value)
        return
    if isinstance(owner, Value) and isinstance(owner.type, T.ClassType):
        assign_attribute(e, span, owner, name, value, declared)
        return
    what = owner.describe() if isinstance(owner, Sugared) else f"{a_type(owner.type)}"
    help = "assign attributes of instances and modules, `self.name = value`"
    if name == "requires_grad":
        help = "call `requires_grad_(...)`"
    raise fail(
        span, "E0204", f"attribute `{name}` of {what} cannot be assigned", help=help
    )


def augmented(e: Emitter, s: t.AugAssign) -> None:
    match s.target:
        case t.Name(at, id):
            old = e.find(id, at)
            e.assign(id, _updated(e, s, old, e.expr(s.value)), at)
        case t.Subscript():
            _augmented_item(e, s, s.target)
        case t.Attribute(at, owner, name):
            holder = e.expr(owner)
            old = (
                holder.attribute(e, at, name)
                if isinstance(holder, Sugared)
                else attribute_of_value(e, at, holder, name)
            )
            if isinstance(old, Value):
                old = paths.read(e, s.target, old)
            new = _updated(e, s, old, e.expr(s.value))
            if new is not old:
                value = e.as_value(new, s.span)
                _set_attribute(e, at, holder, name, value)
                paths.stored(e, s.target, value)
        case _:
            raise fail(s.target.span, "E0102", "this cannot be assigned to")


def _updated(e: Emitter, s: t.AugAssign, old: Emitted, operand: Emitted) -> Emitted:
    """What a name stands for after `name op= operand`; changed in place if it can be."""
    if isinstance(old, Value):
        found = magic.in_place(e, s.span, s.op, old, operand)
        if found is not None:
            return found
        if isinstance(old.type, T.TensorType) and s.op in IN_PLACE:
            args = Arguments()
            args.add(old, s.target.span)
            args.add(operand, s.value.span)
            call_operator(e, s.span, f"aten::{IN_PLACE[s.op]}", args, name=f"{s.op}=")
            return old
        if isinstance(old.type, T.ArrayType):
            kind = f"{numpy_kind(NUMPY[s.op])}_"
            value = e.as_value(operand, s.value.span)
            if has_kind(kind) and value.type != T.TENSOR:
                return apply(e, s.span, kind, old, value)
        if isinstance(old.type, T.SetType) and s.op in SET_IN_PLACE:
            update_in_place(e, s.span, s.op, old, operand)
            return old
        if isinstance(old.type, T.ListType) and s.op in ("+", "*"):
            kind = "aten::add_" if s.op == "+" else "aten::mul_"
            if isinstance(operand, Sugared) and s.op == "+":
                operand = list_of(e, operand, s.value.span)
            apply(e, s.span, kind, old, e.as_value(operand, s.value.span))
            return old
    return binary(e, s.span, s.op, old, operand)


def _augmented_item(e: Emitter, s: t.AugAssign, target: t.Subscript) -> None:
    """`x[i] op= v`: the owner and the index are evaluated once."""
    owner = e.value(target.value)
    if T.is_tensor_like(owner.type):
        _augmented_tensor_item(e, s, target, owner)
        return
    if isinstance(target.index, t.Slice):
        bounds = slice_bounds(e, target.index)
        old = apply(e, target.span, "aten::slice", owner, *bounds)
        new = e.as_value(_updated(e, s, old, e.expr(s.value)), s.span)
        apply(e, s.span, "aten::_set_slice", owner, *bounds, new)
        e.resized.append(owner)
        return
    index = e.value(target.index)
    if magic.is_instance(owner):
        what = "has no items"
        old = magic.need_magic(e, target.span, owner, "__getitem__", what, index)
        new = e.as_value(_updated(e, s, old, e.expr(s.value)), s.span)
        what = "takes no items"
        magic.need_magic(e, s.span, owner, "__setitem__", what, index, new)
        return
    old = apply(e, target.span, "aten::__getitem__", owner, index)
    new = e.as_value(_updated(e, s, old, e.expr(s.value)), s.span)
    apply(e, s.span, "aten::_set_item", owner, index, new)


def _augmented_tensor_item(
    e: Emitter, s: t.AugAssign, target: t.Subscript, owner: Value
) -> None:
    view, indices = apply_views(e, owner, target.index, writes=True)
    operand = e.value(s.value)
    is_array = isinstance(owner.type, T.ArrayType)
    if T.is_tensor_like(operand.type) and type(operand.type) is not type(owner.type):
        operand = converted(e, operand, T.ARRAY if is_array else T.TENSOR)
    in_place = (
        f"{numpy_kind(NUMPY[s.op])}_" if is_array else (f"aten::{IN_PLACE.get(s.op)}")
    )
    if not indices and has_kind(in_place):
        apply(e, s.span, in_place, view, operand)
        return
    namespace = "np" if is_array else "aten"
    old = view
    if indices:
        listed = index_list(e, view, indices)
        old = apply(e, target.span, f"{namespace}::index", view, listed)
    new = e.as_value(binary(e, s.span, s.op, old, operand), s.span)
    if indices:
        apply(e, s.span, f"{namespace}::index_put_", view, listed, new)
    else:
        apply(e, s.span, "np::copyto" if is_array else "aten::copy_", view, new)

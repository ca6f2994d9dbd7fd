"""Emit statements: assignments in all their forms, raise, assert, del, with."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import magic, paths
from jit.frontend import tree as t
from jit.frontend.annotations import type_of_annotation
from jit.frontend.assigned import assigned
from jit.frontend.builtins import list_of
from jit.frontend.call import Arguments, call_operator, known_elements
from jit.frontend.classes import declare_type
from jit.frontend.coerce import coerce
from jit.frontend.emit_control import choose, emit_if
from jit.frontend.emit_loop import emit_break, emit_continue, emit_for, emit_while
from jit.frontend.emit_try import emit_try
from jit.frontend.emit_with import emit_with
from jit.frontend.environment import Missing
from jit.frontend.failures import a_type, fail
from jit.frontend.gradients import switch_gradients
from jit.frontend.indexing import (
    apply_views,
    converted,
    index_list,
    set_tensor_item,
    slice_bounds,
)
from jit.frontend.local_functions import emit_definition
from jit.frontend.methods import attribute_of_value
from jit.frontend.open_tuples import opened
from jit.frontend.operators import NUMPY, apply, binary, numpy_kind
from jit.frontend.refine import Condition, emit_condition, holds
from jit.frontend.set_methods import IN_PLACE as SET_IN_PLACE
from jit.frontend.set_methods import update_in_place
from jit.frontend.sugared import (
    Emitted,
    ExceptionClass,
    MadeException,
    NoContext,
    Sugared,
    SugaredTuple,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.registry import has_kind
from jit.ir.span import Span
from jit.ir.unification import unify
from jit.runtime.exceptions import register_exception

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


def emit_statement(e: Emitter, s: t.Stmt) -> None:
    """Emit one statement at its span."""
    EMITTERS[type(s)](e, s)


# assignments ------------------------------------------------------------------


def _assign(e: Emitter, s: t.Assign) -> None:
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


def _annotated(e: Emitter, s: t.AnnAssign) -> None:
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


def _augmented(e: Emitter, s: t.AugAssign) -> None:
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


# other statements -------------------------------------------------------------


def _expression(e: Emitter, s: t.ExprStmt) -> None:
    if isinstance(s.value, t.Constant):
        return
    value = e.expr(s.value)
    if isinstance(value, NoContext) and value.switch is not None:
        switch_gradients(e, s.span, value.switch)


def _return(e: Emitter, s: t.Return) -> None:
    if s.value is not None and e.declared_return is not None:
        e.expected = (s.value, e.declared_return)
    value = e.none() if s.value is None else e.expr(s.value)
    e.emit_return(value, s.span if s.value is None else s.value.span)


def _raise(e: Emitter, s: t.Raise) -> None:
    if s.exception is None:
        if not e.handlers:
            raise fail(s.span, "E0102", "a bare `raise` is accepted only in a handler")
        e.b.node("prim::ReRaise", [e.handlers[-1]])
        e.frame.is_closed = True
        return
    node = s.exception
    found = e.expr(node)
    if isinstance(found, Value) and found.type == T.EXCEPTION:
        if s.cause is not None:
            raise fail(
                s.cause.span,
                "E0102",
                "`from` is accepted only where a new exception is raised",
                help='as in `raise ValueError("message") from error`',
            )
        e.b.node("prim::ReRaise", [found])
        e.frame.is_closed = True
        return
    message = e.none()
    if isinstance(found, MadeException):
        message, found = found.message, found.cls
    if not isinstance(found, ExceptionClass):
        raise fail(
            node.span,
            "E0301",
            "only an exception can be raised",
            help='raise a class of exceptions, as in `raise ValueError("message")`',
        )
    name = exception_name(found.obj, node.span)
    raise_now(e, message, name, *_cause(e, s.cause))


def _cause(e: Emitter, cause: t.Expr | None) -> list[Value]:
    """What stands after `from`."""
    if cause is None:
        return []
    found = e.expr(cause)
    if isinstance(found, Value) and found.type in (T.EXCEPTION, T.NONE):
        return [found]
    raise fail(
        cause.span,
        "E0301",
        "an exception is raised from one that was caught, or from None",
        help="name the exception of the handler: `except ValueError as error:`",
    )


def message_of(e: Emitter, call: t.Call) -> Value:
    """The message of an exception that is made."""
    if call.keywords or any(isinstance(a, t.Starred) for a in call.args):
        raise fail(
            call.span,
            "E0304",
            "an exception takes its arguments one by one in compiled code",
            help="put everything into one f-string",
        )
    if not call.args:
        return e.none()
    if len(call.args) > 1:
        return e.b.tuple([e.value(a) for a in call.args])
    value = e.value(call.args[0])
    if value.type in (T.INT, T.FLOAT, T.BOOL):
        return value  # `KeyError(3)` and `KeyError("3")` differ
    return as_text(e, value, call.args[0].span)


def as_text(e: Emitter, value: Value, span: Span) -> Value:
    """`str(value)`."""
    if value.type == T.STR:
        return value
    if value.type == T.EXCEPTION:
        return e.b.node("prim::ExceptionMessage", [value], [T.STR]).output
    if magic.has(e, value, *magic.TEXT):
        return magic.text(e, span, value)
    return apply(e, span, "aten::str", value)


def exception_name(cls: type[BaseException], span: Span) -> str:
    """The name by which the runtime finds a class of exceptions again."""
    if not issubclass(cls, Exception):
        raise fail(
            span,
            "E0301",
            f"`{cls.__name__}` cannot be raised or caught in compiled code",
            help="use a class that derives from Exception",
        )
    return register_exception(cls)


def raise_now(e: Emitter, message: Value, name: str, *cause: Value) -> list[Emitted]:
    """Raise an exception of the named class, from another one if that is given."""
    e.b.node("prim::RaiseException", [message, e.b.constant(name), *cause])
    e.frame.is_closed = True
    return []


def _assert(e: Emitter, s: t.Assert) -> None:
    condition = emit_condition(e, s.test)
    if condition.static is True:
        return

    def broken() -> list[Emitted]:
        message = e.none()
        if s.message is not None:
            message = as_text(e, e.value(s.message), s.message.span)
        return raise_now(e, message, "AssertionError")

    choose(e, condition, list, broken, live=e.liveness.after(s))
    if condition.static is None:
        holds(e, condition.then)


def _delete(e: Emitter, s: t.Delete) -> None:
    for target in s.targets:
        match target:
            case t.Name(at, id):
                e.find(id, at)
                e.frame.names[id] = Missing("here any more: it was deleted", at)
            case t.Subscript():
                owner = e.value(target.value)
                if isinstance(target.index, t.Slice):
                    bounds = slice_bounds(e, target.index)
                    apply(e, s.span, "aten::_delete_slice", owner, *bounds)
                    e.resized.append(owner)
                    continue
                index = e.value(target.index)
                if magic.is_instance(owner):
                    what = "gives no items up"
                    magic.need_magic(e, s.span, owner, "__delitem__", what, index)
                elif isinstance(owner.type, T.ListType | T.DictType):
                    apply(e, s.span, "aten::Delete", owner, index)
                else:
                    raise fail(
                        s.span,
                        "E0301",
                        f"items of {a_type(owner.type)} cannot be deleted",
                        help="items of lists and dicts can; others are made anew",
                    )
            case _:
                raise fail(target.span, "E0102", "this cannot be deleted")


def _import(e: Emitter, s: t.Import) -> None:
    """An import inside of a function: done once, while compiling."""
    from jit.frontend.resolver import resolve_object

    found = imported(e, s)
    e.assign(s.target, resolve_object(e, s.span, found, s.target), s.span)


def imported(e: Emitter, s: t.Import) -> Any:
    """What an import gives; CompileError E0202 where Python would find nothing."""
    dots = len(s.module) - len(s.module.lstrip("."))
    package = e.scope.globals.get("__package__") if dots else None
    try:
        module = importlib.import_module(s.module, package)
        if s.member is None:
            # `import a.b` gives `a`
            head, _, rest = s.module.partition(".")
            return sys.modules[head] if rest and s.target == head else module
        if not hasattr(module, s.member):
            return importlib.import_module(f"{module.__name__}.{s.member}")
        return getattr(module, s.member)
    except ImportError as error:
        raise fail(
            s.span, "E0202", f"the import fails: {error}", help="install the module"
        ) from None


def _outside(e: Emitter, s: t.Outside) -> None:
    """`global` and `nonlocal`: a global may be read only."""
    changed = assigned(e.tree.body)
    for name in s.names:
        if name in changed and s.kind == "global":
            raise fail(
                s.span,
                "E0102",
                f"compiled code cannot assign to the {s.kind} name `{name}`",
                help="return the new value, or keep it in a list or an attribute of a"
                " module",
            )


def _pass(e: Emitter, s: t.Stmt) -> None:
    pass


EMITTERS: dict[type[t.Stmt], Callable[[Emitter, Any], None]] = {
    t.Assign: _assign,
    t.AnnAssign: _annotated,
    t.AugAssign: _augmented,
    t.ExprStmt: _expression,
    t.If: emit_if,
    t.While: emit_while,
    t.For: emit_for,
    t.Break: emit_break,
    t.Continue: emit_continue,
    t.Pass: _pass,
    t.Return: _return,
    t.Raise: _raise,
    t.Assert: _assert,
    t.Try: emit_try,
    t.With: emit_with,
    t.Delete: _delete,
    t.Define: emit_definition,
    t.Import: _import,
    t.Outside: _outside,
}

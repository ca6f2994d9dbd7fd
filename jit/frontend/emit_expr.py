"""Emit expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import magic, paths
from jit.frontend import tree as t
from jit.frontend.emit_comprehension import emit_comprehension
from jit.frontend.emit_displays import emit_dict, emit_list, emit_set, emit_tuple
from jit.frontend.failures import a_type, fail
from jit.frontend.indexing import emit_subscript
from jit.frontend.interfaces import interface_call
from jit.frontend.local_functions import emit_lambda
from jit.frontend.methods import attribute_of_value
from jit.frontend.operators import apply, binary, compare, unary
from jit.frontend.refine import emit_condition
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_expr(e: Emitter, node: t.Expr) -> Emitted:
    """Emit one expression at its span."""
    return EMITTERS[type(node)](e, node)


def _name(e: Emitter, node: t.Name) -> Emitted:
    return e.find(node.id, node.span)


def _constant(e: Emitter, node: t.Constant) -> Emitted:
    if node.value is Ellipsis:
        raise fail(node.span, "E0102", "`...` is accepted only as an index")
    return e.b.constant(node.value)


def _attribute(e: Emitter, node: t.Attribute) -> Emitted:
    owner = e.expr(node.value)
    if isinstance(owner, Sugared):
        found = owner.attribute(e, node.span, node.name)
    else:
        found = attribute_of_value(e, node.span, owner, node.name)
    return paths.read(e, node, found) if isinstance(found, Value) else found


def _subscript(e: Emitter, node: t.Subscript) -> Emitted:
    found = emit_subscript(e, node)
    return paths.read(e, node, found) if isinstance(found, Value) else found


def _call(e: Emitter, node: t.Call) -> Emitted:
    function = e.expr(node.function)
    if isinstance(function, Sugared):
        return function.call(e, node)
    if isinstance(function.type, T.InterfaceType):
        name = interface_call(function.type)
        method = attribute_of_value(e, node.function.span, function, name)
        assert isinstance(method, Sugared)
        return method.call(e, node)
    if magic.has(e, function, "__call__"):
        found = attribute_of_value(e, node.function.span, function, "__call__")
        assert isinstance(found, Sugared)
        return found.call(e, node)
    raise fail(node.function.span, "E0311", f"{a_type(function.type)} cannot be called")


def _binary(e: Emitter, node: t.Binary) -> Emitted:
    left = e.expr(node.left)
    return binary(e, node.span, node.op, left, e.expr(node.right))


def _unary(e: Emitter, node: t.Unary) -> Emitted:
    if node.op == "not":
        return emit_condition(e, node).value
    return unary(e, node.span, node.op, e.value(node.operand))


def _compare(e: Emitter, node: t.Compare) -> Emitted:
    """`a < b < c`: each operand once, and no further than needed."""
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import same_objects, truth

    if len(node.ops) == 1 and node.ops[0] in ("is", "is not"):
        return emit_condition(e, node).value

    def rest(i: int, left: Emitted) -> Emitted:
        right = e.expr(node.operands[i + 1])
        if node.ops[i] in ("is", "is not"):
            met = same_objects(e, node.ops[i], left, right, node.span)
        else:
            met = compare(e, node.span, node.ops[i], left, right)
        if i == len(node.ops) - 1:
            return met
        outcome = truth(e, met, node)
        (value,) = choose(
            e,
            outcome,
            lambda: [rest(i + 1, right)],
            lambda: [met],
        )
        return value

    return rest(0, e.expr(node.operands[0]))


def _logical(e: Emitter, node: t.Logical) -> Emitted:
    """`a or b` is an operand where their types agree, else a bool."""
    from jit.frontend.emit_control import choose
    from jit.frontend.refine import holds, truth

    first = node.operands[0]
    rest = node.operands[1:]
    if _is_test(first):
        condition = emit_condition(e, first)
        if len(rest) == 1 and _is_test(rest[0]):
            return emit_condition(e, node).value
        value: Emitted = condition.value
    else:
        value = e.expr(first)
        condition = truth(e, value, first)
    following: t.Expr = (
        rest[0] if len(rest) == 1 else t.Logical(node.span, node.op, rest)
    )
    is_and = node.op == "and"
    if condition.static is not None:
        if condition.static is not is_and:
            return value
        holds(e, condition.then if is_and else condition.orelse)
        return e.expr(following)

    def keep() -> list[Emitted]:
        kept = value
        if (
            isinstance(kept, Value)
            and isinstance(kept.type, T.OptionalType)
            and not is_and
        ):
            inner = kept.type.element
            kept = e.b.node("prim::unchecked_unwrap_optional", [kept], [inner]).output
        return [kept]

    def go_on() -> list[Emitted]:
        return [e.expr(following)]

    then, orelse = (go_on, keep) if is_and else (keep, go_on)
    (result,) = choose(e, condition, then, orelse, mixed=lambda: _as_bool(e, node))
    return result


def _as_bool(e: Emitter, node: t.Logical) -> list[Emitted]:
    raise fail(
        node.span,
        "E0302",
        f"the operands of `{node.op}` have different types",
        help="compare them so that both are bools, or convert one of them",
    )


def _is_test(node: t.Expr) -> bool:
    """Whether an expression gives a bool by its form."""
    match node:
        case t.Compare() | t.Unary(_, "not", _):
            return True
        case t.Logical(_, _, operands):
            return all(map(_is_test, operands))
        case t.Call(_, t.Name(_, "isinstance") | t.Attribute(_, _, "isinstance")):
            return True
    return False


def _if_expr(e: Emitter, node: t.IfExpr) -> Emitted:
    from jit.frontend.emit_control import choose

    condition = emit_condition(e, node.test)
    (value,) = choose(
        e, condition, lambda: [e.expr(node.then)], lambda: [e.expr(node.orelse)]
    )
    return value


def _walrus(e: Emitter, node: t.Walrus) -> Emitted:
    value = e.expr(node.value)
    e.assign(node.target.id, value, node.target.span)
    return value


def _f_string(e: Emitter, node: t.FString) -> Emitted:
    template, values = _template(e, node)
    if not values:
        return e.b.constant(template.replace("{{", "{").replace("}}", "}"))
    return apply(e, node.span, "aten::format", e.b.constant(template), *values)


def _template(e: Emitter, node: t.FString) -> tuple[str, list[Value]]:
    """The template that Python's `str.format` fills, and the values in order."""
    text = ""
    values: list[Value] = []
    for part in node.parts:
        if isinstance(part, str):
            text += part.replace("{", "{{").replace("}", "}}")
            continue
        value = e.value(part.value)
        is_instance = magic.has(e, value, *magic.TEXT)
        if is_instance:
            values.append(_text(e, part, value))
            conversion = ""
        else:
            values.append(value)
            conversion = f"!{part.conversion}" if part.conversion else ""
        spec = ""
        if part.spec is not None and (part.conversion or not is_instance):
            inner, more = _template(e, part.spec)
            spec = f":{inner}" if inner else ""
            values += more
        text += f"{{{conversion}{spec}}}"
    return text, values


def _test(e: Emitter, node: t.PatternTest) -> Emitted:
    return emit_condition(e, node).value


def _text(e: Emitter, part: t.Field, value: Value) -> Value:
    """The text of an instance in an f-string."""
    span = part.value.span
    if part.conversion:
        return magic.text(e, span, value, is_repr=part.conversion != "s")
    if part.spec is None:
        return magic.text(e, span, value)
    what = "takes no format"
    spec = _f_string(e, part.spec)
    return magic.need_magic(e, span, value, "__format__", what, spec)


def _starred(e: Emitter, node: t.Starred) -> Emitted:
    raise fail(node.span, "E0102", "`*` is accepted only in calls, tuples and lists")


def _slice(e: Emitter, node: t.Slice) -> Emitted:
    raise fail(node.span, "E0102", "a slice is accepted only as an index")


EMITTERS: dict[type[t.Expr], Callable[[Emitter, Any], Emitted]] = {
    t.Name: _name,
    t.Constant: _constant,
    t.Attribute: _attribute,
    t.Subscript: _subscript,
    t.Call: _call,
    t.Binary: _binary,
    t.Unary: _unary,
    t.Compare: _compare,
    t.Logical: _logical,
    t.IfExpr: _if_expr,
    t.TupleExpr: emit_tuple,
    t.ListExpr: emit_list,
    t.SetExpr: emit_set,
    t.DictExpr: emit_dict,
    t.Lambda: emit_lambda,
    t.PatternTest: _test,
    t.Walrus: _walrus,
    t.FString: _f_string,
    t.Comprehension: emit_comprehension,
    t.Starred: _starred,
    t.Slice: _slice,
}

"""Conditions, and what each outcome says about the types of names.

    if x is None or n > 3: ...        false: `x` is not None
    assert isinstance(x, int)         afterwards: `x` is an int

A condition that the types decide is *static*: only the branch that can run is emitted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.annotations import HintError, type_of_hint
from jit.frontend.assigned import walrus_names
from jit.frontend.environment import Variable
from jit.frontend.exact_types import same_class
from jit.frontend.failures import a_type, fail
from jit.frontend.open_tuples import opened
from jit.frontend.paths import is_path, learn, path_of
from jit.frontend.sizes import is_size
from jit.frontend.sugared import (
    Emitted,
    PythonValue,
    Sugared,
    SugaredTuple,
)
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.ir.subtyping import is_subtype
from jit.modules import type_tests

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


@dataclass(frozen=True, slots=True)
class Defined:
    """A name that only one outcome of a condition defines, and its narrower type."""

    variable: Variable
    type: T.Type | None = None


Facts = Mapping[str, "T.Type | Defined"]
"""Narrower types of names, and names that the outcome defines."""

NOTHING: Facts = {}


@dataclass(frozen=True, slots=True)
class Condition:
    """A truth value, and what follows from it."""

    value: Value
    """Of type bool."""
    static: bool | None = None
    """Its outcome, if that is known while compiling."""
    then: Facts = field(default_factory=dict)
    """What holds where it is true."""
    orelse: Facts = field(default_factory=dict)
    """What holds where it is false."""


def emit_condition(e: Emitter, node: t.Expr) -> Condition:
    """Emit an expression that decides something."""
    saved, e.b.span = e.b.span, node.span
    try:
        return _condition(e, node)
    finally:
        e.b.span = saved


def _condition(e: Emitter, node: t.Expr) -> Condition:
    match node:
        case t.Unary(_, "not", operand):
            return _negated(e, emit_condition(e, operand))
        case t.Logical(_, op, operands):
            found = emit_condition(e, operands[0])
            for operand in operands[1:]:
                found = combined(
                    e,
                    op,
                    found,
                    functools.partial(emit_condition, e, operand),
                    frozenset(walrus_names(operand)),
                )
            return found
        case t.Name(_, id) if id in e.left_by:
            return Condition(e.value(node), None, e.left_by[id])
        case t.PatternTest():
            from jit.frontend.emit_match import emit_pattern_test

            return emit_pattern_test(e, node)
        case t.Compare(_, (("is" | "is not") as op,), (left, right)):
            return _identity(e, op, left, right, node.span)
        case t.Call(_, function, (tested, _), ()):
            known = _builtin_of(e, function)
            if known == "isinstance":
                return _isinstance(e, node, tested)
    return truth(e, e.expr(node), node)


def _builtin_of(e: Emitter, function: t.Expr) -> str | None:
    match function:
        case t.Name(_, id) if e.frame.find(id) is None:
            outside = e.scope.find(id)
            found = None if outside is None else outside[0]
        case t.Attribute(_, _, "isinstance"):
            found = getattr(e.expr(function), "obj", None)
        case _:
            return None
    return "isinstance" if found in (isinstance, type_tests.isinstance) else None


def known(e: Emitter, outcome: bool) -> Condition:
    """A condition decided while compiling."""
    return Condition(e.b.constant(outcome), outcome)


def _negated(e: Emitter, c: Condition) -> Condition:
    if c.static is not None:
        return Condition(e.b.constant(not c.static), not c.static, c.orelse, c.then)
    value = e.op("aten::__not__", c.value)
    return Condition(value, None, c.orelse, c.then)


def combined(
    e: Emitter,
    op: str,
    first: Condition,
    operand: Callable[[], Condition],
    names: frozenset[str] = frozenset(),
) -> Condition:
    """`first and operand`, `first or operand`: the operand only where it decides.

    `names` are what the operand defines, and what only one outcome has therefore.
    """
    from jit.frontend.emit_control import choose

    is_and = op == "and"
    if first.static is not None and first.static is not is_and:
        return first
    goes_on = first.then if is_and else first.orelse
    if first.static is not None:
        holds(e, goes_on)
        return operand()
    partial = [n for n in sorted(names) if not isinstance(e.frame.find(n), Variable)]
    second: list[Condition] = []
    defined: dict[str, Variable] = {}

    def right() -> list[Emitted]:
        found = operand()
        second.append(found)
        holds(e, _following(found, is_and))
        for name in partial:
            variable = e.frame.find(name)
            if isinstance(variable, Variable) and isinstance(variable.value, Value):
                defined[name] = variable
        return [found.value, *(v.value for v in defined.values())]

    def decided() -> list[Emitted]:
        lacking = [e.uninitialized(v.type or T.NONE) for v in defined.values()]
        return [e.b.constant(not is_and), *lacking]

    if partial and not is_and:
        # what the operand defines must be known before the other branch
        value, *outputs = choose(e, _negated(e, first), right, decided)
    else:
        then, orelse = (right, decided) if is_and else (decided, right)
        value, *outputs = choose(e, first, then, orelse)
    assert isinstance(value, Value)
    following = dict(_following(second[0], is_and))
    for (name, variable), output in zip(defined.items(), outputs, strict=True):
        following[name] = Defined(Variable(output, variable.span, variable.declared))
    both = {**goes_on, **following}
    either = _agreeing(first, second[0], is_and)
    if is_and:
        return Condition(value, None, both, either)
    return Condition(value, None, either, both)


def _following(c: Condition, is_and: bool) -> Facts:
    """What holds where both operands of `and` are true, of `or` false."""
    return c.then if is_and else c.orelse


def _agreeing(a: Condition, b: Condition, is_and: bool) -> Facts:
    """What both outcomes say: of `a and b` being false, of `a or b` being true."""
    if is_and:
        left, right, passed = a.orelse, b.orelse, a.then
    else:
        left, right, passed = a.then, b.then, a.orelse
    return {
        name: type
        for name, type in left.items()
        if right.get(name, passed.get(name)) == type
    }


def _tested_name(node: t.Expr) -> str | None:
    """The name that a test is about: `x`, or the target of `(x := f())`."""
    match node:
        case t.Name(_, id):
            return id
        case t.Walrus(_, target, _):
            return target.id
        case t.Attribute() | t.Subscript():
            return path_of(node)
    return None


def _identity(
    e: Emitter, op: str, left: t.Expr, right: t.Expr, span: Span
) -> Condition:
    if isinstance(left, t.Constant) and left.value is None:
        left, right = right, left
    tested = e.expr(left)
    if isinstance(right, t.Constant) and right.value is None:
        found = is_none(e, tested, _tested_name(left))
    else:
        found = _is_same(e, tested, e.expr(right), span)
    return found if op == "is" else _negated(e, found)


def same_objects(e: Emitter, op: str, a: Emitted, b: Emitted, span: Span) -> Value:
    """`a is b` of emitted values, inside of a chain of comparisons."""
    if isinstance(a, Value) and a.type == T.NONE:
        a, b = b, a
    if isinstance(b, Value) and b.type == T.NONE:
        found = is_none(e, a, None)
    else:
        found = _is_same(e, a, b, span)
    return (found if op == "is" else _negated(e, found)).value


def is_none(e: Emitter, tested: Emitted, name: str | None) -> Condition:
    """Whether a value is None; `name` stands for it."""
    if isinstance(tested, Sugared):
        return known(e, False)
    if tested.type == T.NONE:
        return known(e, True)
    if isinstance(tested.type, T.OptionalType):
        value = e.op("aten::__is__", tested, e.none())
        inner = tested.type.element
        then: Facts = {name: T.NONE} if name else NOTHING
        orelse: Facts = {name: inner} if name else NOTHING
        return Condition(value, None, then, orelse)
    if tested.type == T.ANY:
        value = e.op("aten::__is__", tested, e.none())
        return Condition(value, None, {name: T.NONE} if name else NOTHING, NOTHING)
    return known(e, False)


def _is_same(e: Emitter, a: Emitted, b: Emitted, span: Span) -> Condition:
    """`is` of types, dtypes and bools, whose identity is their equality."""
    if isinstance(a, PythonValue) and isinstance(b, PythonValue):
        return known(e, a.obj is b.obj)
    classes = same_class(a, b)
    if classes is not None:
        return known(e, classes)
    if isinstance(a, Value) and isinstance(b, Value):
        if a is b:
            return known(e, True)
        if _has_identity(a.type) and _has_identity(b.type):
            return Condition(e.op("aten::__is__", a, b))
        if a.type == b.type and a.type in (T.DTYPE, T.BOOL):
            return Condition(e.op("aten::eq", a, b))
    raise fail(
        span,
        "E0301",
        "`is` compares only with None, True, False and dtypes in compiled code",
        help="compare values with `==`",
    )


def _derives(type: T.Type, base: T.Type) -> bool:
    """Whether a class derives from another."""
    both = isinstance(type, T.ClassType) and isinstance(base, T.ClassType)
    return both and type != base and is_subtype(type, base)


def _has_identity(type: T.Type) -> bool:
    """Whether values of a type are instances, or None."""
    inner = type.element if isinstance(type, T.OptionalType) else type
    return isinstance(inner, T.ClassType | T.EnumType)


def _isinstance(e: Emitter, node: t.Call, tested: t.Expr) -> Condition:
    value = e.expr(tested)
    if isinstance(value, Value) and value.type == T.EXCEPTION:
        return _is_exception(e, value, node.args[1])
    types = _types_named(e, node.args[1])
    if isinstance(value, Sugared):
        raise fail(
            tested.span, "E0301", f"`isinstance` cannot look at {value.describe()}"
        )
    if is_size(value):
        # in Python it is a tuple
        return known(e, BARE[tuple] in types or value.type in types)
    return instance_test(e, value, types, _tested_name(tested))


def _is_exception(e: Emitter, value: Value, wanted: t.Expr) -> Condition:
    """Whether an exception is of a class, or of one of several."""
    from jit.frontend.emit_try import are_all, class_names

    classes = e.expr(wanted)
    if are_all(classes):
        return known(e, True)
    names = tuple(class_names(e, classes, wanted.span))
    node = e.b.node("prim::ExceptionMatches", [value], [T.BOOL], names=names)
    return Condition(node.output)


def instance_test(
    e: Emitter, value: Value, types: list[T.Type], name: str | None
) -> Condition:
    """Whether a value is of one of some types; `name` stands for it."""
    yes = [m for m in members_of(value.type) if _is_instance(m, types)]
    no = [m for m in members_of(value.type) if not _is_instance(m, types)]
    if value not in e.exact and value.node.kind != "prim::CreateObject":
        # an instance may be of a class that derives from that of its type
        yes += [w for m in no for w in types if _derives(w, m)]
    if value.type == T.ANY:
        no = [T.ANY]
        yes = types
    if not no:
        return known(e, True)
    if not yes:
        return known(e, False)
    found = e.b.node(
        "prim::isinstance", [value], [T.BOOL], types=tuple(str(x) for x in types)
    )
    if name is None:
        return Condition(found.output)
    then = {} if len(yes) > 1 and value.type == T.ANY else {name: T.union_of(yes)}
    orelse = {} if value.type == T.ANY else {name: T.union_of(no)}
    return Condition(found.output, None, then, orelse)


def matching_type(type: T.Type, types: list[T.Type]) -> T.Type | None:
    """The type of a value that passed a test for some types; None if it is open."""
    if type == T.ANY:
        return types[0] if len(types) == 1 else None
    return T.union_of([m for m in members_of(type) if _is_instance(m, types)])


BARE: dict[Any, T.Type] = {
    list: T.ListType(T.ANY),
    dict: T.DictType(T.ANY, T.ANY),
    set: T.SetType(T.ANY),
    tuple: T.TupleType(()),
}
"""Classes that stand for all types of their kind in `isinstance`."""


def _types_named(e: Emitter, node: t.Expr) -> list[T.Type]:
    """The types that an expression names, `int | float` and `(int, float)` among them."""
    if isinstance(node, t.Binary) and node.op == "|":
        return [*_types_named(e, node.left), *_types_named(e, node.right)]
    return types_of(e, e.expr(node), node.span)


def types_of(e: Emitter, x: Emitted, span: Span) -> list[T.Type]:
    """The types that the second argument of `isinstance` names."""
    if isinstance(x, SugaredTuple):
        return [y for i in x.items for y in types_of(e, i, span)]
    if isinstance(x, Value) and x.type == T.NONE:
        return [T.NONE]
    obj: Any = getattr(x, "obj", None)
    if obj in BARE:
        return [BARE[obj]]
    try:
        if obj is None:
            raise HintError("not a type")
        return [type_of_hint(obj)]
    except HintError:
        raise fail(
            span,
            "E0308",
            "the second argument of `isinstance` is not a type of compiled code",
            help="use int, float, bool, str, list, dict, tuple, torch.Tensor or a tuple"
            " of these",
        ) from None


def members_of(type: T.Type) -> list[T.Type]:
    """The alternatives of a type."""
    match type:
        case T.OptionalType(x):
            return [*members_of(x), T.NONE]
        case T.UnionType(members):
            return list(members)
    return [type]


def _is_instance(type: T.Type, wanted: list[T.Type]) -> bool:
    """Python's answer: a bool is an int."""
    for w in wanted:
        if type == w or is_subtype(type, w) or (type == T.BOOL and w == T.INT):
            return True
        if w == BARE[list] and isinstance(type, T.ListType):
            return True
        if w == BARE[dict] and isinstance(type, T.DictType):
            return True
        if w == BARE[set] and isinstance(type, T.SetType):
            return True
        if w == BARE[tuple] and T.tuple_elements(type) is not None:
            return True
    return False


def truth(e: Emitter, x: Emitted, node: t.Expr) -> Condition:
    """The truth of a value, by Python's rules."""
    x = opened(x)
    if isinstance(x, Sugared):
        items = x.elements(e, node.span)
        if items is not None:
            return known(e, bool(items))
        if x.elements(e, node.span) is None and isinstance(x, PythonValue):
            return known(e, bool(x.obj))
        raise fail(node.span, "E0301", f"{x.describe()} cannot be a condition")
    name = _tested_name(node)
    match x.type:
        case T.SimpleType("bool"):
            return _static_bool(e, x, node)
        case T.SimpleType("NoneType"):
            return known(e, False)
        case T.OptionalType(inner):
            return _optional_truth(e, x, inner, name, node)
        case T.TupleType(elements):
            return known(e, bool(elements))
        case T.NamedTupleType(_, fields):
            return known(e, bool(fields))
    return Condition(plain_truth(e, x, node.span))


def _static_bool(e: Emitter, x: Value, node: t.Expr) -> Condition:
    """A bool; names from outside of the function and Final attributes are decided."""
    constant = x.constant
    if constant in (True, False) and isinstance(constant, bool):
        is_local = isinstance(node, t.Name) and e.frame.find(node.id) is not None
        if not is_local:
            return known(e, constant)
    return Condition(x)


def _optional_truth(
    e: Emitter, x: Value, inner: T.Type, name: str | None, node: t.Expr
) -> Condition:
    from jit.frontend.emit_control import choose

    is_set = Condition(e.op("aten::__isnot__", x, e.none()))

    def of_value() -> list[Emitted]:
        narrow = e.b.node("prim::unchecked_unwrap_optional", [x], [inner]).output
        return [truth(e, narrow, t.Constant(node.span, None)).value]

    def of_none() -> list[Emitted]:
        return [e.b.constant(False)]

    (value,) = choose(e, is_set, of_value, of_none)
    assert isinstance(value, Value)
    return Condition(value, None, {name: inner} if name else NOTHING, NOTHING)


def plain_truth(e: Emitter, x: Value, span: Span) -> Value:
    """The truth of a number, Tensor, array, str or container as a bool."""
    match x.type:
        case T.SimpleType("bool"):
            return x
        case T.ClassType():
            return magic.truth(e, span, x)
        case T.SimpleType("int" | "float" | "Scalar" | "complex") | T.TensorType():
            return e.op("aten::Bool", x)
        case T.ArrayType():
            return e.op("np::bool", x)
        case T.SimpleType("str") | T.ListType() | T.DictType() | T.SetType():
            return e.op("aten::ne", e.op("aten::len", x), 0)
    raise fail(span, "E0301", f"{a_type(x.type)} cannot be a condition")


def holds(e: Emitter, facts: Facts) -> None:
    """Narrow names from here on."""
    for name, fact in facts.items():
        if is_path(name):
            assert isinstance(fact, T.Type)
            learn(e, name, fact)
        elif isinstance(fact, Defined):
            e.frame.names[name] = fact.variable
            if fact.type is not None:
                e.refine(name, fact.type)
        elif isinstance(e.frame.find(name), Variable):
            e.refine(name, fact)

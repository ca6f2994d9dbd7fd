"""What operators and built-in functions mean for instances: calls of magic methods.

p + q     p.__add__(q), else q.__radd__(p)
p < q     p.__lt__(q), else q.__gt__(p)
len(p)    p.__len__()
f"{p}"    p.__str__(), else p.__repr__()
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.failures import a_type, fail
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span
from jit.runtime.enums import enum_class
from jit.runtime.program_values import named_tuple_class

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

BINARY = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "<<": "lshift",
    ">>": "rshift",
    "&": "and",
    "|": "or",
    "^": "xor",
}
COMPARE = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
TEXT = ("__str__", "__repr__", "__format__")
UNARY = {"-": "neg", "+": "pos", "~": "invert"}


_GENERATED = ("collections", "typing", "enum")
"""Modules that give named tuples and enums methods of their own."""


def is_instance(x: object) -> bool:
    """Whether it is an instance of a class."""
    return isinstance(x, Value) and isinstance(x.type, T.ClassType)


def find_method(e: Emitter, x: Emitted, name: str) -> Any:
    """The Python function of a magic method; None if the class has none."""
    from jit.frontend.classes import find_member, info_of

    if not isinstance(x, Value):
        return None
    match x.type:
        case T.ClassType():
            return find_member(info_of(e.compilation, x.type).cls, name)
        case T.NamedTupleType():
            cls: Any = named_tuple_class(x.type)
        case T.EnumType():
            cls = enum_class(x.type)
        case _:
            return None
    found = getattr(cls, name, None)
    written = isinstance(found, FunctionType) and found.__module__ not in _GENERATED
    return found if written else None


def has(e: Emitter, x: Emitted, *names: str) -> bool:
    """Whether a value is an instance, or a named tuple or member of an enum whose class
    has one of some magic methods."""
    return is_instance(x) or any(find_method(e, x, name) for name in names)


def call_magic(
    e: Emitter, span: Span, x: Emitted, name: str, *operands: Emitted
) -> Value | None:
    """`x.name(operands)`; None if the class has no such method."""
    from jit.frontend.arguments import Arguments
    from jit.frontend.call_python import call_function
    from jit.frontend.class_value import call_method
    from jit.frontend.classes import info_of, prepared

    fn = find_method(e, x, name)
    if fn is None:
        return None
    assert isinstance(x, Value)
    args = Arguments()
    if not isinstance(x.type, T.ClassType):
        for operand in (x, *operands):
            args.add(operand, span)
        call = t.Call(span, t.Constant(span, None), (), ())
        return e.as_value(call_function(e, call, fn, args), span)
    for operand in operands:
        args.add(operand, span)
    info = prepared(e.compilation, info_of(e.compilation, x.type))
    return call_method(e, span, info, x, name, args)


def need_magic(
    e: Emitter, span: Span, x: Value, name: str, what: str, *operands: Emitted
) -> Value:
    """As `call_magic`; E0301 if there is no such method. `what` ends the headline."""
    found = call_magic(e, span, x, name, *operands)
    if found is None:
        raise fail(
            span,
            "E0301",
            f"{a_type(x.type)} {what}",
            help=f"give the class a method `{name}`",
        )
    return found


# operators ------------------------------------------------------------------------


def binary(e: Emitter, span: Span, op: str, a: Emitted, b: Emitted) -> Value | None:
    """`a op b` where one of them is an instance; None where none is."""
    name = BINARY[op]
    if not (is_instance(a) or is_instance(b)):
        found = call_magic(e, span, a, f"__{name}__", b)
        return call_magic(e, span, b, f"__r{name}__", a) if found is None else found
    order = [(a, b, f"__{name}__"), (b, a, f"__r{name}__")]
    if _derives(e, b, a) and find_method(e, b, f"__r{name}__") is not None:
        order.reverse()
    for owner, other, method in order:
        found = call_magic(e, span, owner, method, other)
        if found is not None:
            return found
    types = [e.as_value(x, span).type for x in (a, b)]
    raise fail(
        span,
        "E0301",
        f"`{op}` does not take `{types[0]}` and `{types[1]}`",
        help=f"give the class a method `__{name}__`",
    )


def _derives(e: Emitter, b: Emitted, a: Emitted) -> bool:
    """Whether the class of `b` derives from that of `a`."""
    from jit.frontend.classes import info_of

    if not (is_instance(a) and is_instance(b)):
        return False
    first, second = (info_of(e.compilation, x.type).cls for x in (a, b))  # type: ignore[union-attr,arg-type]
    return first is not second and issubclass(second, first)


def in_place(
    e: Emitter, span: Span, op: str, old: Emitted, operand: Emitted
) -> Value | None:
    """`old op= operand` by `__iadd__` and its like; None if there is no such method."""
    return call_magic(e, span, old, f"__i{BINARY[op]}__", operand)


def unary(e: Emitter, span: Span, op: str, x: Value) -> Value:
    """`-x`, `+x`, `~x` of an instance."""
    name = f"__{UNARY[op]}__"
    return need_magic(e, span, x, name, f"has no `{op}`")


def compare(e: Emitter, span: Span, op: str, a: Emitted, b: Emitted) -> Value | None:
    """A comparison where one operand is an instance; None where none is."""
    if not (is_instance(a) or is_instance(b)):
        found = call_magic(e, span, a, _method(op), b)
        if found is None:
            found = call_magic(e, span, b, _method(MIRRORED[op]), a)
        return found
    order = [(a, b, op), (b, a, MIRRORED[op])]
    if _derives(e, b, a) and find_method(e, b, _method(MIRRORED[op])) is not None:
        order.reverse()
    for owner, other, sign in order:
        found = call_magic(e, span, owner, _method(sign), other)
        if found is not None:
            return found
    left, right = e.as_value(a, span), e.as_value(b, span)
    if op == "!=":
        equal = compare(e, span, "==", a, b)
        assert equal is not None
        return e.op("aten::__not__", _as_bool(e, span, equal))
    if op == "==":
        return _same(e, left, right)
    raise fail(
        span,
        "E0301",
        f"cannot compare `{left.type}` and `{right.type}` with `{op}`",
        help=f"give the class a method `{_method(op)}`",
    )


def _method(op: str) -> str:
    return f"__{COMPARE[op]}__"


def _as_bool(e: Emitter, span: Span, x: Value) -> Value:
    from jit.frontend.refine import plain_truth

    return plain_truth(e, x, span)


def _same(e: Emitter, left: Value, right: Value) -> Value:
    """Instances without `__eq__` are equal if they are one."""
    if not (is_instance(left) and is_instance(right)):
        return e.b.constant(False)
    return e.op("aten::__is__", left, right)


# built-in functions ---------------------------------------------------------------


def truth(e: Emitter, span: Span, x: Value) -> Value:
    """`bool(x)` of an instance: `__bool__`, else whether it has a length."""
    found = call_magic(e, span, x, "__bool__")
    if found is not None:
        return found
    length = call_magic(e, span, x, "__len__")
    return e.b.constant(True) if length is None else e.op("aten::ne", length, 0)


def number(e: Emitter, span: Span, x: Value, wanted: T.Type) -> Value:
    """`int(x)`, `float(x)` or `complex(x)` of an instance."""
    known: dict[T.Type, tuple[str, ...]] = {
        T.INT: ("__int__", "__index__"),
        T.FLOAT: ("__float__", "__index__"),
        T.COMPLEX: ("__complex__", "__float__", "__index__"),
    }
    names = known[wanted]
    for name in names:
        found = call_magic(e, span, x, name)
        if found is not None:
            return found if found.type == wanted else e.b.convert(found, wanted)
    raise fail(
        span,
        "E0301",
        f"{a_type(x.type)} is not a number",
        help=f"give the class a method `{names[0]}`",
    )


def hash(e: Emitter, span: Span, x: Value) -> Value:
    """`hash(x)` of an instance."""
    found = call_magic(e, span, x, "__hash__")
    return e.op("aten::hash", x) if found is None else found


def repr(e: Emitter, span: Span, x: Value) -> Value:
    """`repr(x)` of an instance."""
    return text(e, span, x, is_repr=True)


def text(e: Emitter, span: Span, x: Value, *, is_repr: bool = False) -> Value:
    """`str(x)` or `repr(x)` of an instance."""
    found = None if is_repr else call_magic(e, span, x, "__str__")
    if found is None:
        found = call_magic(e, span, x, "__repr__")
    return e.op("aten::str", x) if found is None else found


def contains(e: Emitter, span: Span, x: Value, item: Emitted) -> Value | None:
    """`item in x` of an instance; None if it has no `__contains__`."""
    found = call_magic(e, span, x, "__contains__", item)
    return None if found is None else _as_bool(e, span, found)

"""Enums inside of compiled code: members are constants, `name` and `value` are read.

Color.RED     %c : Enum[model.Color, int](RED=1) = prim::Constant[value="RED"]()
c.value       %v : int = prim::EnumValue(%c)
Color(2)      the member with this value, looked for when the program runs
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.failures import fail, nearest
from jit.frontend.sugared import Emitted, PythonFunction, PythonValue, Sugared
from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Value
from jit.ir.span import Span
from jit.runtime.enums import enum_class, enum_type

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def member(e: Emitter, span: Span, found: enum.Enum) -> Value:
    """A member as a constant."""
    type = type_of(found.__class__, span)
    # an alias is the member that it stands for
    return e.b.constant(found.name, type)


def type_of(cls: Any, span: Span | None) -> T.EnumType:
    """The type of an enum; CompileError E0308 if its values are not of one kind."""
    found = enum_type(cls)
    if found is None:
        raise fail(
            span,
            "E0308",
            f"the values of the enum `{cls.__name__}` are not all ints, floats or strs",
            help="give all members values of one of these types",
        )
    return found


class EnumClass(PythonValue):
    """A class of enums."""

    def describe(self) -> str:
        return f"the enum `{self.obj.__name__}`"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if name in self.obj.__members__:
            return member(e, span, self.obj[name])
        found = _in_class(self.obj, name)
        if isinstance(found, staticmethod):
            return PythonFunction(found.__func__)
        if found is None:
            raise fail(
                span,
                "E0204",
                f"the enum `{self.obj.__name__}` has no member `{name}`",
                help=nearest(name, self.obj.__members__),
            )
        return super().attribute(e, span, name)

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        return [member(e, span, m) for m in self.obj]

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        """`Color["RED"]`."""
        name = e.value(node.index)
        return self._search(
            e, node.span, name, lambda m: m.name, "KeyError", lambda: name
        )

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        """`Color(2)`."""
        args = e.arguments(call)
        if len(args.positional) != 1 or args.keywords:
            raise fail(
                call.span, "E0304", f"`{self.obj.__name__}` takes the value of a member"
            )
        value = e.as_value(args.positional[0], call.span)
        if isinstance(value.type, T.EnumType):
            return value

        def missing() -> Value:
            template = f"{{!r}} is not a valid {self.obj.__qualname__}"
            return e.op("aten::format", template, value)

        return self._search(
            e, call.span, value, lambda m: m.value, "ValueError", missing
        )

    def _search(
        self,
        e: Emitter,
        span: Span,
        given: Value,
        key: Callable[[Any], Any],
        error: str,
        message: Callable[[], Value],
    ) -> Value:
        """The member whose key is a value; raises where there is none."""
        from jit.frontend.emit_control import choose
        from jit.frontend.emit_raise import raise_now
        from jit.frontend.operators import compare
        from jit.frontend.refine import Condition, plain_truth

        members = list(self.obj)
        constant = given.constant
        if constant is not NOT_CONSTANT:
            for m in members:
                if key(m) == constant:
                    return member(e, span, m)

        def rest(i: int) -> list[Emitted]:
            if i == len(members):
                raise_now(e, message(), error)
                return []
            wanted = e.b.constant(key(members[i]))
            equal = plain_truth(e, compare(e, span, "==", given, wanted), span)
            return choose(
                e,
                Condition(equal),
                lambda: [member(e, span, members[i])],
                lambda: rest(i + 1),
            )

        (found,) = rest(0)
        assert isinstance(found, Value)
        return found


def member_attribute(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """`c.name`, `c.value`, properties and methods of a member."""
    assert isinstance(x.type, T.EnumType)
    type = x.type
    if name in ("name", "_name_"):
        return e.b.node("prim::EnumName", [x], [T.STR]).output
    if name in ("value", "_value_"):
        return e.b.node("prim::EnumValue", [x], [type.value_type]).output
    found = _in_class(enum_class(type), name)
    match found:
        case types.FunctionType():
            return MethodOfValue(found, x)
        case property():
            call = MethodOfValue(found.fget, x)
            return call.call(e, t.Call(span, t.Constant(span, None), (), ()))
        case staticmethod():
            return PythonFunction(found.__func__)
    raise fail(
        span,
        "E0204",
        f"a member of `{type.name.rpartition('.')[2]}` has no attribute `{name}`",
        help=nearest(name, ["name", "value", *vars(enum_class(type))]),
    )


def as_plain(e: Emitter, x: Emitted) -> Emitted:
    """A member of an IntEnum or StrEnum as the number or text that it also is."""
    if not isinstance(x, Value) or not isinstance(x.type, T.EnumType):
        return x
    if not issubclass(enum_class(x.type), int | str | float):
        return x
    return e.b.node("prim::EnumValue", [x], [x.type.value_type]).output


def _in_class(cls: Any, name: str) -> Any:
    for owner in cls.__mro__:
        if owner.__module__ != "enum" and name in vars(owner) and owner is not object:
            return vars(owner)[name]
    return None


class MethodOfValue(Sugared):
    """A Python method of a value that is no instance of a compiled class."""

    stays_itself = True

    def __init__(self, fn: Any, owner: Value) -> None:
        self.fn = fn
        self.owner = owner

    def describe(self) -> str:
        return f"the method `{self.fn.__name__}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.arguments import emit_arguments
        from jit.frontend.call_python import call_function

        args = emit_arguments(e, call, self.owner, spreads=True)
        return call_function(e, call, self.fn, args)

"""Named tuples inside of compiled code.

Point(1, y=2)     %p : NamedTuple[model.Point](x : int, y : int)
                     = prim::NamedTupleConstruct(%one, %two)
p._replace(x=3)   a new one, some fields replaced
"""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.coerce import coerce
from jit.frontend.enum_value import MethodOfValue
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.sugared import Emitted, PythonFunction, PythonValue, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.overloads import is_convertible
from jit.ir.schema import REQUIRED, Argument
from jit.ir.span import Span
from jit.runtime.program_values import named_tuple_class, register_named_tuple
from jit.runtime.python_classes import name_of

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter
    from jit.frontend.scope import Scope


def is_named_tuple(cls: Any) -> bool:
    """Whether it is a class of named tuples."""
    return isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def type_of_class(cls: Any, scope: Scope | None = None) -> T.NamedTupleType:
    """The type of a class of named tuples; fields without annotation are Tensors."""
    from jit.frontend.annotations import HintError, type_of_hint

    for name in ("__len__", "__getitem__", "__iter__", "__contains__", "__bool__"):
        if isinstance(getattr(cls, name, None), types.FunctionType):
            raise HintError(
                f"the named tuple `{cls.__name__}` defines `{name}`",
                "give the method a name of its own: compiled code takes named tuples for"
                " tuples",
            )
    hints = hints_of(cls)
    fields = tuple(
        (name, type_of_hint(hints[name], scope) if name in hints else T.TENSOR)
        for name in cls._fields
    )
    return make_type(cls, fields)


def hints_of(cls: Any) -> dict[str, Any]:
    """The annotations of a class of named tuples, evaluated where Python can."""
    try:
        return typing.get_type_hints(cls)
    except (NameError, TypeError):
        found: dict[str, Any] = {}
        for owner in reversed(cls.__mro__):
            found |= vars(owner).get("__annotations__", {})
        return found


def make_type(cls: Any, fields: tuple[tuple[str, T.Type], ...]) -> T.NamedTupleType:
    """The type of a class with these fields, whose values are of that class."""
    made = T.NamedTupleType(name_of(cls), fields)
    register_named_tuple(made, cls)
    return made


class NamedTupleClass(PythonValue):
    """A class of named tuples; calling it makes one."""

    def describe(self) -> str:
        return f"the named tuple `{self.obj.__name__}`"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if name == "_make":
            return MakeTuple(self)
        return super().attribute(e, span, name)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.arguments import Arguments
        from jit.frontend.parameters import match_parameters
        from jit.frontend.resolver import resolve_object

        cls = self.obj
        args: Arguments = e.arguments(call)
        defaults = getattr(cls, "_field_defaults", {})
        parameters = [
            Argument(name, T.ANY, None if name in defaults else REQUIRED)
            for name in cls._fields
        ]
        given = match_parameters(call.span, parameters, args, cls.__name__)
        values = []
        for name in cls._fields:
            if name in given:
                found, place = given[name]
                values.append(e.as_value(found, args.spans.get(place, call.span)))
            else:
                found = resolve_object(e, call.span, defaults[name], name)
                values.append(e.as_value(found, call.span))
        return self.make(e, call.span, values)

    def make(self, e: Emitter, span: Span, values: list[Value]) -> Value:
        """A named tuple of these values, converted to the types of the fields."""
        cls = self.obj
        if hints_of(cls):
            declared = _declared(span, cls)
            values = [
                _fitted(e, span, cls, name, value, type)
                for (name, type), value in zip(declared.fields, values, strict=True)
            ]
            made = declared
        else:
            from jit.frontend.settling import widened

            types = [widened(v.type) for v in values]
            made = make_type(cls, tuple(zip(cls._fields, types, strict=True)))
        return e.b.node("prim::NamedTupleConstruct", values, [made]).output


def _declared(span: Span, cls: Any) -> T.NamedTupleType:
    from jit.frontend.annotations import HintError

    try:
        return type_of_class(cls)
    except HintError as error:
        raise fail(span, "E0308", str(error), help=error.help) from None


def _fitted(
    e: Emitter, span: Span, cls: Any, name: str, value: Value, type: T.Type
) -> Value:
    fitting = coerce(value, type)
    if fitting is not None:
        return fitting
    if is_convertible(value.type, type):
        return e.b.convert(value, type)
    raise fail(
        span,
        "E0304",
        f"the field `{name}` of `{cls.__name__}` is {a_type(type)} and is given"
        f" {a_type(value.type)}",
        help="convert the value, or change the annotation of the field",
    )


class MakeTuple(Sugared):
    """`Point._make`, which takes the fields in one list or tuple."""

    def __init__(self, owner: NamedTupleClass) -> None:
        self.owner = owner

    def describe(self) -> str:
        return "the method `_make`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        spread = t.Starred(call.span, call.args[0]) if call.args else None
        if spread is None or len(args.positional) != 1:
            raise fail(call.span, "E0304", "`_make` takes the fields in one tuple")
        return self.owner.call(
            e, t.Call(call.span, call.function, (spread,), call.keywords)
        )


def field_attribute(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """`p.x`, and the methods of named tuples and of their class."""
    assert isinstance(x.type, T.NamedTupleType)
    for i, (field, type) in enumerate(x.type.fields):
        if field == name:
            return e.b.node("prim::TupleIndex", [x, e.b.constant(i)], [type]).output
    if name in ("_replace", "_asdict"):
        return TupleMethod(name, x)
    if name == "_fields":
        return e.b.tuple([e.b.constant(f) for f, _ in x.type.fields])
    cls: Any = named_tuple_class(x.type)
    for owner in cls.__mro__:
        found = vars(owner).get(name)
        if owner is tuple:
            break
        if isinstance(found, types.FunctionType):
            return MethodOfValue(found, x)
        if isinstance(found, property):
            call = MethodOfValue(found.fget, x)
            return call.call(e, t.Call(span, t.Constant(span, None), (), ()))
        if isinstance(found, staticmethod):
            return PythonFunction(found.__func__)
    raise fail(
        span,
        "E0204",
        f"`{x.type.name.rpartition('.')[2]}` has no field `{name}`",
        help=nearest(name, [f for f, _ in x.type.fields]),
    )


class TupleMethod(Sugared):
    """`p._replace` or `p._asdict`."""

    def __init__(self, name: str, owner: Value) -> None:
        self.name = name
        self.owner = owner

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        type = self.owner.type
        assert isinstance(type, T.NamedTupleType)
        values = dict(
            zip([f for f, _ in type.fields], e.b.unpack(self.owner), strict=True)
        )
        if self.name == "_asdict":
            return _as_dict(e, call.span, values)
        if args.positional:
            raise fail(call.span, "E0304", "`_replace` takes the fields by name")
        cls: Any = named_tuple_class(type)
        for name, value in args.keywords.items():
            span = args.spans[name]
            if name not in values:
                raise fail(
                    span,
                    "E0304",
                    f"`{cls.__name__}` has no field `{name}`",
                    help=nearest(name, values),
                )
            wanted = dict(type.fields)[name]
            values[name] = _fitted(e, span, cls, name, e.as_value(value, span), wanted)
        node = e.b.node("prim::NamedTupleConstruct", list(values.values()), [type])
        return node.output


def _as_dict(e: Emitter, span: Span, values: dict[str, Value]) -> Value:
    types = {v.type for v in values.values()}
    if len(types) != 1:
        raise fail(
            span,
            "E0302",
            "`_asdict` of fields of different types is not accepted",
            help="read the fields by name",
        )
    inputs = [x for n, v in values.items() for x in (e.b.constant(n), v)]
    made = T.DictType(T.STR, types.pop())
    return e.b.node("prim::DictConstruct", inputs, [made]).output

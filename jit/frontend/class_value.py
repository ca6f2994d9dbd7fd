"""Classes and their instances inside of compiled code.

P(1, 2)       %p : Class<model.P> = prim::CreateObject()
              %1 : NoneType = prim::CallMethod[name="__init__"](%p, %one, %two)
p.x           %x : int = prim::GetAttr[name="x"](%p)
p.x = 3       prim::SetAttr[name="x"](%p, %three)
p.area()      %a : int = prim::CallMethod[name="area"](%p)
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.call import (
    Arguments,
    argument_type,
    called,
    fit_arguments,
    match_parameters,
    widened,
)
from jit.frontend.classes import (
    ClassInfo,
    class_info,
    find_member,
    info_of,
    initialise,
    method_version,
    prepared,
)
from jit.frontend.coerce import coerce
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.signature import signature_of
from jit.frontend.sugared import Emitted, PythonFunction, PythonValue, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.overloads import is_convertible
from jit.ir.span import Span
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


class ClassValue(PythonValue):
    """A class written in Python; calling it makes an instance."""

    obj: type

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        return make_instance(e, call.span, self.obj, args)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        found = find_member(self.obj, name)
        match found:
            case staticmethod():
                return PythonFunction(found.__func__)
            case classmethod():
                info = class_info(e.compilation, self.obj)
                return ClassMethod(info, name, found.__func__)
            case types.FunctionType():
                return UnboundMethod(self.obj, name, found)
        return super().attribute(e, span, name)


def make_instance(e: Emitter, span: Span, cls: type, args: Arguments) -> Value:
    """A new instance: an object, and a call of `__init__`."""
    with e.compilation.calling(span):
        info = class_info(e.compilation, cls)
    made = e.b.node("prim::CreateObject", [], [info.type]).output
    fn = find_member(cls, "__init__")
    if fn is None:
        with e.compilation.calling(span):
            initialise(e.compilation, info, {})
        match_parameters(span, (), args, info.title)
        return made
    call_method(e, span, info, made, "__init__", fn, args, title=info.title)
    return made


def call_method(
    e: Emitter,
    span: Span,
    info: ClassInfo,
    owner: Value,
    name: str,
    fn: Any,
    args: Arguments,
    title: str = "",
) -> Value:
    """Call a method, compiled on the way for the types of this call."""
    mark = getattr(fn, "_jit_mark", None)
    if mark in ("ignore", "unused"):
        raise fail(
            span,
            "E0205",
            f"`{name}` is marked `@{mark}` and cannot be called in compiled code",
            help="remove the mark",
        )
    with e.compilation.calling(span):
        signature = signature_of(fn)
    parameters = signature.schema.arguments[1:]
    given = match_parameters(span, parameters, args, title or name)
    arg_types = {
        p.name: argument_type(e, given[p.name], span)
        for p in signature.parameters[1:]
        if p.annotation is None and p.name in given
    }
    with e.compilation.calling(span):
        callee = None
        if name == "__init__" and fn is find_member(info.cls, name):
            callee = initialise(e.compilation, info, arg_types)
        if callee is None:
            callee = method_version(e.compilation, info, name, fn, arg_types)
    inputs = fit_arguments(e, span, callee.schema.arguments[1:], given, args)
    result = T.NONE if name == "__init__" else callee.result
    method = callee.name.removeprefix(f"{info.definition.name}.")
    return called(e, "prim::CallMethod", [owner, *inputs], result, name=method)


# instances ------------------------------------------------------------------------


def instance_attribute(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """`x.name` of an instance; CompileError E0204 if there is no such thing."""
    assert isinstance(x.type, T.ClassType)
    with e.compilation.calling(span):
        info = prepared(e.compilation, info_of(e.compilation, x.type))
    found = find_member(info.cls, name)
    if isinstance(found, property):
        return call_method(e, span, info, x, name, found.fget, Arguments())
    attribute = info.definition.attributes.get(name)
    if attribute is not None:
        if attribute.type == T.NONE:
            return e.none()
        node = e.b.node("prim::GetAttr", [x], [attribute.type], name=name)
        node.output.name = name
        return node.output
    member = _member(e, span, info, x, name, found)
    if member is not None:
        return member
    raise _unknown(span, info, name)


def _member(
    e: Emitter, span: Span, info: ClassInfo, x: Value, name: str, found: Any
) -> Emitted | None:
    """What a class gives its instances under a name: a method, a class variable."""
    from jit.frontend.resolver import resolve_object

    match found:
        case None:
            return None
        case types.FunctionType():
            return InstanceMethod(info, x, name, found)
        case staticmethod():
            return PythonFunction(found.__func__)
        case classmethod():
            return ClassMethod(info, name, found.__func__)
    return resolve_object(e, span, found, name)


def _unknown(span: Span, info: ClassInfo, name: str) -> Exception:
    known = [*info.definition.attributes, *dir(info.cls)]
    help = nearest(name, known)
    return fail(
        span,
        "E0204",
        f"`{info.title}` has no attribute `{name}`",
        help=help or f"assign `self.{name}` in `__init__`",
    )


def assign_attribute(
    e: Emitter,
    span: Span,
    x: Value,
    name: str,
    value: Value,
    declared: T.Type | None = None,
) -> None:
    """`x.name = value`, with the type of an annotation if there is one."""
    assert isinstance(x.type, T.ClassType)
    info = info_of(e.compilation, x.type)
    if not info.is_open:
        with e.compilation.calling(span):
            prepared(e.compilation, info)
    found = find_member(info.cls, name)
    if isinstance(found, property):
        _set_property(e, span, info, x, name, found, value)
        return
    type = _attribute_type(info, span, name, value, declared)
    fitting = coerce(value, type)
    if fitting is None and is_convertible(value.type, type):
        fitting = e.b.convert(value, type)
    if fitting is None:
        raise fail(
            span,
            "E0310",
            f"`{name}` of `{info.title}` is {a_type(type)} and is assigned"
            f" {a_type(value.type)}",
            help="convert the value, or annotate the attribute in the class",
        )
    e.b.node("prim::SetAttr", [x, fitting], name=name)


def _attribute_type(
    info: ClassInfo, span: Span, name: str, value: Value, declared: T.Type | None
) -> T.Type:
    """The type of an attribute that is assigned; new ones may appear in `__init__`."""
    attribute = info.definition.attributes.get(name)
    if attribute is None:
        if not info.is_open:
            raise fail(
                span,
                "E0204",
                f"`{info.title}` has no attribute `{name}` to assign",
                help=nearest(name, info.definition.attributes)
                or f"assign `self.{name}` in `__init__`, or annotate it in the class",
            )
        info.definition.add(name, declared or widened(value.type))
    elif info.is_open and declared is not None and attribute.type != declared:
        info.definition.add(name, declared)
        info.is_widened = True
    elif info.is_open and coerce(value, attribute.type) is None:
        joined = unify(attribute.type, widened(value.type))
        if joined is not None and not is_convertible(value.type, attribute.type):
            info.definition.add(name, joined)
            info.is_widened = True
    return info.definition.attributes[name].type


def _set_property(
    e: Emitter,
    span: Span,
    info: ClassInfo,
    x: Value,
    name: str,
    found: property,
    value: Value,
) -> None:
    if found.fset is None:
        raise fail(
            span,
            "E0204",
            f"the property `{name}` of `{info.title}` cannot be assigned",
            help=f"give it a setter: `@{name}.setter`",
        )
    args = Arguments()
    args.add(value, span)
    call_method(e, span, info, x, name, found.fset, args)


class InstanceMethod(Sugared):
    """A method of an instance, compiled when it is called."""

    def __init__(self, info: ClassInfo, owner: Value, name: str, fn: Any) -> None:
        self.info = info
        self.owner = owner
        self.name = name
        self.fn = fn

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        return call_method(
            e, call.span, self.info, self.owner, self.name, self.fn, args
        )


class UnboundMethod(PythonFunction):
    """A method taken from its class, `P.area`: the instance is its first argument."""

    def __init__(self, cls: type, name: str, fn: Any) -> None:
        super().__init__(fn)
        self.cls = cls
        self.name = name

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        owner = args.positional[0] if args.positional else None
        if not isinstance(owner, Value) or not isinstance(owner.type, T.ClassType):
            raise fail(
                call.span,
                "E0304",
                f"`{self.cls.__name__}.{self.name}` takes an instance first",
            )
        rest = Arguments(
            args.positional[1:],
            args.keywords,
            {k - 1 if isinstance(k, int) else k: s for k, s in args.spans.items()},
        )
        info = info_of(e.compilation, owner.type)
        return call_method(e, call.span, info, owner, self.name, self.fn, rest)


class ClassMethod(Sugared):
    """A class method: its first parameter stands for the class."""

    def __init__(self, info: ClassInfo, name: str, fn: Any) -> None:
        self.info = info
        self.name = name
        self.fn = fn

    def describe(self) -> str:
        return f"the class method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        span = call.span
        with e.compilation.calling(span):
            signature = signature_of(self.fn)
        parameters = signature.schema.arguments[1:]
        given = match_parameters(span, parameters, args, self.name)
        arg_types = {
            p.name: argument_type(e, given[p.name], span)
            for p in signature.parameters[1:]
            if p.annotation is None and p.name in given
        }
        with e.compilation.calling(span):
            callee = method_version(
                e.compilation,
                self.info,
                self.name,
                self.fn,
                arg_types,
                ClassValue(self.info.cls),
            )
        inputs = fit_arguments(e, span, callee.schema.arguments, given, args)
        function = e.b.function(callee.name)
        return called(e, "prim::CallFunction", [function, *inputs], callee.result)


class SuperOfInstance(Sugared):
    """`super()` in a method of a class: what the classes behind one define."""

    def __init__(self, info: ClassInfo, owner: Value, cls: type) -> None:
        self.info = info
        self.owner = owner
        self.cls = cls

    def describe(self) -> str:
        return f"`super()` of `{self.cls.__name__}`"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        order = self.info.cls.__mro__
        for behind in order[order.index(self.cls) + 1 :]:
            if behind is object and name == "__init__":
                return NoInit()
            if name in vars(behind) and behind is not object:
                found = vars(behind)[name]
                if isinstance(found, property):
                    return call_method(
                        e, span, self.info, self.owner, name, found.fget, Arguments()
                    )
                member = _member(e, span, self.info, self.owner, name, found)
                assert member is not None
                return member
        return super().attribute(e, span, name)


class NoInit(Sugared):
    """`object.__init__`, which does nothing."""

    def describe(self) -> str:
        return "the method `__init__`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        match_parameters(call.span, (), e.arguments(call), "__init__")
        return e.none()

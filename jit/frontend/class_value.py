"""Classes and their instances inside of compiled code.

P(1, 2)       %p : Class<model.P> = prim::CreateObject()
              %1 : NoneType = prim::CallMethod[name="__init__"](%p, %one, %two)
p.x           %x : int = prim::GetAttr[name="x"](%p)
p.x = 3       prim::SetAttr[name="x"](%p, %three)
p.area()      %a : int = prim::CallMethod[name="area"](%p)
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, emit_arguments
from jit.frontend.call_python import gather
from jit.frontend.classes import (
    ClassInfo,
    class_info,
    derived_classes,
    find_member,
    info_of,
    initialise,
    member_of,
    method_version,
    prepared,
)
from jit.frontend.coerce import (
    UNTYPED,
    AttributeGuess,
    LearnedLate,
    coerce,
    is_untyped,
)
from jit.frontend.dataclass_methods import (
    dataclass_of,
    filled_fields,
    init_fields,
    is_frozen,
)
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.marked import call_marked, mark_of
from jit.frontend.parameters import (
    argument_type,
    called,
    fit_arguments,
    match_parameters,
)
from jit.frontend.settling import widened
from jit.frontend.signature import signature_of
from jit.frontend.sugared import Emitted, PythonFunction, PythonValue, Sugared
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.graph import Value
from jit.ir.overloads import is_convertible
from jit.ir.span import Span
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


class ClassValue(PythonValue):
    """A class written in Python; calling it makes an instance."""

    stays_itself = True

    obj: type

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = emit_arguments(e, call, spreads=True)
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
    _set_defaults(e, span, info, made)
    fn = find_member(cls, "__init__")
    if fn is None:
        with e.compilation.calling(span):
            initialise(e.compilation, info, {})
        match_parameters(span, (), args, info.title)
        return made
    call_exactly(e, span, info, made, "__init__", fn, args, title=info.title)
    return made


def _set_defaults(e: Emitter, span: Span, info: ClassInfo, made: Value) -> None:
    """Give an instance what its class holds for attributes: `count: int = 0`."""
    from jit.frontend.resolver import resolve_object

    if dataclasses.is_dataclass(info.cls):
        return
    for name in list(info.definition.attributes):
        found = find_member(info.cls, name)
        if found is None or hasattr(found, "__get__"):
            continue
        value = e.as_value(resolve_object(e, span, found, name), span)
        set_attribute(e, span, info, made, name, value)


def _fill_fields(e: Emitter, span: Span, cls: type, args: Arguments) -> None:
    """Give the fields of a dataclass whose defaults are made for each instance."""
    from jit.frontend.resolver import resolve_object

    by_place = [f.name for f in init_fields(cls) if not f.kw_only]
    given = {*by_place[: len(args.positional)], *args.keywords}
    for field in filled_fields(cls):
        if field.name in given:
            continue
        if field.default_factory is dataclasses.MISSING:
            made = resolve_object(e, span, field.default, field.name)
        else:
            factory = resolve_object(e, span, field.default_factory, field.name)
            call = t.Call(span, t.Constant(span, None), (), ())
            assert isinstance(factory, Sugared)
            made = factory.call(e, call)
        args.keywords[field.name] = made
        args.spans[field.name] = span


def emit_replace(e: Emitter, call: t.Call) -> Emitted:
    """`dataclasses.replace(p, x=1)`."""
    args = e.arguments(call)
    x = args.positional[0] if args.positional else None
    type = x.type if isinstance(x, Value) else None
    if len(args.positional) != 1 or not isinstance(type, T.ClassType):
        raise fail(
            call.span, "E0304", "`replace` takes a dataclass, and fields by name"
        )
    assert isinstance(x, Value)
    cls = prepared(e.compilation, info_of(e.compilation, type)).cls
    for field in init_fields(cls):
        if field.name not in args.keywords:
            value = instance_attribute(e, call.span, x, field.name)
            args.keywords[field.name] = value
            args.spans[field.name] = call.span
    del args.positional[0]
    return make_instance(e, call.span, cls, args)


def emit_set_attribute(e: Emitter, call: t.Call) -> Emitted:
    """`object.__setattr__(self, "x", value)`, for frozen dataclasses."""
    args = e.arguments(call)
    if len(args.positional) == 3 and not args.keywords:
        x, name, value = (e.as_value(v, call.span) for v in args.positional)
        text = name.constant
        if isinstance(x.type, T.ClassType) and isinstance(text, str):
            info = info_of(e.compilation, x.type)
            set_attribute(e, call.span, info, x, text, value)
            return e.none()
    raise fail(
        call.span,
        "E0304",
        "`__setattr__` takes an instance, a literal name and a value",
    )


def call_method(
    e: Emitter, span: Span, info: ClassInfo, owner: Value, name: str, args: Arguments
) -> Value:
    """Call the method that the class of an instance has."""

    def call(of: ClassInfo, x: Value) -> Emitted:
        return call_exactly(e, span, of, x, name, find_member(of.cls, name), args)

    return e.as_value(for_each_class(e, info, owner, call), span)


def for_each_class(
    e: Emitter,
    info: ClassInfo,
    x: Value,
    emit: Callable[[ClassInfo, Value], Emitted],
) -> Emitted:
    """What an instance gives, by its class: where a derived one may have another
    meaning, the class is looked at when the program runs."""
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.refine import Condition

    derived: list[ClassInfo] = []
    if x.node.kind != "prim::CreateObject" and x not in e.exact:
        derived = derived_classes(e.compilation, info)
    if not derived:
        return emit(info, x)

    def rest(i: int) -> list[Emitted]:
        if i == len(derived):
            return [emit(info, x)]
        of = derived[i]
        types = (str(of.type),)
        test = e.b.node("prim::isinstance", [x], [T.BOOL], types=types).output

        def one() -> list[Emitted]:
            narrow = e.b.node("prim::unchecked_cast", [x], [of.type]).output
            e.exact.add(narrow)
            try:
                with e.compilation.all_or_nothing():
                    return [emit(prepared(e.compilation, of), narrow)]
            except CompileError as error:
                # nobody may ever give an instance of it
                reason = error.diagnostics[0].headline
                text = f"'{of.title}' cannot be given here: {reason}"
                return raise_now(e, e.b.constant(text), "TypeError")

        return choose(e, Condition(test), one, lambda: rest(i + 1))

    (found,) = rest(0)
    return found


def call_exactly(
    e: Emitter,
    span: Span,
    info: ClassInfo,
    owner: Value,
    name: str,
    fn: Any,
    args: Arguments,
    title: str = "",
) -> Value:
    """Call a method of a class, compiled on the way for the types of this call."""
    if mark_of(fn):
        return call_marked(e, span, fn, args, owner)
    with e.compilation.calling(span):
        signature = signature_of(fn)
    dataclass = dataclass_of(fn)
    if name == "__init__" and dataclass is not None:
        _fill_fields(e, span, dataclass, args)
    args = copied(args)
    gather(e, span, signature.parameters[1:], args, title or name, {})
    parameters = [p.argument for p in signature.parameters[1:]]
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


def copied(args: Arguments) -> Arguments:
    """Arguments that may be changed while others stay as they are."""
    return Arguments(
        list(args.positional),
        dict(args.keywords),
        dict(args.spans),
        list(args.mappings),
    )


# instances ------------------------------------------------------------------------


def instance_attribute(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """`x.name` of an instance; CompileError E0204 if there is no such thing."""
    assert isinstance(x.type, T.ClassType)
    with e.compilation.calling(span):
        info = prepared(e.compilation, info_of(e.compilation, x.type))
    found = find_member(info.cls, name)
    attribute = info.definition.attributes.get(name)
    if attribute is not None and not isinstance(found, property):
        if attribute.type == T.NONE:
            return e.none()
        node = e.b.node("prim::GetAttr", [x], [attribute.type], name=name)
        node.output.name = name
        if name in info.guessed:
            node.attributes[UNTYPED] = AttributeGuess(info.cls, name)
        return node.output
    if found is None:
        raise _unknown(span, info, name)
    if isinstance(found, types.FunctionType):
        return InstanceMethod(info, x, name)

    def read(of: ClassInfo, owner: Value) -> Emitted:
        return _member(e, span, of, owner, name, find_member(of.cls, name))

    return for_each_class(e, info, x, read)


def _member(
    e: Emitter, span: Span, info: ClassInfo, x: Value, name: str, found: Any
) -> Emitted:
    """What a class gives its instances under a name: a method, a class variable."""
    from jit.frontend.resolver import resolve_object

    match found:
        case types.FunctionType():
            return InstanceMethod(info, x, name, found)
        case property():
            return call_exactly(e, span, info, x, name, found.fget, Arguments())
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
    if is_frozen(info.cls) and e.tree.name.rpartition(".")[2] != "__init__":
        raise fail(
            span,
            "E0310",
            f"`{info.title}` is frozen: `{name}` cannot be assigned",
            help="make a new one: `dataclasses.replace`, or a call of the class",
        )
    set_attribute(e, span, info, x, name, value, declared)


def set_attribute(
    e: Emitter,
    span: Span,
    info: ClassInfo,
    x: Value,
    name: str,
    value: Value,
    declared: T.Type | None = None,
) -> None:
    """Let an instance hold a value under a name."""
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
    paths.forget(e)


def _attribute_type(
    info: ClassInfo, span: Span, name: str, value: Value, declared: T.Type | None
) -> T.Type:
    """The type of an attribute that is assigned; new ones may appear in `__init__`."""
    attribute = info.definition.attributes.get(name)
    if attribute is None:
        if find_member(info.cls, name) is not None and not declared:
            # a class variable, of which instances get one of their own
            raise LearnedLate(info.cls, name, widened(value.type))
        if not info.is_open:
            raise fail(
                span,
                "E0204",
                f"`{info.title}` has no attribute `{name}` to assign",
                help=nearest(name, info.definition.attributes)
                or f"assign `self.{name}` in `__init__`, or annotate it in the class",
            )
        info.definition.add(name, declared or widened(value.type))
        if declared is None and is_untyped(value):
            info.guessed.add(name)
    elif attribute.type == T.NONE and not info.is_open and value.type != T.NONE:
        # `self.next = None` in `__init__`, and something else later
        raise LearnedLate(info.cls, name, T.optional(widened(value.type)))
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

    def write(of: ClassInfo, owner: Value) -> Emitted:
        setter = find_member(of.cls, name).fset
        return call_exactly(e, span, of, owner, name, setter, args)

    for_each_class(e, info, x, write)


class InstanceMethod(Sugared):
    """A method of an instance, compiled when it is called.

    With a function, that is called, and not what the class of the instance has.
    """

    stays_itself = True

    def __init__(
        self, info: ClassInfo, owner: Value, name: str, fn: Any = None
    ) -> None:
        self.info = info
        self.owner = owner
        self.name = name
        self.fn = fn

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = emit_arguments(e, call, spreads=True)
        if self.fn is None:
            return call_method(e, call.span, self.info, self.owner, self.name, args)
        return call_exactly(
            e, call.span, self.info, self.owner, self.name, self.fn, args
        )


class UnboundMethod(PythonFunction):
    """A method taken from its class, `P.area`: the instance is its first argument."""

    stays_itself = True

    def __init__(self, cls: type, name: str, fn: Any) -> None:
        super().__init__(fn)
        self.cls = cls
        self.name = name

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = emit_arguments(e, call, spreads=True)
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
        return call_exactly(e, call.span, info, owner, self.name, self.fn, rest)


class ClassMethod(Sugared):
    """A class method: its first parameter stands for the class."""

    stays_itself = True

    def __init__(self, info: ClassInfo, name: str, fn: Any) -> None:
        self.info = info
        self.name = name
        self.fn = fn

    def describe(self) -> str:
        return f"the class method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = emit_arguments(e, call, spreads=True)
        span = call.span
        with e.compilation.calling(span):
            signature = signature_of(self.fn)
        gather(e, span, signature.parameters[1:], args, self.name, {})
        parameters = [p.argument for p in signature.parameters[1:]]
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
                found = member_of(behind, name)
                return _member(e, span, self.info, self.owner, name, found)
        return super().attribute(e, span, name)


class NoInit(Sugared):
    """`object.__init__`, which does nothing."""

    def describe(self) -> str:
        return "the method `__init__`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        match_parameters(call.span, (), e.arguments(call), "__init__")
        return e.none()

"""Interfaces: what is known of a value is which methods it has.

    @jit.interface
    class Shape:                        a class or module implements it by having
        def area(self) -> float:        methods of these names, parameters and types
            pass

    shape.area()      %a : float = prim::CallMethod[name="area"](%shape)

Which function that calls is found when the program runs, by the class of the value.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import emit_arguments
from jit.frontend.failures import fail, nearest
from jit.frontend.parameters import called, fit_arguments, match_parameters
from jit.frontend.scope import remember_class
from jit.frontend.signature import signature_of
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.program import ClassDefinition
from jit.ir.schema import FunctionSchema
from jit.ir.span import Span
from jit.ir.subtyping import declare_bases, is_subtype
from jit.runtime.python_classes import class_named, name_of

if TYPE_CHECKING:
    from jit.frontend.compiler import Compilation
    from jit.frontend.emit import Emitter


def is_interface(cls: Any) -> bool:
    """Whether a class was marked by `jit.interface`."""
    return isinstance(cls, type) and "_jit_interface" in vars(cls)


def methods_of(interface: type) -> dict[str, types.FunctionType]:
    """The methods that an interface promises."""
    return {
        name: fn
        for owner in reversed(interface.__mro__)
        for name, fn in vars(owner).items()
        if isinstance(fn, types.FunctionType) and is_written(owner)
    }


def is_written(owner: type) -> bool:
    """Whether a class is the user's: an interface of modules derives from Module."""
    return owner is not object and not owner.__module__.startswith("jit.")


def declare_interface(compilation: Compilation, type: T.InterfaceType) -> None:
    """Let the program define an interface, and all that is known implement it."""
    from jit.frontend.classes import ClassInfo

    cls = class_named(type.name)
    if type.name in compilation.program.classes or cls is None:
        return
    for fn in methods_of(cls).values():
        remember_class(fn, cls)
    definition = ClassDefinition(type.name, "interface", methods=[*methods_of(cls)])
    compilation.program.add_class(definition)
    for info in list(compilation.classes.values()):
        assert isinstance(info, ClassInfo)
        link(info.definition, info.cls, cls)
    for module in list(compilation.modules.values()):
        link(module.definition, module.instance.__class__, cls)


def link_all(compilation: Compilation, definition: ClassDefinition, cls: type) -> None:
    """Let a class implement the interfaces of the program that it fits."""
    for other in list(compilation.program.classes.values()):
        found = class_named(other.name) if other.kind == "interface" else None
        if found is not None:
            link(definition, cls, found)


def link(definition: ClassDefinition, cls: type, interface: type) -> bool:
    """Note that a class implements an interface, if it does."""
    name = name_of(interface)
    if name not in definition.bases and difference(cls, interface) is None:
        definition.bases = (*definition.bases, name)
        declare_bases(definition.name, (name,))
    return name in definition.bases


def difference(cls: type, interface: type) -> tuple[str, types.FunctionType] | None:
    """Why a class does not implement an interface, and the method that this is about.

    None if it does.
    """
    for name, promised in methods_of(interface).items():
        found = getattr(cls, name, None)
        if not isinstance(found, types.FunctionType):
            return f"it has no method `{name}`", promised
        own = signature_of(found)
        if reason := misfit(name, own.schema, own.returns, promised):
            return reason, found
    return None


def misfit(
    name: str,
    schema: FunctionSchema,
    returns: T.Type | None,
    promised: types.FunctionType,
) -> str | None:
    """Why a method is not what an interface promises; None if it is.

    `returns` is None where that is not known yet.
    """
    mine, theirs = schema.arguments[1:], signature_of(promised).schema.arguments[1:]
    if len(mine) != len(theirs) or any(
        a.name != b.name or not is_subtype(b.type, a.type)
        for a, b in zip(mine, theirs, strict=True)
    ):
        return f"its method `{name}` takes other parameters"
    if returns is not None and not is_subtype(returns, result_of(promised)):
        return f"its method `{name}` returns `{returns}`"
    return None


def result_of(promised: types.FunctionType) -> T.Type:
    """What a method of an interface returns: a Tensor unless it says otherwise."""
    returned = signature_of(promised).returns
    return T.TENSOR if returned is None else returned


def complete_interfaces(compilation: Compilation) -> None:
    """Compile the methods by which classes implement the interfaces of the program."""
    from jit.frontend.classes import find_member, method_version, prepared
    from jit.frontend.modules import compile_method

    program = compilation.program
    for info in list(compilation.classes.values()):
        for base in info.definition.bases:
            if base not in program.classes or program.classes[base].kind != "interface":
                continue
            for name in program.classes[base].methods:
                if f"{info.definition.name}.{name}" not in program.functions:
                    prepared(compilation, info)
                    fn = find_member(info.cls, name)
                    method_version(compilation, info, name, fn, {})
    for module in list(compilation.modules.values()):
        for base in module.definition.bases:
            for name in program.classes[base].methods:
                if f"{module.definition.name}.{name}" not in program.functions:
                    compile_method(compilation, module, name, {})


def interface_attribute(e: Emitter, span: Span, x: Value, name: str) -> Emitted:
    """A method of a value of which the interface is known."""
    assert isinstance(x.type, T.InterfaceType)
    cls = class_named(x.type.name)
    promised = {} if cls is None else methods_of(cls)
    if name not in promised:
        raise fail(
            span,
            "E0204",
            f"the interface `{x.type.name.rpartition('.')[2]}` has no method `{name}`",
            help=nearest(name, promised) or "add the method to the interface",
        )
    return InterfaceMethod(x, name, promised[name])


def interface_call(type: T.InterfaceType) -> str:
    """The method that a call of a value means: that of a module is `forward`."""
    cls = class_named(type.name)
    return "forward" if cls is not None and "forward" in methods_of(cls) else "__call__"


class InterfaceMethod(Sugared):
    """A method that an interface promises."""

    stays_itself = True

    def __init__(self, owner: Value, name: str, fn: types.FunctionType) -> None:
        self.owner = owner
        self.name = name
        self.fn = fn

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        args = emit_arguments(e, call)
        with e.compilation.calling(call.span):
            arguments = signature_of(self.fn).schema.arguments[1:]
        given = match_parameters(call.span, arguments, args, self.name)
        inputs = fit_arguments(e, call.span, arguments, given, args)
        result = result_of(self.fn)
        return called(
            e, "prim::CallMethod", [self.owner, *inputs], result, name=self.name
        )

"""Modules inside of compiled code: attributes, submodules, methods compiled on demand."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.arguments import Arguments, emit_arguments
from jit.frontend.autocasting import refuse_stored
from jit.frontend.builtins import as_number
from jit.frontend.call_python import gather
from jit.frontend.chosen import checked_place, item_at, place_of_key
from jit.frontend.coerce import coerce
from jit.frontend.compiler import Compilation
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.hooks import CALL, caller
from jit.frontend.marked import call_marked, mark_of
from jit.frontend.module_members import DICT_METHODS, MODULE_METHODS, ModuleMethod
from jit.frontend.modules import ModuleInfo, compile_method, has_forward
from jit.frontend.no_gradients import without_gradients
from jit.frontend.overloaded import overload_for
from jit.frontend.parameters import (
    argument_type,
    called,
    fit_arguments,
    match_parameters,
)
from jit.frontend.signature import Signature, signature_of
from jit.frontend.sugared import Emitted, Sugared, SugaredList
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.graph import NOT_CONSTANT, Value
from jit.ir.overloads import is_convertible
from jit.ir.program import PARAMETER, SUBMODULE
from jit.ir.schema import FunctionSchema
from jit.ir.span import Span
from jit.ir.subtyping import is_subtype

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

CONTAINERS = ("Sequential", "ModuleList", "ParameterList")
DICTS = ("ModuleDict", "ParameterDict")
"""Classes whose submodules can be walked, indexed and counted."""


class ModuleValue(Sugared):
    """A module inside of compiled code: `self`, or one of its submodules."""

    stays_itself = True

    def __init__(
        self, compilation: Compilation, info: ModuleInfo, owner: Value
    ) -> None:
        self.compilation = compilation
        self.info = info
        self.owner = owner
        """The Value of module type."""

    def describe(self) -> str:
        return f"the module `{self.info.title}`"

    def value(self, e: Emitter, span: Span) -> Value:
        return self.owner

    def declared(self, e: Emitter, span: Span, wanted: T.Type) -> Emitted:
        """A module that is known stays so, though an interface is all that is asked."""
        is_known = isinstance(wanted, T.InterfaceType) and is_subtype(
            self.owner.type, wanted
        )
        return self if is_known else self.owner

    def has(self, name: str) -> bool:
        """Whether there is such an attribute, decided while compiling."""
        return hasattr(self.info.instance, name)

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        from jit.frontend.resolver import resolve_object

        info = self.info
        if name in info.children:
            return self.child(e, name)
        if name in info.constants:
            return self._constant(e, span, name)
        if name in info.definition.attributes:
            type = info.definition.attributes[name].type
            if type == T.NONE:
                return e.none()
            node = e.b.node("prim::GetAttr", [self.owner], [type], name=name)
            node.output.name = name
            return node.output
        if name in info.hooks.methods:
            return HookMethod(self, name, info.hooks.methods[name])
        if name in info.functions:
            return resolve_object(e, span, info.functions[name], name)
        if info.is_stored:
            if name in info.definition.methods:
                return StoredMethod(self, name)
        else:
            found = self._of_class(e, span, name)
            if found is not None:
                return found
        raise fail(
            span,
            "E0204",
            f"the module `{info.title}` has no attribute `{name}`",
            help=nearest(name, dir(info.instance)),
        )

    def _constant(self, e: Emitter, span: Span, name: str) -> Emitted:
        from jit.frontend.resolver import resolve_object

        content = self.info.constants[name]
        if isinstance(content, list):
            content = tuple(content)
        return resolve_object(e, span, content, name)

    def computes(self, name: str) -> bool:
        instance = self.info.instance
        is_own = name in self.info.children or name in self.info.definition.attributes
        return not is_own and isinstance(getattr(type(instance), name, None), property)

    def _of_class(self, e: Emitter, span: Span, name: str) -> Emitted | None:
        if name in MODULE_METHODS and not _is_overridden(self.info.instance, name):
            return ModuleMethod(self, name)
        if name in DICT_METHODS and _is_dict(self.info.instance):
            return ModuleMethod(self, name)
        return self.of_classes(e, span, name, type(self.info.instance).__mro__)

    def of_classes(
        self, e: Emitter, span: Span, name: str, classes: tuple[type, ...]
    ) -> Emitted | None:
        """An attribute that the first of some classes has; None if none has."""
        from jit.frontend.resolver import resolve_object

        for cls in classes:
            if name not in vars(cls):
                continue
            found = vars(cls)[name]
            if isinstance(found, staticmethod):
                return resolve_object(e, span, found.__func__, name)
            if isinstance(found, property):
                return BoundMethod(self, name, found.fget).get(e, span)
            if isinstance(found, types.FunctionType):
                return BoundMethod(self, name, found)
            return resolve_object(e, span, found, name)
        return None

    def child(self, e: Emitter, name: str) -> ModuleValue:
        """A submodule."""
        inner = self.info.children[name]
        node = e.b.node("prim::GetAttr", [self.owner], [inner.type], name=name)
        node.output.name = name
        return ModuleValue(self.compilation, inner, node.output)

    def assign(self, e: Emitter, span: Span, name: str, value: Value) -> None:
        """`self.name = value`."""
        attribute = self.info.definition.attributes.get(name)
        if attribute is None and self._set_property(e, span, name, value):
            return
        if attribute is None:
            raise fail(
                span,
                "E0204",
                f"the module `{self.info.title}` has no attribute `{name}` to assign",
                help=f"assign `self.{name}` in `__init__` first",
            )
        if name in self.info.constants or attribute.role == SUBMODULE:
            raise fail(
                span,
                "E0310",
                f"`{name}` of the module `{self.info.title}` is a constant",
                help="do not mark it as Final, or keep the value elsewhere",
            )
        fitting = coerce(value, attribute.type)
        if fitting is None and is_convertible(value.type, attribute.type):
            fitting = e.b.convert(value, attribute.type)
        if fitting is None:
            raise fail(
                span,
                "E0310",
                f"`{name}` of the module `{self.info.title}` is"
                f" {a_type(attribute.type)} and is assigned {a_type(value.type)}",
                help="convert the value, or annotate the attribute in the class",
            )
        e.b.node("prim::SetAttr", [self.owner, fitting], name=name)
        paths.forget(e)

    def _set_property(self, e: Emitter, span: Span, name: str, value: Value) -> bool:
        """Call the setter of a property; whether there is one."""
        found = getattr(type(self.info.instance), name, None)
        if self.info.is_stored or not isinstance(found, property) or not found.fset:
            return False
        args = Arguments()
        args.add(value, span)
        setter = BoundMethod(self, name, found.fset)
        setter.call_with(e, span, args, signature_of(found.fset))
        return True

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        if self.info.is_stored:
            is_hooked = CALL in self.info.definition.methods
            return StoredMethod(self, CALL if is_hooked else "forward").call(e, call)
        if self.info.hooks.call is not None:
            names = tuple(k.name for k in call.keywords)
            method = caller(self.info.hooks, self.info.instance, names)
            return BoundMethod(self, CALL, method).call(e, call)
        if not has_forward(self.info.instance):
            raise fail(
                call.span, "E0311", f"{self.describe()} has no `forward` to call"
            )
        found = self._of_class(e, call.span, "forward")
        assert isinstance(found, BoundMethod)
        return found.call(e, call)

    def elements(self, e: Emitter, span: Span) -> list[Emitted] | None:
        if _is_dict(self.info.instance):
            return [e.b.constant(name) for name in self.names()]
        if not _is_container(self.info.instance):
            return None
        return [self.attribute(e, span, name) for name in self.names()]

    def names(self) -> list[str]:
        """What a container holds, by name."""
        if self.info.children:
            return list(self.info.children)
        attributes = self.info.definition.attributes
        return [name for name, a in attributes.items() if a.role == PARAMETER]

    def index(self, e: Emitter, node: t.Subscript) -> Emitted:
        if _is_dict(self.info.instance):
            return self._of_key(e, node)
        if not _is_container(self.info.instance):
            return super().index(e, node)
        items = self.elements(e, node.span)
        assert items is not None
        if isinstance(node.index, t.Slice):
            parts = (node.index.lower, node.index.upper, node.index.step)
            bounds = [None if p is None else e.value(p).constant for p in parts]
            if all(b is None or isinstance(b, int) for b in bounds):
                return SugaredList(items[slice(*bounds)])
            raise fail(
                node.index.span,
                "E0301",
                "the bounds of a slice of modules must be literal",
                help="loop over them, and `continue` past those that are not meant",
            )
        value = e.value(node.index)
        index = value.constant
        if not isinstance(index, int):
            return self._at_run_time(e, node, items, self._place(e, node, value))
        if not -len(items) <= index < len(items):
            raise fail(
                node.index.span,
                "E0301",
                f"index {index} is out of range for {len(items)} modules",
            )
        return items[index]

    def _of_key(self, e: Emitter, node: t.Subscript) -> Emitted:
        """The submodule of a ModuleDict under a key."""
        value = e.value(node.index)
        key, names = value.constant, self.names()
        if isinstance(key, str) and key in names:
            return self.attribute(e, node.span, key)
        if key is not NOT_CONSTANT or value.type != T.STR:
            known = ", ".join(f'"{name}"' for name in names)
            raise fail(
                node.index.span,
                "E0301",
                f"{self.describe()} has nothing under this key, but under {known}",
                help="loop over it: `for name, layer in self.layers.items():`",
            )
        items = [self.attribute(e, node.span, name) for name in names]
        return self._at_run_time(
            e, node, items, place_of_key(e, node.span, value, names)
        )

    def _at_run_time(
        self, e: Emitter, node: t.Subscript, items: list[Emitted], place: Value
    ) -> Emitted:
        """The item of a number that is known when the code runs."""
        if not items:
            raise fail(node.span, "E0301", f"{self.describe()} holds no modules")
        return item_at(e, place, items)

    def _place(self, e: Emitter, node: t.Subscript, index: Value) -> Value:
        """An index counted from 0; raises what a list of modules raises."""
        if T.is_tensor_like(index.type) or index.type == T.BOOL:
            index = as_number(e, node.index.span, index, T.INT)
        if index.type != T.INT:
            raise fail(
                node.index.span,
                "E0301",
                f"{a_type(index.type)} is no index of modules",
                help="use an int, or loop over them: `for layer in self.layers:`",
            )
        return checked_place(e, index, len(self.names()))


class SuperValue(Sugared):
    """`super()`: the methods of the classes behind one."""

    def __init__(self, owner: ModuleValue, cls: type) -> None:
        self.owner = owner
        self.cls = cls

    def describe(self) -> str:
        return f"`super()` of `{self.cls.__name__}`"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        order = type(self.owner.info.instance).__mro__
        behind = order[order.index(self.cls) + 1 :]
        found = self.owner.of_classes(e, span, name, behind)
        return super().attribute(e, span, name) if found is None else found


def _is_container(module: Any) -> bool:
    return any(c.__name__ in CONTAINERS for c in type(module).__mro__)


def _is_dict(module: Any) -> bool:
    return any(c.__name__ in DICTS for c in type(module).__mro__)


def _is_overridden(module: Any, name: str) -> bool:
    from jit.torch.nn import Module

    return getattr(type(module), name, None) is not getattr(Module, name, None)


class BoundMethod(Sugared):
    """A method of a module, compiled when it is called."""

    def __init__(self, owner: ModuleValue, name: str, fn: Any) -> None:
        self.owner = owner
        self.name = name
        self.fn = fn

    @property
    def title(self) -> str:
        """What errors call it."""
        return self.name

    def describe(self) -> str:
        return f"the method `{self.title}`"

    def get(self, e: Emitter, span: Span) -> Emitted:
        """The value of a property."""
        with e.compilation.calling(span):
            callee = compile_method(
                self.owner.compilation, self.owner.info, self.name, {}, self.fn
            )
        return _call_method(e, self.owner, callee.name, [], callee.result)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        if mark_of(self.fn):
            args = e.arguments(call)
            return call_marked(e, call.span, self.fn, args, self.owner.owner)
        with e.compilation.calling(call.span):
            signature = signature_of(self.fn)
        args = emit_arguments(e, call, spreads=True)
        overload = overload_for(e, call.span, self.fn, args, is_method=True)
        return self.call_with(e, call.span, args, overload or signature, overload)

    def call_with(
        self,
        e: Emitter,
        span: Span,
        args: Arguments,
        signature: Signature,
        overload: Signature | None = None,
    ) -> Emitted:
        """Call it with arguments that are emitted already."""
        parameters = signature.parameters[1:]
        gather(e, span, parameters, args, self.title, {})
        schema = [p.argument for p in parameters]
        given = match_parameters(span, schema, args, self.title)
        arg_types = {
            p.name: argument_type(e, given[p.argument.name], span)
            for p in parameters
            if p.annotation is None and p.argument.name in given
        }
        with e.compilation.calling(span):
            callee = compile_method(
                self.owner.compilation,
                self.owner.info,
                self.name,
                arg_types,
                self.fn,
                overload,
            )
        inputs = fit_arguments(e, span, callee.schema.arguments[1:], given, args)
        return _call_method(e, self.owner, callee.name, inputs, callee.result)


class HookMethod(BoundMethod):
    """A hook. Errors in its call are shown at its definition: nobody wrote the call."""

    @property
    def title(self) -> str:
        return str(self.fn.__name__)

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        try:
            return super().call(e, call)
        except CompileError as error:
            at = signature_of(self.fn).tree.span
            raise CompileError(
                [
                    dataclasses.replace(d, span=at)
                    if d.span is not None and d.span.source == call.span.source
                    else d
                    for d in error.diagnostics
                ]
            ) from error.__cause__


def _call_method(
    e: Emitter, owner: ModuleValue, name: str, inputs: list[Value], result: T.Type
) -> Value:
    method = name.removeprefix(f"{owner.info.definition.name}.")
    return called(e, "prim::CallMethod", [owner.owner, *inputs], result, name=method)


class StoredMethod(Sugared):
    """A method that came compiled."""

    def __init__(self, owner: ModuleValue, name: str) -> None:
        self.owner = owner
        self.name = name

    def describe(self) -> str:
        return f"the method `{self.name}`"

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        full = f"{self.owner.info.definition.name}.{self.name}"
        function = e.compilation.program.functions.get(full)
        if function is None:
            raise fail(
                call.span,
                "E0204",
                f"{self.owner.describe()} has no compiled method `{self.name}`",
            )
        schema: FunctionSchema = function.schema
        args = e.arguments(call)
        given = match_parameters(call.span, schema.arguments[1:], args, self.name)
        inputs = fit_arguments(e, call.span, schema.arguments[1:], given, args)
        result = schema.returns[0].type
        refuse_stored(e, self.name, call.span)
        if e.compilation.are_grads_off:
            copy = e.b.function(without_gradients(e, full, call.span))
            inputs = [copy, self.owner.owner, *inputs]
            return called(e, "prim::CallFunction", inputs, result)
        return _call_method(e, self.owner, full, inputs, result)

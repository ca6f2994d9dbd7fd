"""Modules: one compiled type for equal modules, attributes, methods on demand.

Modules share a type if they are of the same class and their attributes have the same
types, constants and functions. A submodule is an attribute; a call of it is
`prim::CallMethod[name="forward"](%self, ...)`.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jit.frontend.annotations import HintError, type_of_hint
from jit.frontend.compiler import (
    Callee,
    Compilation,
    open_parameter_types,
)
from jit.frontend.failures import fail, reporting
from jit.frontend.hooks import CALL, Hooks, hooks_of
from jit.frontend.interfaces import (
    complete_interfaces,
    declare_interface,
    difference,
    link_all,
)
from jit.frontend.scope import Scope
from jit.frontend.signature import (
    Signature,
    plain_function,
    signature_of,
    types_of,
)
from jit.frontend.source import function_source
from jit.ir import types as T
from jit.ir.diagnostic import CompileError
from jit.ir.program import BUFFER, PARAMETER, SUBMODULE, ClassDefinition, Program
from jit.modules.marks import Attribute
from jit.runtime.python_classes import class_named, qualified_name
from jit.runtime.tensor import Tensor


@dataclass
class ModuleInfo:
    """What is known of all modules of one compiled type."""

    definition: ClassDefinition
    instance: Any
    """One of them, which stands for all."""
    constants: dict[str, Any] = field(default_factory=dict)
    """Attributes that never change: `Final`, or listed in `__constants__`."""
    functions: dict[str, Any] = field(default_factory=dict)
    """Attributes that are Python functions."""
    children: dict[str, ModuleInfo] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    is_stored: bool = False
    """Whether its methods came compiled: traced, loaded or scripted before."""

    @property
    def type(self) -> T.ModuleType:
        return T.ModuleType(self.definition.name)

    @property
    def title(self) -> str:
        return type(self.instance).__name__


def compile_module(module: Any, program: Program) -> T.ModuleType:
    """Compile the type of a module: `forward`, what it calls, exported methods.

    Raises CompileError; the program is then as before.
    """
    compilation = Compilation.of(program)

    def compile() -> T.ModuleType:
        info = module_info(compilation, module)
        if not info.is_stored:
            for name in _entry_methods(module):
                compile_method(compilation, info, name, {})
            if info.hooks.call is not None:
                compile_method(compilation, info, CALL, {}, info.hooks.call)
            complete_interfaces(compilation)
        return info.type

    with reporting(module):
        return compilation.attempt(compile)


def add_methods(module: Any, methods: Mapping[str, types.FunctionType]) -> None:
    """Compile further methods of a compiled module, which see what it has by now.

    Raises CompileError; the program is then as before.
    """
    compilation = Compilation.of(module.program)
    for fn in methods.values():
        with reporting(fn), compilation.all_or_nothing():
            info = _stored_info(compilation, module)
            if fn.__name__ in (*info.definition.methods, *info.definition.attributes):
                raise fail(
                    signature_of(fn).tree.span,
                    "E0108",
                    f"the module has a `{fn.__name__}` already",
                    help="give the method another name",
                )
            compile_method(compilation, info, fn.__name__, {}, fn)


def _entry_methods(module: Any) -> Iterator[str]:
    cls = type(module)
    if has_forward(module):
        yield "forward"
    for name in dir(cls):
        method = getattr(cls, name, None)
        if getattr(method, "_jit_mark", None) == "export" and name != "forward":
            yield name


def has_forward(module: Any) -> bool:
    """Whether a module's class defines what calling it means."""
    from jit.torch.nn import Module

    return getattr(type(module), "forward", None) is not Module.forward


# types ----------------------------------------------------------------------------


def module_info(compilation: Compilation, module: Any) -> ModuleInfo:
    """The compiled type of a module, shared with its equals."""
    if hasattr(module, "__script_object__"):
        return _stored_info(compilation, module)
    definition = ClassDefinition("", "module")
    info = ModuleInfo(definition, module, hooks=hooks_of(module))
    for name, parameter in module._parameters.items():
        definition.add(name, _tensor_or_none(parameter), PARAMETER)
    for name, buffer in module._buffers.items():
        definition.add(name, _tensor_or_none(buffer), BUFFER)
    hints = class_hints(type(module))
    for name, child in module._modules.items():
        if child is None:
            definition.add(name, T.NONE)
            continue
        hint = hints.get(name, (None, False))[0]
        inner = module_info(compilation, child)
        if isinstance(hint, T.InterfaceType):
            _check_implements(module, name, child, hint)
            declare_interface(compilation, hint)
            definition.add(name, hint, SUBMODULE)
            continue
        info.children[name] = inner
        definition.add(name, inner.type, SUBMODULE)
    _add_plain_attributes(info, module)
    key = (
        type(module),
        tuple(definition.attributes.values()),
        tuple((n, repr(c)) for n, c in info.constants.items()),
        tuple((n, id(f)) for n, f in info.functions.items()),
        info.hooks.key,
    )
    found = compilation.modules.get(key)
    if found is not None:
        assert isinstance(found, ModuleInfo)
        return found
    program = compilation.program
    definition.name = program.unique_name(qualified_name(type(module)))
    program.add_class(definition)
    compilation.modules[key] = info
    link_all(compilation, definition, type(module))
    return info


def _check_implements(
    module: Any, name: str, child: Any, interface: T.InterfaceType
) -> None:
    cls = class_named(interface.name)
    found = None if cls is None else difference(type(child), cls)
    if found is not None:
        reason, method = found
        raise fail(
            signature_of(method).tree.span,
            "E0310",
            f"`{name}` of the module `{type(module).__name__}` is declared as the"
            f" interface `{interface.name.rpartition('.')[2]}`, which"
            f" `{type(child).__name__}` does not implement: {reason}",
            help="give its methods the names, parameters and types of the interface",
        )


def _stored_info(compilation: Compilation, module: Any) -> ModuleInfo:
    """The type of a module that was compiled before, brought into this program."""
    from jit.ir.linking import link_class

    key = ("stored", id(module))
    if key not in compilation.modules:
        linked = link_class(
            compilation.program, module.program, module.__script_object__.type
        )
        definition = compilation.program.class_of(linked)
        children = {
            a.name: _stored_info(compilation, getattr(module, a.name))
            for a in definition.attributes.values()
            if a.role == SUBMODULE
        }
        info = ModuleInfo(definition, module, children=children, is_stored=True)
        compilation.modules[key] = info
    found = compilation.modules[key]
    assert isinstance(found, ModuleInfo)
    return found


def _tensor_or_none(content: Any) -> T.Type:
    return T.NONE if content is None else T.TENSOR


@functools.cache
def _own_names() -> frozenset[str]:
    """What every module has, and no program sees."""
    from jit.torch.nn import Module

    return frozenset(vars(Module()))


def _add_plain_attributes(info: ModuleInfo, module: Any) -> None:
    """Attributes that are no parameters, buffers or submodules."""
    hints = class_hints(type(module))
    listed = set(getattr(type(module), "__constants__", ()))
    info.definition.add("training", T.BOOL)
    for name, content in vars(module).items():
        if name in _own_names():
            continue
        hint = hints.get(name)
        if isinstance(content, Attribute):
            hint = (type_of_hint(content.type, class_scope(type(module))), False)
        if isinstance(content, types.FunctionType | types.BuiltinFunctionType):
            info.functions[name] = content
            continue
        wanted = None if hint is None else hint[0]
        is_empty = isinstance(content, list | dict) and not content
        if hint is None and (content is None or is_empty):
            wanted = _hint_in_init(type(module), name)
        found = _type_of_attribute(content, wanted)
        if found is None:
            info.functions[name] = content
            continue
        info.definition.add(name, found)
        if name in listed or (hint is not None and hint[1]):
            info.constants[name] = content
    for name in listed | {n for n, h in hints.items() if h[1]}:
        if name not in info.definition.attributes and hasattr(type(module), name):
            info.constants[name] = getattr(type(module), name)


def class_scope(cls: type) -> Scope:
    """The names that annotations in a class see."""
    outside = vars(sys.modules.get(cls.__module__, typing))
    return Scope({cls.__name__: cls}, outside)


def class_hints(cls: type) -> dict[str, tuple[T.Type | None, bool]]:
    """The annotated types of a class's attributes, and whether they are Final."""
    found: dict[str, tuple[T.Type | None, bool]] = {}
    for base in reversed(cls.__mro__):
        scope = class_scope(base)
        for name, hint in vars(base).get("__annotations__", {}).items():
            text = hint if isinstance(hint, str) else ""
            if "ClassVar" in text or typing.get_origin(hint) is typing.ClassVar:
                continue
            final = hint is typing.Final or typing.get_origin(hint) is typing.Final
            final = (
                final
                or text.rpartition(".")[2].startswith("Final")
                or (".Final" in text or text.startswith("Final"))
            )
            try:
                found[name] = (type_of_hint(hint, scope), final)
            except HintError:
                found[name] = (None, final)
    return found


def _hint_in_init(cls: type, name: str) -> T.Type | None:
    """The type of `self.name: List[int] = []` in `__init__`, which Python keeps nowhere
    else; None if there is no such line."""
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if not isinstance(init, types.FunctionType) or init.__module__.startswith(
            "jit."
        ):
            continue
        try:
            definition = function_source(init).definition
        except CompileError:
            continue
        for node in ast.walk(definition):
            match node:
                case ast.AnnAssign(
                    target=ast.Attribute(ast.Name(), attr), annotation=hint
                ):
                    if attr != name:
                        continue
                    try:
                        return type_of_hint(ast.unparse(hint), Scope.of(init))
                    except HintError:
                        return None
    return None


def _type_of_attribute(content: Any, hint: T.Type | None) -> T.Type | None:
    """The type of a plain attribute; None for Python objects that are no values."""
    from jit.modules.arguments import type_of_value

    if hint is not None:
        return hint
    if isinstance(content, Tensor):
        return T.TENSOR
    try:
        return type_of_value(content)
    except TypeError:
        return None


# methods --------------------------------------------------------------------------


def compile_method(
    compilation: Compilation,
    info: ModuleInfo,
    name: str,
    arg_types: dict[str, T.Type],
    fn: Any = None,
    overload: Signature | None = None,
) -> Callee:
    """A version of a method of a module type, compiled if need be."""
    fn = plain_function(fn if fn is not None else getattr(type(info.instance), name))
    signature = signature_of(fn)
    if overload is not None:
        arg_types = {**types_of(overload, signature), **arg_types}
        signature = dataclasses.replace(signature, returns=overload.returns)
    rest = signature.parameters[1:]
    open_types = open_parameter_types(rest, arg_types)
    key = (info.type, fn, tuple(open_types.items()))
    found = compilation.versions.get(key)
    if found is not None:
        return found
    if not signature.parameters:
        raise fail(signature.tree.span, "E0304", f"the method `{name}` takes no `self`")
    full = compilation.program.unique_name(f"{info.definition.name}.{name}")
    info.definition.methods.append(full.removeprefix(f"{info.definition.name}."))
    from jit.frontend.module_value import ModuleValue

    return compilation.compile(
        key,
        Scope.of(fn),
        signature,
        full,
        open_types,
        self_type=info.type,
        make_self=lambda value: ModuleValue(compilation, info, value),
    )

"""Instances of compiled module types, made of `nn.Module` instances."""

from __future__ import annotations

from typing import Any

from jit.frontend.compiler import Compilation
from jit.frontend.modules import module_info
from jit.ir import types as T
from jit.ir.program import BUFFER, PARAMETER, SUBMODULE, ClassDefinition, Program
from jit.modules.marks import Attribute
from jit.runtime.objects import Object
from jit.runtime.tensor import Tensor
from jit.torch.nn import Module


def make_instance(
    module: Module,
    type: T.ModuleType,
    program: Program,
    known: dict[int, Object] | None = None,
) -> Object:
    """The Object with the state of a module; tensors are shared, not copied.

    A submodule that stands in several places becomes one Object.
    """
    known = known if known is not None else {}
    if id(module) in known:
        return known[id(module)]
    made = known[id(module)] = Object(type)
    for attribute in program.class_of(type).attributes.values():
        content = getattr(module, attribute.name)
        if isinstance(content, Attribute):
            content = content.value
        if isinstance(content, Module):
            inner = attribute.type
            if isinstance(inner, T.InterfaceType):
                inner = module_info(Compilation.of(program), content).type
            if isinstance(inner, T.ModuleType):
                content = make_instance(content, inner, program, known)
        made.slots[attribute.name] = content
    return made


def define_state(module: Module, program: Program) -> T.ModuleType:
    """A module type with the state of a module and no methods, for traces.

    Modules of the same class with the same kind of state share one type.
    """
    cls = module.__class__
    definition = ClassDefinition("", "module")
    for name, parameter in module._parameters.items():
        definition.add(name, _tensor_type(parameter), PARAMETER)
    for name, buffer in module._buffers.items():
        definition.add(name, _tensor_type(buffer), BUFFER)
    for name, child in module._modules.items():
        if child is not None:
            definition.add(name, _child_type(child, program), SUBMODULE)
    definition.add("training", T.BOOL)
    wanted = f"{cls.__module__}.{cls.__qualname__}".replace("<locals>.", "")
    for other in program.classes.values():
        same_class = other.name == wanted or other.name.startswith(f"{wanted}_")
        if same_class and other.attributes == definition.attributes:
            assert isinstance(other.type, T.ModuleType)
            return other.type
    definition.name = program.unique_name(wanted)
    program.add_class(definition)
    assert isinstance(definition.type, T.ModuleType)
    return definition.type


def _child_type(child: Any, program: Program) -> T.Type:
    from jit.ir.linking import link_class
    from jit.modules.script_module import ScriptModule

    if isinstance(child, ScriptModule):
        return link_class(program, child.program, child.__script_object__.type)
    return define_state(child, program)


def _tensor_type(content: Tensor | None) -> T.Type:
    return T.NONE if content is None else T.TENSOR

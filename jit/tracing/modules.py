"""Trace a module: its state becomes attributes, its `forward` one graph."""

from __future__ import annotations

from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.program import Program
from jit.modules.instances import define_state, make_instance
from jit.modules.script_module import ScriptModule
from jit.runtime.objects import Object
from jit.torch.nn import Module
from jit.tracing.recording import Settings, record


def trace_module_call(
    module: Module, args: tuple[Any, ...], settings: Settings
) -> tuple[ScriptModule, Graph]:
    """The module with its traced `forward`, and that graph.

    Submodules keep their state under their names; what they do stands in the graph of
    the outer `forward`. Scripted submodules stay calls.
    """
    if isinstance(module, ScriptModule):
        return module, module.graph
    program = Program()
    type = define_state(module, program)
    instance = make_traced_instance(module, type, program)
    name = f"{type.name}.forward"
    function = record(program, name, module, args, settings, instance)
    program.classes[type.name].methods.append("forward")
    return ScriptModule(program, instance), function.graph


def make_traced_instance(
    module: Module, type: T.ModuleType, program: Program
) -> Object:
    """The Object of a module; scripted submodules bring their own."""
    known: dict[int, Object] = {}
    for child in module.modules():
        if isinstance(child, ScriptModule):
            known[id(child)] = child.__script_object__
    return make_instance(module, type, program, known)

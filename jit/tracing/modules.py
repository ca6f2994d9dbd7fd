"""Trace a module: its state becomes attributes, each traced method one graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.program import Program
from jit.modules.instances import define_state, make_instance
from jit.modules.script_module import ScriptModule
from jit.runtime.objects import Object
from jit.torch.nn import Module
from jit.tracing.bakes import Bakes
from jit.tracing.modes import Variant, merge
from jit.tracing.recording import Recorded, Settings, record
from jit.tracing.state import kept, plain_modules

Examples = tuple[tuple[Any, ...], Settings]
"""The arguments of one method, and how it is traced."""


def trace_methods(
    module: Module, methods: Mapping[str, Examples], bakes: Bakes
) -> tuple[ScriptModule, dict[str, Graph]]:
    """The module with its traced methods, and their graphs.

    Submodules keep their state under their names; what they do stands in the graphs of
    the outer methods. Scripted submodules stay calls.
    """
    if isinstance(module, ScriptModule):
        return module, {name: getattr(module, name).graph for name in methods}
    program = Program()
    type = define_state(module, program)
    instance = make_traced_instance(module, type, program)
    graphs = {}
    for name, (args, settings) in methods.items():
        full = f"{type.name}.{name}"

        def again(full: str = full, name: str = name, args: Any = args,
                  settings: Settings = settings) -> Recorded:  # fmt: skip
            with kept(module):
                return record(
                    program, full, _method(module, name), args, settings,
                    instance, module, bakes,
                )  # fmt: skip

        function = _in_both_modes(module, again, program, full)
        program.classes[type.name].methods.append(name)
        graphs[name] = function
    return ScriptModule(program, instance), graphs


def _method(module: Module, name: str) -> Any:
    """What runs a method; `forward` with its hooks."""
    return module if name == "forward" else getattr(module, name)


def _in_both_modes(
    module: Module, run: Callable[[], Recorded], program: Program, name: str
) -> Graph:
    """Record a method as the module stands, and if it asks, in training and evaluation."""
    first = run()
    if not first.modes:
        return first.function.graph
    variants = [Variant(first.modes, first.function)]
    for training in (True, False):
        wanted = [(m, training) for m, _ in first.modes]
        if wanted == list(first.modes):
            continue
        program.functions.pop(name, None)
        with _all_in(module, training):
            try:
                other = run()
            except (RuntimeError, ValueError, TypeError, IndexError):
                continue  # the program says that this mode was not recorded
        variants.append(Variant(other.modes, other.function))
    program.functions[name] = first.function
    first.function.graph = merge(module, variants, program)
    return first.function.graph


@contextmanager
def _all_in(module: Module, training: bool) -> Iterator[None]:
    """The whole module in training or evaluation for a while."""
    before = [(m, m.training) for m in plain_modules(module)]
    try:
        for m, _ in before:
            m.training = training
        yield
    finally:
        for m, was in before:
            m.training = was


def make_traced_instance(
    module: Module, type: T.ModuleType, program: Program
) -> Object:
    """The Object of a module; scripted submodules bring their own."""
    known: dict[int, Object] = {}
    for child in module.modules():
        if isinstance(child, ScriptModule):
            known[id(child)] = child.__script_object__
    return make_instance(module, type, program, known)

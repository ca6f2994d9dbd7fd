"""Run a function under the tracer; what it did becomes a function of a program."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jit.comparison import clone
from jit.ir import types as T
from jit.ir.diagnostic import Diagnostic, TracingError
from jit.ir.graph import Graph, Value
from jit.ir.program import Function, Program
from jit.ir.schema import Argument, FunctionSchema
from jit.passes import dce
from jit.runtime.objects import Object
from jit.runtime.traced import Traced
from jit.torch.nn import Module
from jit.tracing.bakes import Bakes
from jit.tracing.state import followed
from jit.tracing.structure import bind_input, input_type, output_value
from jit.tracing.tracer import Tracer


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller of `trace` asked for."""

    strict: bool
    """Whether lists and dicts as outputs are refused."""
    on_bake: str
    """One of ON_BAKE."""
    names: tuple[str, ...] = ()
    """Names of the last parameters, given by keyword to those that take no other."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run gave."""

    function: Function
    bakes: Bakes
    modes: tuple[tuple[Module, bool], ...] = ()
    """The modules that were asked whether they are in training, and what they said."""


def record(
    program: Program,
    name: str,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    settings: Settings,
    instance: Object | None = None,
    module: Module | None = None,
    bakes: Bakes | None = None,
) -> Recorded:
    """Run `func` under a tracer; the function it becomes, added to the program.

    `instance` is the state of `module`, which the function belongs to.
    """
    bakes = bakes if bakes is not None else Bakes(settings.on_bake)
    graph = Graph(program)
    # the name is taken from the start, so that callees of the same name get another
    unfinished = FunctionSchema(name, "", (), (Argument("", T.NONE),))
    function = program.add_function(Function(name, graph, unfinished))
    tracer = Tracer(program, graph, bakes)
    arguments = []
    if instance is not None:
        self_value = graph.add_input(instance.type, "self")
        arguments.append(Argument("self", instance.type))
        tracer.attach(instance, lambda: self_value, module)
    names = parameter_names(func, len(args), settings.names)
    values: list[Value] = []
    for parameter, x in zip(names, args, strict=True):
        type = input_type(x, parameter)
        values.append(graph.add_input(type, parameter))
        arguments.append(Argument(parameter, type))
    traced_args = [
        bind_input(tracer, clone(x), v) for x, v in zip(args, values, strict=True)
    ]
    count = len(args) - len(settings.names)
    keywords = dict(zip(settings.names, traced_args[count:], strict=True))
    with followed(tracer, module):
        try:
            with tracer.active():
                result = func(*traced_args[:count], **keywords)
        except ValueError:
            if bakes.fatal is not None:
                raise bakes.fatal from None
            raise
    bakes.finish()
    if not _holds_traced(tracer, result):
        raise TracingError(
            Diagnostic(
                "E0505",
                "the result does not depend on the inputs: it would be a constant",
                help="return what was computed with torch or NumPy functions from the"
                " inputs",
            )
        )
    output = output_value(tracer, result, strict=settings.strict)
    graph.block.add_return(output)
    tracer.drop_copies()
    dce.run(graph)
    returns = (Argument("", output.type),)
    function.schema = FunctionSchema(name, "", tuple(arguments), returns)
    return Recorded(function, bakes, tuple(tracer.modes.values()))


def _holds_traced(tracer: Tracer, result: Any) -> bool:
    if isinstance(result, Traced):
        return True
    if isinstance(result, tuple | list):
        return any(_holds_traced(tracer, r) for r in result)
    if isinstance(result, dict):
        return any(_holds_traced(tracer, r) for r in result.values())
    return id(result) in tracer._tensors


def parameter_names(
    function: Callable[..., Any], count: int, keywords: tuple[str, ...] = ()
) -> list[str]:
    """Names for the inputs of a traced function, the last of them given by keyword."""
    count -= len(keywords)
    if isinstance(function, Module):
        function = function.forward
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [*(f"arg_{i}" for i in range(count)), *keywords]
    names = [
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    names += [f"arg_{i}" for i in range(len(names), count)]
    return [*names[:count], *keywords]

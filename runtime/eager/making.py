"""The graph of one eager call, and its machine code.

Tensors are inputs of a dtype and rank, the numbers of pointwise operators inputs too.
Other arguments, such as dims, are part of the code. Where the lowering of an operator
takes ints as they come (`x[i]`), they are inputs as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.graph import Graph, Value
from jit.passes import pipeline
from jit.runtime.binding import Resolver, resolver_of
from jit.runtime.codegen.calls.picking import Picked, is_literal
from jit.runtime.eager.kinds import KINDS, WITH_NUMBERS
from jit.runtime.executor.specialisation import type_of_argument
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor

_NUMBERS = {int: T.INT, float: T.FLOAT}
MISSED: Any = object()


def missed(*args: Any) -> Any:
    """What code gives, that is not linked yet, for a call that it does not take."""
    return MISSED


def key_of(kind: str, args: Sequence[Any]) -> Any:
    """What code depends on; None for arguments that have no code."""
    parts: list[Any] = []
    values = kind not in WITH_NUMBERS
    for a in args:
        if type(a) in (Tensor, Parameter):
            parts.append((a.array.dtype, a.array.ndim))
        elif not values and type(a) in _NUMBERS:
            parts.append(type(a))
        elif is_literal(a):
            parts.append((type(a), a))
        else:
            return None
    return tuple(parts)


@dataclass(frozen=True)
class Plan:
    """What is to be compiled: the call of an operator."""

    card: type[Card]
    args: tuple[Any, ...]
    """As they are given; for tensors their types."""
    bound: tuple[Any, ...]
    """All arguments of the schema; positions of `args` for those that are inputs."""
    inputs: tuple[int, ...]
    is_view: bool


@dataclass(frozen=True)
class Given:
    """An argument of the schema that is an argument of the call."""

    position: int


def plan(kind: str, args: Sequence[Any]) -> Plan | None:
    """How a call is compiled; None if it is not."""
    if kind not in KINDS:
        return None
    resolver: Resolver = resolver_of(kind)
    signature, bound = resolver.choose(args, None)
    card = signature.card
    schema = card.schema
    if [str(r.type) for r in schema.returns] != ["Tensor"]:
        return None
    types: list[Any] = []
    inputs: list[int] = []
    made: list[Any] = list(bound)
    for i, a in enumerate(args):
        declared = schema.arguments[i].type if i < len(bound) else None
        if type(a) in (Tensor, Parameter):
            if i >= len(bound) or bound[i] is not a:
                return None
            types.append(type_of_argument(a, T.TENSOR))
        elif type(a) in _NUMBERS and declared == T.NUMBER and kind in WITH_NUMBERS:
            types.append(_NUMBERS[type(a)])
        else:
            types.append(None)
            continue
        inputs.append(i)
        made[i] = Given(i)
    if any(isinstance(v, Tensor) for v in made):
        return None
    shown = tuple(a if t is None else t for a, t in zip(args, types, strict=True))
    is_view = any(r.alias is not None for r in schema.returns)
    return Plan(card, shown, tuple(made), tuple(inputs), is_view)


def compile_plan(plan: Plan) -> tuple[Any, bool] | None:
    """The machine code, and whether results are views; None if there is none."""
    from jit.runtime.codegen.calls import calling
    from jit.runtime.codegen.making import warm

    if calling.problem():
        return None
    graph = pipeline.optimize(_graph(plan))
    literals = tuple((i, a) for i, a in enumerate(plan.args) if i not in plan.inputs)
    types = tuple(v.type for v in graph.inputs)
    count = len(plan.args)
    fits = (None,) * len(types)
    picked = Picked(count, (), (), plan.inputs, types, fits, (), literals)
    # the name tells the code of other literals apart
    name = f"eager {literals}"
    made = warm.compile_graph(graph, name, _no_function, picked)
    if isinstance(made, list) or made.boxed:
        return None
    return made, plan.is_view


def _no_function(name: str, types: Sequence[T.Type]) -> Graph:
    raise NameError(f"there is no function `{name}`")


def _graph(plan: Plan) -> Graph:
    graph = Graph()
    values = {i: graph.add_input(plan.args[i]) for i in plan.inputs}
    builder = Builder(graph)
    schema = plan.card.schema
    given: list[Value] = []
    for value, argument in zip(plan.bound, schema.arguments, strict=True):
        if isinstance(value, Given):
            given.append(values[value.position])
        else:
            held = list(value) if isinstance(value, tuple) else value
            given.append(builder.default(held, argument.type))
    node = builder.node(schema.kind, given, [T.TENSOR], overload=schema.overload)
    graph.block.add_return(node.output)
    return graph

"""The graph of one eager call, and its machine code.

Tensors are inputs of a dtype and rank, the numbers of pointwise operators inputs too.
Other arguments, such as dims, are part of the code. Where the lowering of an operator
takes ints as they come (`x[i]`), they are inputs as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import registry
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.graph import Graph, Value
from jit.passes import pipeline
from jit.runtime.binding import resolver_of
from jit.runtime.codegen.calls.picking import Picked, is_literal
from jit.runtime.eager.kinds import GET_ITEM, KINDS, SIZED, WITH_NUMBERS
from jit.runtime.eager.operator import MISSED
from jit.runtime.executor.specialisation import type_of_argument
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor

_NUMBERS = {int: T.INT, float: T.FLOAT}


def missed(*args: Any) -> Any:
    """What code gives, that is not linked yet, for a call that it does not take."""
    return MISSED


def key_of(kind: str | type[Card], args: Sequence[Any]) -> Any:
    """What code depends on; None for arguments that have no code."""
    parts: list[Any] = []
    if not isinstance(kind, str):
        kind = kind.schema.kind
    takes_numbers = kind in WITH_NUMBERS or kind == GET_ITEM
    for a in args:
        if type(a) in (Tensor, Parameter):
            parts.append((a.array.dtype, a.array.ndim))
        elif takes_numbers and type(a) in _NUMBERS:
            parts.append(type(a))
        elif is_literal(a):
            parts.append((type(a), a))
        elif _are_tensors(a):
            parts.append((type(a), *[(t.array.dtype, t.array.ndim) for t in a]))
        else:
            return None
    return tuple(parts)


MOST_ITEMS = 8
"""Longer lists of tensors go to Python."""


def _are_tensors(value: Any) -> bool:
    """Whether it is a short list or tuple of tensors."""
    if type(value) not in (list, tuple) or not 0 < len(value) <= MOST_ITEMS:
        return False
    return all(type(v) in (Tensor, Parameter) for v in value)


@dataclass(frozen=True)
class Given:
    """An argument of the schema that is an input."""

    index: int
    """Among the inputs."""


class Plan:
    """What is to be compiled: a call of an operator."""

    def __init__(self, card: type[Card], count: int) -> None:
        self.card = card
        self.count = count
        """How many arguments the call has."""
        self.bound: list[Any] = []
        """All arguments of the schema; `Given`, or a list of these, for inputs."""
        self.inputs: list[int] = []
        self.types: list[T.Type] = []
        self.literals: list[tuple[int, Any]] = []
        self.sequences: list[tuple[int, str, int]] = []
        """As in `Picked`."""
        self._position = 0

    @property
    def is_view(self) -> bool:
        """Whether a result may share memory with an argument."""
        return any(r.alias is not None for r in self.card.schema.returns)

    def take(self, type: T.Type) -> Given:
        """The next argument is an input."""
        self.inputs.append(self._position)
        self.types.append(type)
        self._position += 1
        return Given(len(self.inputs) - 1)

    def take_literal(self, value: Any) -> None:
        """The next argument is a part of the code."""
        self.literals.append((self._position, value))
        self._position += 1


def plan(kind: str | type[Card], args: Sequence[Any]) -> Plan | None:
    """How a call is compiled; None if it is not."""
    if not isinstance(kind, str):
        return _plan_card(kind, args)
    if kind == GET_ITEM:
        return _plan_item(args)
    if kind not in KINDS:
        return None
    signature, bound = resolver_of(kind).choose(args, None)
    schema = signature.card.schema
    if [str(r.type) for r in schema.returns] != ["Tensor"]:
        return None
    made = Plan(signature.card, len(args))
    made.bound = list(bound)
    for i, a in enumerate(args):
        declared = schema.arguments[i].type if i < len(bound) else None
        if type(a) in (Tensor, Parameter):
            if i >= len(bound) or bound[i] is not a:
                return None
            made.bound[i] = made.take(_type_of(a))
        elif _are_tensors(a):
            made.sequences.append((i, type(a).__name__, len(a)))
            made.bound[i] = [made.take(_type_of(t)) for t in a]
        elif type(a) in _NUMBERS and declared == T.NUMBER and kind in WITH_NUMBERS:
            made.bound[i] = made.take(_NUMBERS[type(a)])
        else:
            made.take_literal(a)
    if len(made.sequences) > 1 or any(isinstance(v, Tensor) for v in made.bound):
        return None
    return made


def _plan_card(card: type[Card], args: Sequence[Any]) -> Plan:
    """A call of one overload with all its arguments."""
    made = Plan(card, len(args))
    takes_numbers = card.schema.kind in WITH_NUMBERS
    type_of = _exact_type_of if card.schema.kind in SIZED else _type_of
    for value, argument in zip(args, card.schema.arguments, strict=True):
        if isinstance(value, Tensor):
            made.bound.append(made.take(type_of(value)))
        elif type(value) in _NUMBERS and argument.type == T.NUMBER and takes_numbers:
            made.bound.append(made.take(_NUMBERS[type(value)]))
        else:
            made.bound.append(value)
            made.take_literal(value)
    return made


def _exact_type_of(tensor: Tensor) -> T.Type:
    return T.TensorType(tensor.dtype, tensor.array.shape)


def _plan_item(args: Sequence[Any]) -> Plan | None:
    """`x[i]` of an int as `aten::select` along the first dim."""
    if len(args) != 2 or type(args[1]) is not int or args[0].array.ndim == 0:
        return None
    card = registry.find_card("aten::select", "int")
    if card is None:
        return None
    made = Plan(card, 2)
    made.bound = [made.take(_type_of(args[0])), 0, made.take(T.INT)]
    return made


def _type_of(tensor: Tensor) -> T.Type:
    return type_of_argument(tensor, T.TENSOR)


def compile_plan(plan: Plan) -> tuple[Any, bool] | None:
    """The machine code, and whether results are views; None if there is none."""
    from jit.runtime.codegen.calls import calling
    from jit.runtime.codegen.making import warm

    if calling.problem():
        return None
    graph = pipeline.optimize(_graph(plan))
    types = tuple(plan.types)
    picked = Picked(
        plan.count, (), (), tuple(plan.inputs), types, (None,) * len(types), (),
        tuple(plan.literals), tuple(plan.sequences),
    )  # fmt: skip
    # the name tells code on disk apart
    name = f"eager {picked.literals} {picked.sequences}"
    made = warm.compile_graph(graph, name, _no_function, picked)
    if isinstance(made, list) or made.boxed:
        return None
    return made, plan.is_view


def _no_function(name: str, types: Sequence[T.Type]) -> Graph:
    raise NameError(f"there is no function `{name}`")


def _graph(plan: Plan) -> Graph:
    graph = Graph()
    inputs = [graph.add_input(type) for type in plan.types]
    builder = Builder(graph)
    schema = plan.card.schema
    given: list[Value] = []
    for value, argument in zip(plan.bound, schema.arguments, strict=True):
        if isinstance(value, Given):
            given.append(inputs[value.index])
        elif isinstance(value, list) and value and isinstance(value[0], Given):
            given.append(builder.list([inputs[v.index] for v in value], T.TENSOR))
        else:
            held = list(value) if isinstance(value, tuple) else value
            given.append(builder.default(held, argument.type))
    types = [T.TENSOR] * len(schema.returns)
    node = builder.node(schema.kind, given, types, overload=schema.overload)
    one = len(types) == 1
    graph.block.add_return(node.output if one else builder.tuple(list(node.outputs)))
    return graph

"""The gradient of a graph, as graphs: one that goes forward and one that goes back.

    graph(%x, %w):                       forward(%x, %w):
      %y = aten::mul(%x, %w)               %y = aten::mul(%x, %w)
      %z = aten::exp(%y)          →        %z = aten::exp(%y)
      return (%z)                          return (%z)
                                         backward(%x, %w, %z, %g):
                                           %gy = aten::mul(%g, %z)
                                           return (aten::mul(%gy, %w), aten::mul(%gy, %x))

The forward graph returns what the backward graph needs besides its inputs. Derivatives
are those of the cards. Branches and loops are gone back through by running their blocks
again: a loop keeps what it carried into each trip, nothing else from inside is kept.

Sizes have to be known. Raises NotDifferentiableError for graphs that write tensors, draw
random numbers inside of a block, or hold an operator without a derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.clone import clone_node
from jit.ir.dtypes import FLOATING
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node, Value, outer_values
from jit.ir.registry import find_card
from jit.passes.complex_gradients import for_complex
from jit.passes.gradient_vocabulary import (
    GraphVocabulary,
    NotDifferentiableError,
    Operand,
    Unknown,
)


@dataclass(frozen=True, slots=True)
class Gradient:
    """A graph with its gradient."""

    forward: Graph
    """Takes the inputs; returns a tuple: the result, then what is kept."""
    backward: Graph
    """Takes inputs, then what was kept, then the gradients of the results; returns a
    tuple with a gradient for each wanted input."""
    inputs: tuple[int, ...]
    """Which inputs of the graph the backward graph takes."""
    results: tuple[int, ...]
    """Which tensors of the result have gradients, in the order they are met."""
    reached: tuple[int, ...]
    """The wanted inputs that the results depend on."""


def differentiate(
    graph: Graph, wanted: Sequence[int], most: int | None = None
) -> Gradient:
    """The gradient of a graph with respect to some of its inputs.

    The graph is optimised, not fused, and its types tell all sizes. Of the tensors of the
    result, the first `most` are differentiated.
    """
    work = graph.copy()
    _expand(work)
    _refuse_questions(work)
    active = _Activity({work.inputs[i] for i in wanted})
    active.follow(work.block)
    result = work.outputs[0]
    tensors = _tensors_of(result)
    results = [i for i, v in enumerate(tensors[:most]) if v in active]
    kept_loops = _keep_trips(work.block, active)
    boundary = list(work.nodes)
    back = _Back(work.block, active, kept_loops)
    seeds = [work.add_input(_tensor_type(tensors[i].type), "grad") for i in results]
    for i, seed in zip(results, seeds, strict=True):
        back.add(tensors[i], back.operand(seed))
    back.walk(boundary)
    found = [back.grads.get(work.inputs[i]) for i in wanted]
    reached = [i for i, g in zip(wanted, found, strict=True) if g is not None]
    gradients = [g.value for g in found if g is not None]
    return _split(work, boundary, seeds, gradients, results, reached, len(graph.inputs))


def _refuse_questions(graph: Graph) -> None:
    """What asks about gradients must be told what eager code is told."""
    for node in graph.all_nodes:
        card = find_card(node.kind, node.overload)
        if card is not None and card.on_tape is not None:
            raise NotDifferentiableError(f"`{card.schema.name}` asks about gradients")


def _tensor_type(type: Any) -> T.Type:
    return T.TensorType(type.dtype, type.sizes)


def _expand(graph: Graph) -> None:
    """Put others in the place of operators that have a derivative by them."""
    for node in list(graph.all_nodes):
        card = find_card(node.kind, node.overload)
        if card is None or card.composite is None or card.grad is not None:
            continue
        t = GraphVocabulary(Builder(node))
        made = card.composite(t, *[argument(t, v) for v in node.inputs])
        if isinstance(made, list):
            made = Operand(t, t._value(made))
        results = made if isinstance(made, tuple) else (made,)
        for output, result in zip(node.outputs, results, strict=True):
            _tell(result.value, output.type)
            output.replace_all_uses_with(result.value)
        node.destroy()


def _tell(value: Value, type: T.Type) -> None:
    """Note what was known of the value that another takes the place of."""
    own = value.type
    if not isinstance(type, T.TensorType) or not isinstance(own, T.TensorType):
        return
    sizes = type.sizes if own.sizes is None else own.sizes
    if sizes is not None and type.sizes is not None and own.rank == type.rank:
        pairs = zip(sizes, type.sizes, strict=True)
        sizes = tuple(known if s is None else s for s, known in pairs)
    value.type = T.TensorType(own.dtype or type.dtype, sizes)


def argument(t: GraphVocabulary, value: Value) -> Any:
    """An operand for a tensor, the Python value of a constant, else an Unknown."""
    if T.is_tensor_like(value.type):
        return Operand(t, value)
    if value.constant is not NOT_CONSTANT:
        return value.constant
    if value.type == T.NONE:
        return None
    if value.node.kind == "prim::ListConstruct":
        return [argument(t, v) for v in value.node.inputs]
    if isinstance(value.type, T.OptionalType):
        raise NotDifferentiableError(f"whether %{value.name or '?'} is None is unknown")
    return Unknown(value)


def _is_complex(value: Value) -> bool:
    """Whether a value is a complex tensor."""
    if not isinstance(value.type, T.TensorType):
        return False
    dtype = value.type.dtype
    return dtype is not None and dtype.is_complex


def _tensors_of(value: Value) -> list[Value]:
    """The tensors of a result, through tuples and lists built in sight."""
    if T.is_tensor_like(value.type):
        return [value]
    if value.node.kind in ("prim::TupleConstruct", "prim::ListConstruct",
                           "prim::NamedTupleConstruct", "prim::DictConstruct"):  # fmt: skip
        return [t for v in value.node.inputs for t in _tensors_of(v)]
    if isinstance(value.type, T.TupleType | T.ListType | T.DictType | T.OptionalType):
        raise NotDifferentiableError(f"a result of type `{value.type}` from elsewhere")
    return []


# which values have a gradient -----------------------------------------------------------


class _Activity:
    """The values that depend on the wanted inputs and can have a gradient."""

    def __init__(self, values: set[Value]) -> None:
        self.values = values

    def __contains__(self, value: Value) -> bool:
        return value in self.values

    def follow(self, block: Block) -> None:
        for node in block.nodes:
            if node.kind == "prim::If":
                for inner in node.blocks:
                    self.follow(inner)
                for i, output in enumerate(node.outputs):
                    if any(b.returns[i] in self for b in node.blocks):
                        self._mark(output)
            elif node.kind == "prim::Loop":
                self._follow_loop(node)
            elif any(v in self for v in _all_inputs(node)):
                self._follow_node(node)

    def _follow_loop(self, node: Node) -> None:
        body = node.blocks[0]
        while True:
            before = len(self.values)
            for i, output in enumerate(node.outputs):
                if node.inputs[2 + i] in self or body.returns[1 + i] in self:
                    self._mark(body.params[1 + i])
                    self._mark(output)
            self.follow(body)
            if len(self.values) == before:
                return

    def _follow_node(self, node: Node) -> None:
        if node.blocks:
            raise NotDifferentiableError(f"there is no derivative of {node.kind}")
        card = find_card(node.kind, node.overload)
        if card is not None:
            if any(
                a.alias is not None and a.alias.is_write for a in card.schema.arguments
            ):
                raise NotDifferentiableError(f"`{card.schema.name}` writes a tensor")
            if card.detached:
                return
        elif node.kind not in _PASSING:
            if any(map(_has_tensors, (v.type for v in node.outputs))):
                raise NotDifferentiableError(f"there is no derivative of {node.kind}")
            return
        for output in node.outputs:
            self._mark(output)

    def _mark(self, value: Value) -> None:
        if isinstance(value.type, T.TensorType | T.ArrayType):
            dtype = value.type.dtype
            if dtype is not None and dtype.category < FLOATING:
                return
            self.values.add(value)
        elif _has_tensors(value.type):
            self.values.add(value)


_UNCHANGED = (
    "prim::ArrayToTensor",
    "prim::TensorToArray",
    "prim::unchecked_cast",
    "prim::unchecked_unwrap_optional",
)
"""Kinds of nodes whose result has the elements of their input."""

_PASSING = (
    "prim::ListConstruct",
    "prim::ListUnpack",
    "prim::TupleConstruct",
    "prim::TupleUnpack",
    *_UNCHANGED,
)


def _all_inputs(node: Node) -> list[Value]:
    return [*node.inputs, *outer_values(node.blocks)] if node.blocks else node.inputs


def _has_tensors(type: T.Type) -> bool:
    return T.is_tensor_like(type) or any(map(_has_tensors, T.children(type)))


# what a loop carried into each trip -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trips:
    """The lists of what a loop carried, and the number of its trips."""

    lists: list[Value]
    count: Value
    notes: list[Node]
    """The nodes of the body that keep this, which need not run again."""


def _keep_trips(block: Block, active: _Activity) -> dict[Node, _Trips]:
    """Let the loops of a block, not those inside of others, keep what they carry."""
    found = {}
    for node in list(block.nodes):
        if node.kind == "prim::Loop" and any(v in active for v in node.outputs):
            found[node] = _keep_trips_of(node)
    return found


def _keep_trips_of(node: Node) -> _Trips:
    body = node.blocks[0]
    outside = Builder(node)
    inside = Builder(body)
    first = next(body.nodes, None)
    if first is not None:
        inside.before = first
    lists = []
    notes = []
    carried = list(body.params[1:])
    for value in carried:
        if not T.is_tensor_like(value.type) and value.type not in _NUMBERS:
            raise NotDifferentiableError(f"a loop carries a `{value.type}`")
        element = value.type
        if T.is_tensor_like(element):
            element = T.TENSOR if isinstance(element, T.TensorType) else T.ARRAY
        made = outside.list([], element)
        notes.append(
            inside.node("aten::append", [made, value], [made.type], overload="t")
        )
        lists.append(made)
    zero = outside.constant(0)
    one = inside.constant(1)
    node.add_input(zero)
    counted = body.add_param(T.INT)
    more = inside.node("aten::add", [counted, one], [T.INT], overload="int").output
    body.add_return(more)
    return _Trips(lists, node.add_output(T.INT), [*notes, more.node])


_NUMBERS = (T.INT, T.FLOAT, T.BOOL)


# back -----------------------------------------------------------------------------------


class _Back:
    """Adds nodes at the end of a block that go back through nodes."""

    def __init__(
        self, block: Block, active: _Activity, trips: dict[Node, _Trips]
    ) -> None:
        self.builder = Builder(block)
        self.active = active
        self.trips = trips
        self.t = GraphVocabulary(self.builder)
        self.grads: dict[Value, Operand] = {}
        self.of_lists: dict[Value, list[Operand | None]] = {}

    def operand(self, value: Value) -> Operand:
        return Operand(self.t, value)

    def add(self, value: Value, gradient: Any) -> None:
        """Add to the gradient of a value, in its shape and dtype."""
        if gradient is None or value not in self.active:
            return
        like = self.operand(value)
        if gradient.shape != like.shape:
            gradient = self.t.sum_to(gradient, like.shape)
        if gradient.is_complex() and not like.is_complex():
            gradient = self.t.real(gradient)
        if gradient.dtype is not like.dtype:
            gradient = self.t.to(gradient, like.dtype)
        before = self.grads.get(value)
        self.grads[value] = gradient if before is None else before + gradient

    def walk(self, nodes: Sequence[Node]) -> None:
        """Go back through nodes, the last one first."""
        for node in reversed(nodes):
            self.builder.span, self.builder.stack = node.span, node.stack
            if node.kind == "prim::If":
                self._branches(node)
            elif node.kind == "prim::Loop":
                self._loop(node)
            elif node.kind == "prim::ListUnpack":
                found = [self.grads.get(v) for v in node.outputs]
                if any(found):
                    self._add_to_list(node.inputs[0], found)
            elif node.kind in ("prim::TupleConstruct", "prim::TupleUnpack"):
                self._refuse_used(node)
            elif node.kind in _UNCHANGED:
                self.add(node.inputs[0], self.grads.get(node.outputs[0]))
            elif node.kind != "prim::ListConstruct":
                self._operator(node)

    def _refuse_used(self, node: Node) -> None:
        if any(v in self.grads for v in node.outputs):
            raise NotDifferentiableError(f"there is no derivative of {node.kind}")

    def _add_to_list(self, value: Value, found: Sequence[Any]) -> None:
        if value.node.kind == "prim::ListConstruct":
            for item, gradient in zip(value.node.inputs, found, strict=True):
                self.add(item, gradient)
            return
        before = self.of_lists.get(value)
        if before is not None:
            raise NotDifferentiableError("a list of tensors is unpacked twice")
        self.of_lists[value] = list(found)

    # operators

    def _operator(self, node: Node) -> None:
        card = find_card(node.kind, node.overload)
        if card is None:
            return
        g = self._incoming(node, card)
        if g is None or not any(v in self.active for v in node.inputs):
            return
        grad = card.grad
        arguments = self._arguments(node)
        pure = getattr(card, "pure", card)
        if grad is None and pure.grad is not None:
            # the NumPy twin lacks the last arguments of the operator
            grad = pure.grad
            rest = pure.schema.arguments[len(arguments) :]
            arguments += [a.default for a in rest]
        if grad is None:
            raise NotDifferentiableError(
                f"`{card.schema.name}` has no derivative in compiled code"
            )
        if any(map(_is_complex, (*node.inputs, *node.outputs))):
            try:
                grad = for_complex(card)
            except NotImplementedError as error:
                raise NotDifferentiableError(str(error)) from None
        found = grad(self.t, g, self._results(node, card), *arguments)
        if not isinstance(found, tuple):
            found = (found,)
        for value, gradient in zip(node.inputs, found, strict=False):
            if value not in self.active:
                continue
            made = gradient() if callable(gradient) else gradient
            if isinstance(made, list | tuple):
                self._add_to_list(value, made)
            else:
                self.add(value, made)

    def _incoming(self, node: Node, card: type[Card]) -> Any:
        """The gradients of the results; None if there is none."""
        if len(node.outputs) == 1 and T.is_tensor_like(node.outputs[0].type):
            return self.grads.get(node.outputs[0])
        if len(node.outputs) == 1:
            found = self.of_lists.get(node.outputs[0])
            unpacked = self._unpacked(node.outputs[0])
            if found is None or unpacked is None:
                return None
            return self._whole(unpacked, found)
        found = [self.grads.get(v) for v in node.outputs]
        return self._whole(node.outputs, found) if any(found) else None

    def _whole(self, values: Sequence[Value], found: Sequence[Any]) -> Any:
        return tuple(
            self.t.zeros(list(self.operand(v).shape), dtype=self.operand(v).dtype)
            if g is None and v in self.active
            else g
            for v, g in zip(values, found, strict=True)
        )

    def _unpacked(self, value: Value) -> list[Value] | None:
        for use in value.uses:
            if use.node.kind == "prim::ListUnpack":
                return list(use.node.outputs)
        return None

    def _results(self, node: Node, card: type[Card]) -> Any:
        if len(node.outputs) > 1:
            return tuple(self.operand(v) for v in node.outputs)
        if T.is_tensor_like(node.outputs[0].type):
            return self.operand(node.outputs[0])
        unpacked = self._unpacked(node.outputs[0]) or []
        return tuple(self.operand(v) for v in unpacked)

    def _arguments(self, node: Node) -> list[Any]:
        return [argument(self.t, v) for v in node.inputs]

    # control flow

    def _branches(self, node: Node) -> None:
        grads = [self.grads.get(v) for v in node.outputs]
        if not any(grads):
            return
        targets = [v for v in outer_values(node.blocks) if v in self.active]
        if not targets:
            return
        made = self.builder.node("prim::If", [node.inputs[0]])
        for source in node.blocks:
            inner = self._inner(made.add_block(), source, {})
            for returned, gradient in zip(inner.returned, grads, strict=True):
                if gradient is not None:
                    inner.back.add(returned, inner.back.operand(gradient.value))
            inner.back.walk(inner.nodes)
            for target in targets:
                inner.block.add_return(inner.back.gradient_of(target))
        for i, target in enumerate(targets):
            output = made.add_output(made.blocks[0].returns[i].type)
            self.add(target, self.operand(output))

    def gradient_of(self, value: Value) -> Value:
        """The gradient of a value so far; zeros if there is none."""
        found = self.grads.get(value)
        if found is None:
            like = self.operand(value)
            made: Any = self.t.zeros(list(like.shape), dtype=like.dtype)
            return made.value  # type: ignore[no-any-return]
        return found.value

    def _inner(
        self,
        block: Block,
        source: Block,
        mapping: dict[Value, Value],
        without: Sequence[Node] = (),
    ) -> _Inner:
        """A copy of a block, to be gone back through."""
        for node in source.all_nodes:
            card = find_card(node.kind, node.overload)
            if card is not None and (
                card.random or card.effect or card.hidden_writes is not None
            ):
                raise NotDifferentiableError(
                    f"`{card.schema.name}` in a branch or loop cannot be run again"
                )
        for node in source.nodes:
            if node not in without:
                clone_node(node, mapping).insert_before(block.result)
        returned = [mapping.get(v, v) for v in source.returns]
        for old, new in mapping.items():
            if old in self.active:
                self.active.values.add(new)
        nodes = list(block.nodes)
        trips = _keep_trips(block, self.active)
        back = _Back(block, self.active, trips)
        return _Inner(block, back, nodes, returned)

    def _loop(self, node: Node) -> None:
        trips = self.trips.get(node)
        if trips is None:
            return
        body = node.blocks[0]
        count = len(trips.lists)  # the last carried value counts the trips
        carried = [
            i for i in range(count)
            if body.params[1 + i] in self.active or node.outputs[i] in self.active
        ]  # fmt: skip
        if not any(self.grads.get(node.outputs[i]) for i in carried):
            return
        outer = [v for v in outer_values([body]) if v in self.active]
        b = self.builder
        start = [self.gradient_of(node.outputs[i]) for i in carried]
        start += [self.gradient_of_zero(v) for v in outer]
        true = b.constant(True)
        made = b.node("prim::Loop", [trips.count, true, *start])
        block = made.add_block()
        trip = block.add_param(T.INT)
        params = [block.add_param(v.type) for v in start]
        inside = Builder(block)
        inside.span, inside.stack = node.span, node.stack
        last = inside.op("aten::sub", trips.count, 1)
        index = inside.op("aten::sub", last, trip)
        mapping: dict[Value, Value] = {body.params[0]: index}
        for i in range(count):
            param = body.params[1 + i]
            held = inside.node(
                "aten::__getitem__", [trips.lists[i], index], [param.type], overload="t"
            )
            mapping[param] = held.output
        inner = self._inner(block, body, mapping, trips.notes)
        back = inner.back
        for i, param in zip(carried, params, strict=False):
            back.add(inner.returned[1 + i], back.operand(param))
        for target, param in zip(outer, params[len(carried) :], strict=True):
            back.grads[target] = back.operand(param)
        back.walk(inner.nodes)
        ends = [back.gradient_of(mapping[body.params[1 + i]]) for i in carried]
        ends += [back.gradient_of(v) for v in outer]
        again = back.builder.constant(True)
        block.add_return(again)
        for end in ends:
            block.add_return(end)
        outputs = [made.add_output(v.type) for v in start]
        for i, output in zip(carried, outputs, strict=False):
            self.add(node.inputs[2 + i], self.operand(output))
        for target, output in zip(outer, outputs[len(carried) :], strict=True):
            self.add(target, self.operand(output))

    def gradient_of_zero(self, value: Value) -> Value:
        """Zeros in the shape of a value."""
        like = self.operand(value)
        made: Any = self.t.zeros(list(like.shape), dtype=like.dtype)
        return made.value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Inner:
    block: Block
    back: _Back
    nodes: list[Node]
    returned: list[Value]


# apart ----------------------------------------------------------------------------------


def _split(
    work: Graph,
    boundary: list[Node],
    seeds: list[Value],
    gradients: list[Value],
    results: list[int],
    reached: list[int],
    count: int,
) -> Gradient:
    """Cut the graph that goes forward and back in two."""
    ahead = set(boundary)
    behind = [n for n in work.nodes if n not in ahead]
    live = _needed(behind, gradients)
    behind = [n for n in behind if n in live]
    crossing: list[Value] = []
    seen = set()
    for value in [
        *(v for n in behind for v in _all_inputs(n)), *gradients
    ]:  # fmt: skip
        node = value.node
        if value in seen or node in live:
            continue
        seen.add(value)
        crossing.append(value)
    inputs = [v for v in crossing if v in work.inputs[:count]]
    constants = [v for v in crossing if v.node.kind == "prim::Constant"]
    kept = [
        v for v in crossing if v not in inputs and v not in constants and v not in seeds
    ]
    positions = {v: i for i, v in enumerate(work.inputs)}
    backward = Graph(work.program)
    mapping: dict[Value, Value] = {}
    for value in (*inputs, *kept, *seeds):
        mapping[value] = backward.add_input(value.type, value.name)
    for value in constants:
        clone_node(value.node, mapping).insert_before(backward.block.result)
    for node in behind:
        clone_node(node, mapping).insert_before(backward.block.result)
    made = Builder(backward).tuple([mapping[g] for g in gradients])
    backward.block.add_return(made)
    for node in reversed([n for n in work.nodes if n not in ahead]):
        _drop(node)
    for index in reversed(range(count, len(work.inputs))):
        work.block.param.remove_output(index)
    whole = Builder(work).tuple([work.outputs[0], *kept])
    work.block.result.set_input(0, whole)
    return Gradient(
        work,
        backward,
        tuple(positions[v] for v in inputs),
        tuple(results),
        tuple(reached),
    )


def _drop(node: Node) -> None:
    for output in node.outputs:
        assert not output.uses, node
    node.destroy()


def _needed(nodes: list[Node], gradients: list[Value]) -> set[Node]:
    """The nodes that the gradients depend on."""
    inside = set(nodes)
    live: set[Node] = set()
    pending = [g.node for g in gradients if g.node in inside]
    while pending:
        node = pending.pop()
        if node in live:
            continue
        live.add(node)
        pending += [v.node for v in _all_inputs(node) if v.node in inside]
    return live

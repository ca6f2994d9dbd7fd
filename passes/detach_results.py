"""Let the operators of a graph give nothing that has a gradient.

    %y : Tensor = aten::mul(%x, %w)           %1 : Tensor = aten::mul(%x, %w)
    %z : Tensor = aten::add_(%y, %x)    →     %y : Tensor = aten::detach(%1)
    return (%z)                               %2 : Tensor = aten::detach(%y)
                                              %3 : Tensor = aten::detach(%x)
                                              %4 : Tensor = aten::add_(%2, %3)
                                              return (%y)

So run graphs that were captured before and are called inside of `torch.no_grad()`. An
operator in place writes through a detached view, and a tensor keeps the gradient that it
had. Calls stay as they are: inline them first.

Idempotent.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Graph, Node, Value
from jit.ir.registry import find_card
from jit.ir.schema import FunctionSchema


def run(graph: Graph) -> bool:
    """Return whether anything was detached."""
    changed = False
    for node in list(graph.all_nodes):
        card = find_card(node.kind, node.overload)
        if card is None or not computes_tensors(card.schema):
            continue
        if detaches_arguments(card.schema):
            changed |= _detach_arguments(node, card.schema)
        else:
            for output in node.outputs:
                changed |= _detach_output(output)
    return changed


def computes_tensors(schema: FunctionSchema) -> bool:
    """Whether an operator computes or writes tensors, or makes views of them.

    Containers give what was put into them, with the gradients that it had, and so does
    what asks about gradients.
    """
    if schema.kind == "aten::detach" or schema.is_generic:
        return False
    card = find_card(schema.kind, schema.overload)
    return card is None or card.on_tape is None


def detaches_arguments(schema: FunctionSchema) -> bool:
    """Whether not the results are detached, but what an operator is given."""
    gives_lists = any(isinstance(r.type, T.ListType) for r in schema.returns)
    return bool(schema.writes) or gives_lists


def written_argument(schema: FunctionSchema) -> int | None:
    """The position of the argument that an operator in place returns."""
    if len(schema.returns) != 1 or schema.returns[0].type != T.TENSOR:
        return None
    alias = schema.returns[0].alias
    if alias is None or not alias.is_write:
        return None
    return next(i for i, a in enumerate(schema.arguments) if a.alias == alias)


def _detach_arguments(node: Node, schema: FunctionSchema) -> bool:
    given = list(node.inputs)
    builder = Builder(node)
    for i, value in enumerate(given):
        if isinstance(value.type, T.TensorType) and value.node.kind != "aten::detach":
            node.set_input(i, _detached(builder, value))
    returned = written_argument(schema)
    if returned is not None and node.output.uses:
        same = given[returned]
        if same.type != node.output.type:
            type = node.output.type
            same = _after(node).node("prim::unchecked_cast", [same], [type]).output
        node.output.replace_all_uses_with(same)
    return list(node.inputs) != given


def _detach_output(output: Value) -> bool:
    if not isinstance(output.type, T.TensorType):
        return False
    if all(use.node.kind == "aten::detach" for use in output.uses):
        return False
    detached = _detached(_after(output.node), output)
    detached.name, output.name = output.name, ""
    output.replace_all_uses_with(detached)
    detached.node.set_input(0, output)
    return True


def _detached(builder: Builder, value: Value) -> Value:
    made: Value = builder.op("aten::detach", value)
    made.type = value.type
    return made


def _after(node: Node) -> Builder:
    """A builder of what follows a node."""
    following = node.next
    builder = Builder(node.block if following is None else following)
    builder.span, builder.stack = node.span, node.stack
    return builder

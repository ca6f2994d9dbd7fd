"""Remove branches that decide nothing.

    %y : int = prim::If(%true)
      block0():
        %a : int = aten::neg(%x)
        -> (%a)                        →       %y : int = aten::neg(%x)
      block1():
        -> (%x)

* A constant condition leaves the nodes of one block.
* An output that both blocks return becomes what they return, also where one of them
  never gets there (`prim::Uninitialized`); an output that is the condition, or its
  negation, becomes that.
* Inside of a block the condition is known.

Idempotent.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.constants import same_constant
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node, Value
from jit.ir.subtyping import is_subtype

_PLAIN = (T.INT, T.FLOAT, T.BOOL, T.COMPLEX, T.STR, T.NONE, T.DTYPE)
"""Types whose constants are their values."""


def run(graph: Graph) -> bool:
    """Return whether anything was simplified."""
    changed = False
    # what an inner node gives decides about the outer one, and the other way round
    while _simplify(graph):
        changed = True
    return changed


def _simplify(graph: Graph) -> bool:
    changed = False
    for node in graph.all_nodes:
        if node.kind != "prim::If":
            continue
        condition = node.inputs[0].constant
        if condition is not NOT_CONSTANT:
            keep_block(node, node.blocks[0] if condition else node.blocks[1])
            changed = True
            continue
        changed |= _know_condition(node)
        changed |= _forward_outputs(node)
    return changed


def keep_block(node: Node, block: Block) -> None:
    """Replace an `If` by the nodes of one of its blocks."""
    for output, value in zip(node.outputs, list(block.returns), strict=True):
        value.name = value.name or output.name
        output.replace_all_uses_with(value)
    for inner in block.nodes:
        inner.move_before(node)
    block.result.remove_all_inputs()
    node.destroy()


def _know_condition(node: Node) -> bool:
    """Replace the condition by its value in the blocks that it chooses."""
    condition = node.inputs[0]
    changed = False
    for block, value in zip(node.blocks, (True, False), strict=True):
        uses = [use for use in condition.uses if use.node.is_inside(block)]
        if uses:
            make = Builder(next(block.nodes, block.result))
            make.span, make.stack = node.span, node.stack
            known = make.constant(value)
            for use in uses:
                use.node.set_input(use.index, known)
            changed = True
    return changed


def _forward_outputs(node: Node) -> bool:
    """Remove outputs that are known outside of the blocks."""
    changed = False
    for i in reversed(range(len(node.outputs))):
        output = node.outputs[i]
        value = _known_outside(
            node, node.blocks[0].returns[i], node.blocks[1].returns[i]
        )
        if value is None or not is_subtype(value.type, output.type):
            continue
        output.replace_all_uses_with(value)
        node.remove_output(i)
        for block in node.blocks:
            block.result.remove_input(i)
        changed = True
    return changed


def _known_outside(node: Node, a: Value, b: Value) -> Value | None:
    """What an output is that is `a` or `b`, if that exists before the node."""
    choices = [v for v in (a, b) if v.node.kind != "prim::Uninitialized"]
    if not choices:
        return Builder(node).node("prim::Uninitialized", (), [a.type]).output
    first = choices[0]
    constants = [v.constant for v in choices]
    if all(
        c is not NOT_CONSTANT
        and same_constant(c, constants[0])
        and v.type == first.type
        and first.type in _PLAIN
        for c, v in zip(constants, choices, strict=True)
    ):
        return Builder(node).constant(constants[0], first.type)
    # types first: constants that are arrays have no truth value when compared
    if a.type == b.type == T.BOOL and constants == [True, False]:
        return node.inputs[0]
    if a.type == b.type == T.BOOL and constants == [False, True]:
        negated: Value = Builder(node).op("aten::__not__", node.inputs[0])
        return negated
    same = all(v is first for v in choices)
    inside = any(first.block.is_inside(b) for b in node.blocks)
    return first if same and not inside else None

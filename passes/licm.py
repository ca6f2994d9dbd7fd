"""Move what is the same in each trip out of the loop.

    %y : Tensor = prim::Loop(%n, %true, %x)        %s : Tensor = aten::exp(%w)
      block0(%i : int, %a : Tensor):               %y : Tensor = prim::Loop(%n, %true, %x)
        %s : Tensor = aten::exp(%w)         →        block0(%i : int, %a : Tensor):
        %b : Tensor = aten::mul(%a, %s)                %b : Tensor = aten::mul(%a, %s)
        -> (%true, %b)                                 -> (%true, %b)

A loop may run no trip, so only nodes move that cannot raise. Results that somebody
changes or keeps stay: each trip has to make a new one.

Idempotent.
"""

from __future__ import annotations

from jit.ir.graph import Block, Graph, Node
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import (
    GIVE_WHAT_THEY_GOT,
    Aliases,
    aliases,
    is_mutable,
)
from jit.passes.reasons import decline


def run(graph: Graph) -> bool:
    """Return whether any node was moved."""
    loops = graph.find_nodes("prim::Loop")
    if not loops:
        return False
    known = aliases(graph)
    changed = False
    # inner loops first: what leaves them may leave the outer ones as well
    for loop in reversed(loops):
        (body,) = loop.blocks
        for node in body.nodes:
            if _is_invariant(node, body) and _may_move(node, known):
                node.move_before(loop)
                changed = True
    return changed


def _is_invariant(node: Node, body: Block) -> bool:
    return not any(value.block.is_inside(body) for value in node.inputs)


def _may_move(node: Node, known: Aliases) -> bool:
    if not effects.is_repeatable(node) or known.reads_changing(node):
        return False
    if node.kind in ("prim::Uninitialized", "prim::CreateObject"):
        return False
    if effects.may_raise(node):
        decline("licm", node, "it may raise, and the loop may run no trip")
        return False
    if node.kind in (*GIVE_WHAT_THEY_GOT, "prim::Constant"):
        return True
    for value in node.outputs:
        if is_mutable(value.type) and not known.is_private(value):
            decline("licm", node, "each trip has to make a new result")
            return False
    return True

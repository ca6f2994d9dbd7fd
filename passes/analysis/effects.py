"""What a node does besides giving its outputs: raise, print, write, draw numbers.

    aten::add_(%x, %y)     writes %x            prim::Print(%s)     has an effect
    aten::div(%a, %b)      may raise            aten::rand(%l)      is random

Answers are read from the schema and the card. A node with blocks does what the nodes
in them do; a call does anything.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.graph import Graph, Node, Value
from jit.ir.structural import STRUCTURAL_KINDS
from jit.passes.analysis.facts import card_of, facts_of

CALLS = (
    "prim::CallFunction",
    "prim::CallMethod",
    "prim::PythonCall",
    "prim::fork",
    "aten::wait",
)
"""Kinds that may do anything; what is forked does it until somebody has waited."""

_EFFECTS = ("prim::Print", "prim::RaiseException", "prim::ReRaise")

_NEVER_RAISE = (
    "prim::Constant",
    "prim::Uninitialized",
    "prim::TupleConstruct",
    "prim::TupleUnpack",
    "prim::TupleSlice",
    "prim::NamedTupleConstruct",
    "prim::ListConstruct",
    "prim::DictConstruct",
    "prim::CreateObject",
    "prim::unchecked_cast",
    "prim::unchecked_unwrap_optional",
    "prim::isinstance",
    "prim::ExceptionMatches",
    "prim::ExceptionMessage",
    "prim::NumToTensor",
    "prim::NumToArray",
    "prim::TensorToArray",
    "prim::EnumName",
    "prim::EnumValue",
)

LONGEST = 2**31
"""Loops with at least so many trips are `while` loops: they may never end."""


def may_raise(node: Node) -> bool:
    """Whether some run of a node may raise. Unknown operators may."""
    if node.kind in _NEVER_RAISE:
        return False
    match node.kind:
        case "prim::If" | "prim::Loop":
            return any(may_raise(n) for b in node.blocks for n in b.nodes)
        case "prim::Try":
            body, handler = node.blocks
            return any(map(may_raise, body.nodes)) and any(
                map(may_raise, handler.nodes)
            )
        case "prim::FusionGroup":
            return any(map(may_raise, subgraph(node).nodes))
        case "prim::TupleIndex":
            # the front end takes only constants, which it checks
            return node.inputs[1].node.kind != "prim::Constant"
        case "prim::GetAttr":
            # the slots of a module are filled before any method runs
            return not isinstance(node.inputs[0].type, T.ModuleType)
        case "prim::SetAttr":
            return False
        case "prim::ListUnpack":
            source = node.inputs[0].node
            return not (
                source.kind == "prim::ListConstruct"
                and len(source.inputs) == len(node.outputs)
                and all(u.node is node for u in source.output.uses)
            )
    card = card_of(node)
    if card is None:
        return True
    if isinstance(card.raises, bool):
        return card.raises
    try:
        return card.raises(*facts_of(node))
    except ShapeError:
        return True


def has_effect(node: Node) -> bool:
    """Whether a run of a node is seen outside of the graph, or may never end."""
    if node.kind in _EFFECTS or node.kind in CALLS or is_unknown(node):
        return True
    if node.blocks:
        if node.kind == "prim::Loop" and may_never_end(node):
            return True
        return any(has_effect(n) for b in node.blocks for n in b.nodes)
    card = card_of(node)
    return card is not None and card.effect


def is_random(node: Node) -> bool:
    """Whether the result depends on the state of a generator."""
    card = card_of(node)
    return card is not None and card.random


def is_unknown(node: Node) -> bool:
    """Whether nothing is declared about a kind."""
    return card_of(node) is None and not is_structural(node)


def is_structural(node: Node) -> bool:
    """Whether a kind has no card and belongs to the language of graphs."""
    return node.kind in STRUCTURAL_KINDS


def written_values(node: Node) -> list[Value]:
    """The inputs that a node changes, by itself and not through its blocks."""
    if node.kind == "prim::SetAttr":
        return [node.inputs[0]]
    card = card_of(node)
    if card is None:
        return []
    written = [node.inputs[i] for i in card.schema.writes]
    if card.hidden_writes is not None:
        hidden = [node.inputs[i] for i in card.hidden_writes(*facts_of(node))]
        written += [value for value in hidden if value.type != T.NONE]
    return written


def is_pure(node: Node) -> bool:
    """Whether a node does nothing but give outputs or raise, the same every time.

    Whether it reads what others change is for `aliases` to say.
    """
    return not (
        has_effect(node)
        or is_random(node)
        or node.blocks
        or written_values(node)
        or node.kind == "prim::GetAttr"
    )


def is_repeatable(node: Node) -> bool:
    """Whether a node may run once instead of often, if what it reads stays the same.

    Pure nodes, and those that read a slot of an object.
    """
    return node.kind == "prim::GetAttr" or is_pure(node)


def may_never_end(loop: Node) -> bool:
    """Whether nothing bounds the trips of a loop."""
    trips = loop.inputs[0].constant
    return isinstance(trips, int) and trips >= LONGEST


def subgraph(node: Node) -> Graph:
    """The graph that a fusion group runs."""
    graph = node.attributes["Subgraph"]
    assert isinstance(graph, Graph)
    return graph

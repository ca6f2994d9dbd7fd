"""What is known of the inputs of a node before the program runs.

    %l : int[] = prim::ListConstruct(%two, %n)
    %y : Tensor = aten::reshape(%x, %l)          facts: [Float(2, *), [2, int]]

These are the facts that `infer` and `raises` of a card take, see `jit.ir.card`.
"""

from __future__ import annotations

from typing import Any

from jit.ir import types as T
from jit.ir.card import UNKNOWN, Card, Fact
from jit.ir.graph import NOT_CONSTANT, Node, Value
from jit.ir.registry import find_card

_SIMPLE = (T.INT, T.FLOAT, T.BOOL, T.COMPLEX, T.STR)
_READERS = ("prim::ListUnpack", "prim::Print", "prim::isinstance")


def fact_of(value: Value) -> Fact:
    """What is known of one value.

    An unknown number or string gives its type, other unknown values UNKNOWN.
    """
    if T.is_tensor_like(value.type):
        return value.type
    constant = value.constant
    if constant is not NOT_CONSTANT:
        return UNKNOWN if isinstance(value.type, T.FunctionType) else constant
    if value.node.kind == "prim::ListConstruct" and is_never_changed(value):
        return [fact_of(item) for item in value.node.inputs]
    return value.type if value.type in _SIMPLE else UNKNOWN


def facts_of(node: Node) -> list[Fact]:
    """What is known of each input of a node."""
    return [fact_of(value) for value in node.inputs]


def is_never_changed(value: Value) -> bool:
    """Whether a list, built in sight, is the same for all who read it.

    All readers are operators that neither change it nor keep it, or the end of the
    graph.
    """
    for use in value.uses:
        node = use.node
        if node.kind in _READERS:
            continue
        if node.kind == "prim::Return" and node.block.owner is None:
            continue
        card = card_of(node)
        if card is None or use.index >= len(card.schema.arguments):
            return False
        alias = card.schema.arguments[use.index].alias
        if alias is None or (not alias.is_write and _only_elements(node)):
            continue
        return False
    return True


def _only_elements(node: Node) -> bool:
    """Whether what a node gives of a list is no container."""
    return all(not isinstance(v.type, T.ListType) for v in node.outputs)


def card_of(node: Node) -> type[Card] | None:
    """The card of a node's operator; None for structural nodes."""
    return find_card(node.kind, node.overload)


def constant_of(value: Value) -> Any:
    """The Python value of a constant, or of a list of constants; else NOT_CONSTANT."""
    constant = value.constant
    if constant is not NOT_CONSTANT:
        return NOT_CONSTANT if isinstance(value.type, T.FunctionType) else constant
    if value.node.kind == "prim::ListConstruct" and is_never_changed(value):
        items = [constant_of(item) for item in value.node.inputs]
        if all(item is not NOT_CONSTANT for item in items):
            return items
    return NOT_CONSTANT

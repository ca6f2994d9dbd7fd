"""Lists of numbers that nobody outside of machine code sees.

A list that only operators of machine code read and change is held as plain memory. One
that is put into a container, kept by an instance, or comes from there, is the Python
object, so that all who share it see each other's changes. Values that may be the same
list, as the outputs of branches and what loops carry, are held in one way.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.graph import Graph, Node, Use, Value
from jit.ir.registry import find_card
from jit.runtime.codegen.kinds import ListKind, kind_of_type

_MAKERS = ("prim::ListConstruct", "prim::Uninitialized")
_READERS = ("prim::ListUnpack", "prim::Print", "prim::isinstance")
_CASTS = ("prim::unchecked_cast", "prim::unchecked_unwrap_optional")


def is_list_of_numbers(type: T.Type) -> bool:
    """Whether values of a type can be lists in plain memory."""
    return isinstance(type, T.ListType) and isinstance(
        kind_of_type(type, True), ListKind
    )


def is_local(value: Value, root: Graph) -> bool:
    """Whether a value, and all that may be the same list, stays in machine code.

    True for values that are no lists of numbers. `root` is the graph that Python calls:
    what it returns is a new list, what other graphs return is shared.
    """
    if not is_list_of_numbers(value.type):
        return True
    seen: set[Value] = set()
    pending = [value]
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        if here.type != value.type:
            return False
        for related in (
            _sources(here),
            *(_flow(here, use, root) for use in here.uses),
        ):
            if related is None:
                return False
            pending += related
    returned = [use for v in seen for use in v.uses if _is_end(use.node)]
    return len(returned) <= 1


def _is_end(node: Node) -> bool:
    """Whether a node returns what it reads from the graph, itself or in a tuple."""
    if node.kind == "prim::TupleConstruct":
        users = [use.node for use in node.output.uses]
        return bool(users) and all(map(_is_end, users))
    return node.kind == "prim::Return" and node.block.owner is None


def _sources(value: Value) -> list[Value] | None:
    """Values that may be this one; None if it comes from somewhere else."""
    node = value.node
    if node is node.block.param:
        owner = node.block.owner
        if owner is None:
            return []
        if owner.kind == "prim::Loop" and value.index > 0:
            return _round(owner, value.index - 1)
        return None
    match node.kind:
        case "prim::If" | "prim::Try":
            return [block.returns[value.index] for block in node.blocks]
        case "prim::Loop":
            return _round(node, value.index)
        case kind if kind in _CASTS:
            return [node.inputs[0]]
    if node.full_name in _MAKERS:
        return []
    return _written_input(node, value)


def _round(loop: Node, index: int) -> list[Value]:
    """All that a carried value of a loop may be."""
    (body,) = loop.blocks
    return [
        loop.inputs[2 + index],
        body.params[1 + index],
        body.returns[1 + index],
        loop.outputs[index],
    ]


def _written_input(node: Node, value: Value) -> list[Value] | None:
    """The list that an operator changes and gives back; [] if it makes a new one."""
    card = find_card(node.kind, node.overload)
    if card is None or value.index >= len(card.schema.returns):
        return None
    if card.schema.returns[value.index].alias is None:
        return []
    for argument, given in zip(card.schema.arguments, node.inputs, strict=False):
        if argument.alias and argument.alias.is_write and given.type == value.type:
            return [given]
    return None


def _flow(value: Value, use: Use, root: Graph) -> list[Value] | None:
    """Values that are this list behind a use; None if it goes elsewhere."""
    node = use.node
    if _is_end(node):
        return [] if node.graph is root else None
    if node.kind == "prim::Return":
        return _returned(node, use.index)
    match node.kind:
        case "prim::Loop" if use.index >= 2:
            return _round(node, use.index - 2)
        case kind if kind in _READERS:
            return []
        case kind if kind in _CASTS:
            return [node.output]
    card = find_card(node.kind, node.overload)
    if card is None or use.index >= len(card.schema.arguments):
        return None
    argument = card.schema.arguments[use.index]
    if not isinstance(argument.type, T.ListType):
        return None
    if argument.alias is not None and argument.alias.is_write:
        return [v for v in node.outputs if v.type == value.type]
    return []


def _returned(node: Node, index: int) -> list[Value] | None:
    owner = node.block.owner
    if owner is not None and owner.kind in ("prim::If", "prim::Try"):
        return [owner.outputs[index]]
    if owner is not None and owner.kind == "prim::Loop" and index > 0:
        return _round(owner, index - 1)
    return None

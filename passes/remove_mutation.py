"""Let operators that write in place give a new value, where nobody can tell.

    %y : Tensor = aten::exp(%x)                %y : Tensor = aten::exp(%x)
    %z : Tensor = aten::mul_(%y, %two)   →     %z : Tensor = aten::mul(%y, %two)
    return (%y)                                return (%z)

A tensor qualifies if an operator of the same block made it, only in-place operators of
that block share its storage (no views, no loops), and nothing before the write puts it
into a container. The new operator must give the same dtype and sizes, which an in-place
operator would insist on.

Lists likewise: `append` to a list built in the same block builds a longer list.

Idempotent.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card, ShapeError
from jit.ir.graph import Graph, Node, Use, Value
from jit.ir.registry import find_card
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import (
    MAY_RETURN_ARGUMENT,
    aliases,
    is_mutable,
)
from jit.passes.analysis.facts import card_of, facts_of
from jit.passes.analysis.sizes import Sizes, never_grows, sizes_of
from jit.passes.infer_shapes import CHANGE_SIZES
from jit.passes.reasons import decline


def run(graph: Graph) -> bool:
    """Return whether any write was removed."""
    changed = False
    known = aliases(graph)
    writes = any(effects.written_values(n) for n in graph.all_nodes)
    sizes = _sizes(graph) if writes else {}
    for node in graph.all_nodes:
        if not effects.written_values(node) or node.kind == "prim::SetAttr":
            continue
        value = node.inputs[0]
        if known.is_wildcard(value) or not _is_local(node, known.members(value)):
            decline("remove_mutation", node, "others may share what it writes")
            continue
        made = _remove_append(node) or _remove_write(node, sizes)
        if made is not None:
            known.replace(value, made)
            if value in sizes:
                sizes[made] = sizes[value]
            changed = True
    return changed


def _is_local(writer: Node, members: list[Value]) -> bool:
    """Whether what a node writes was made in its block, and nobody holds it yet.

    `members` are all values that may share storage with it, and values that writes
    were replaced by.
    """
    for member in members:
        node = member.node
        if node.block is None or node is writer:
            continue
        if node.block is not writer.block or node.kind == "prim::Param":
            return False
        if effects.written_values(node):
            if node.is_before(writer):
                return False
        elif not _gives_new(node):
            return False
        for use in member.uses:
            if _keeps(use) and not writer.is_before(use.node):
                return False
    return _gives_new(writer.inputs[0].node)


def _gives_new(node: Node) -> bool:
    """Whether the results of a node share storage with nothing."""
    card = card_of(node)
    if card is None:
        return node.kind == "prim::ListConstruct"
    return not card.schema.has_alias and card.schema.kind not in MAY_RETURN_ARGUMENT


def _keeps(use: Use) -> bool:
    """Whether a node may put what it reads where others find it."""
    node = use.node
    card = card_of(node)
    if card is not None:
        written = effects.written_values(node)
        if not card.schema.is_generic or node.inputs[use.index] in written:
            return False
        return bool(written) or any(is_mutable(v.type) for v in node.outputs)
    if node.kind == "prim::Return":
        return node.block.owner is not None
    return node.kind not in ("prim::Print", "prim::isinstance", "prim::FusionGroup")


def _sizes(graph: Graph) -> dict[Value, Sizes]:
    """What is known of sizes, if those of a tensor stay as they are."""
    if any(n.kind in CHANGE_SIZES for n in graph.all_nodes):
        return {}
    return sizes_of(graph)


def _remove_write(node: Node, sizes: dict[Value, Sizes]) -> Value | None:
    """Replace `aten::add_` by `aten::add` and let later readers read its result."""
    if not node.kind.endswith("_") or node.kind.endswith("__"):
        return None
    card = find_card(node.kind[:-1], node.overload)
    if card is None or len(card.schema.arguments) != len(node.inputs):
        return None
    target = node.inputs[0]
    if not _gives_same_type(node, card, target.type, sizes):
        decline("remove_mutation", node, "the result may have another dtype or size")
        return None
    pure = Node(card.schema.kind, card.schema.overload)
    pure.span, pure.stack = node.span, node.stack
    for value in node.inputs:
        pure.add_input(value)
    output = pure.add_output(node.output.type, node.output.name or target.name)
    pure.insert_before(node)
    node.output.replace_all_uses_with(output)
    _redirect(target, output, pure)
    node.destroy()
    return output


def _gives_same_type(
    node: Node, pure: type[Card], wanted: T.Type, sizes: dict[Value, Sizes]
) -> bool:
    """Whether the pure operator surely gives a tensor like the one written to."""
    if pure.infer is None or not isinstance(wanted, T.TensorType):
        return False
    facts = facts_of(node)
    try:
        found = pure.infer(*facts)
    except ShapeError:
        return False
    if not isinstance(found, T.TensorType) or wanted.dtype is None:
        return False
    if found.dtype is not wanted.dtype:
        return False
    others = [f for f in facts[1:] if isinstance(f, T.TensorType)]
    if all(f.sizes == () for f in others):
        return True
    tensors = [v for v in node.inputs if isinstance(v.type, T.TensorType)]
    if pure.formula is not None and all(v in sizes for v in tensors):
        target, *rest = (sizes[v] for v in tensors)
        if never_grows(target, rest):
            return True
    known = wanted.sizes is not None and None not in wanted.sizes
    return known and found.sizes == wanted.sizes


def _remove_append(node: Node) -> Value | None:
    """Build a longer list where one is built and appended to, before anybody keeps it."""
    if node.kind != "aten::append" or len(node.inputs) != 2:
        return None
    target, item = node.inputs
    built = target.node
    if built.kind != "prim::ListConstruct":
        return None
    make = Builder(node)
    longer = make.node(
        "prim::ListConstruct",
        [*built.inputs, item],
        [target.type],
        output_names=[target.name],
    )
    for output in node.outputs:
        output.replace_all_uses_with(longer.output)
    _redirect(target, longer.output, longer)
    node.destroy()
    return longer.output


def _redirect(old: Value, new: Value, since: Node) -> None:
    """Let those who read a value after a node read another."""
    for use in list(old.uses):
        if use.node is not since and since.is_before(use.node):
            use.node.set_input(use.index, new)

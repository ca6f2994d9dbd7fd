"""Gather pointwise operators and reductions that read each other into groups.

    %a : Tensor = aten::mul(%x, %x)            %y : Tensor = prim::FusionGroup_0(%x)
    %m : Tensor = aten::mean(%a, %dims, %true)
    %r : Tensor = aten::rsqrt(%m)        →     …
    %y : Tensor = aten::mul(%x, %r)            with prim::FusionGroup_0 = graph(%x): …

A group grows from its last node to the nodes that it reads; it stands where its last
node stood and gives every result that others read. A node joins if it can move there:
nobody between reads its result, and if it may raise, nothing between raises or is seen
outside. The reductions of a group reduce the same dims; one of all dims only ends a
group, for what follows it would wait for everything. A reduction also joins a group that
reads the same tensor. Constants are copied into the group. Nodes that read or give what
is written anywhere stay outside.

Idempotent.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import Aliases, aliases
from jit.passes.analysis.facts import card_of, constant_of
from jit.passes.grouping import is_seen, is_written, make_group
from jit.passes.reasons import decline


def run(graph: Graph) -> bool:
    """Return whether any group was made."""
    known = aliases(graph)
    changed = False
    for block in list(graph.block.all_blocks):
        node = _last(block)
        while node is not None:
            group = _grow(node, known) if _may_end(node) else [node]
            before = node.previous
            if len(group) > 1:
                before = make_group(group).previous
                changed = True
            node = before
    return changed


def _last(block: Block) -> Node | None:
    return next(block.reversed_nodes, None)


def is_pointwise(node: Node) -> bool:
    """Whether a node has one result element for each element of its operands."""
    card = card_of(node)
    return card is not None and card.formula is not None and _is_plain(node)


def is_reduction(node: Node) -> bool:
    """Whether a node reduces dims of one tensor."""
    card = card_of(node)
    reduces = hasattr(card, "reduce") or node.kind in SHARES
    return reduces and node.kind != "aten::median" and _is_plain(node)


SHARES = ("aten::softmax", "aten::log_softmax")
"""Operators that reduce, and give something for each element."""

Axes = tuple[int, tuple[int, ...]]
"""The rank of what is reduced, and the dims, none of them negative."""


def _axes(node: Node) -> Axes | None:
    """What a reduction reduces, if that is known."""
    card = card_of(node)
    assert card is not None
    names = card.schema.index_of
    place = names.get("dim", names.get("axis"))
    type = node.inputs[0].type
    rank = type.rank if isinstance(type, T.TensorType | T.ArrayType) else None
    if rank is None:
        return None
    dims = constant_of(node.inputs[place]) if place is not None else None
    if dims is NOT_CONSTANT:
        return None
    if dims is None or dims == []:
        dims = list(range(rank))
    if isinstance(dims, int):
        dims = [dims]
    if not all(isinstance(d, int) and -rank <= d < rank for d in dims):
        return None
    return rank, tuple(sorted(d % rank for d in dims))


def _may_go_on(axes: Axes | None) -> bool:
    """Whether operators may follow a reduction in a group."""
    return axes is not None and len(axes[1]) < axes[0]


def _is_plain(node: Node) -> bool:
    """Whether a node gives one new tensor and does nothing else."""
    card = card_of(node)
    return (
        card is not None
        and not card.schema.has_alias
        and len(node.outputs) == 1
        and T.is_tensor_like(node.output.type)
        and effects.is_pure(node)
    )


def _may_end(node: Node) -> bool:
    return is_pointwise(node) or is_reduction(node)


def _grow(root: Node, known: Aliases) -> list[Node]:
    """The nodes of the group that a node ends, in order."""
    if is_written(root, known, "fuse"):
        return [root]
    group = [root]
    inside = {root}
    pending = set(_producers(root))
    reduced = _axes(root) if is_reduction(root) else None
    place = root.previous
    # upwards, so that whoever reads a node was asked before the node itself
    between: list[Node] = []
    while place is not None and pending:
        if place in pending or _is_sibling(place, group, reduced):
            pending.discard(place)
            if _may_join(place, reduced, between, known):
                group.append(place)
                inside.add(place)
                pending.update(_producers(place))
                if is_reduction(place):
                    reduced = _axes(place)
                place = place.previous
                continue
        between.append(place)
        place = place.previous
    group.reverse()
    return group


def _producers(node: Node) -> list[Node]:
    """The nodes of the same block whose results a node reads."""
    return [v.node for v in node.inputs if v.node.block is node.block]


def _is_sibling(node: Node, group: list[Node], reduced: Axes | None) -> bool:
    """Whether a node reduces the same dims, of a tensor that a group reads too."""
    if reduced is None or not is_reduction(node) or _axes(node) != reduced:
        return False
    return any(node.inputs[0] in n.inputs for n in group)


def _may_join(
    node: Node, reduced: Axes | None, between: list[Node], known: Aliases
) -> bool:
    """Whether a node can move down to the end of a group that reduces some dims."""
    if node.kind in ("prim::Constant", "prim::ListConstruct", "prim::Param"):
        return False
    if is_reduction(node):
        axes = _axes(node)
        if not _may_go_on(axes) or reduced not in (None, axes):
            decline("fuse", node, "what follows does not reduce the same dims")
            return False
    elif not is_pointwise(node):
        if not node.blocks:
            decline("fuse", node, "it neither is pointwise nor reduces")
        return False
    if is_written(node, known, "fuse"):
        return False
    readers = {_place_in(use.node, node.block) for use in node.output.uses}
    if any(other in readers for other in between):
        decline("fuse", node, "its result is read before the group")
        return False
    if effects.may_raise(node) and any(map(is_seen, between)):
        decline("fuse", node, "it may raise, and so may what follows it")
        return False
    return True


def _place_in(node: Node, block: Block) -> Node:
    """The node of a block in which a node stands, however deep."""
    while node.block is not block:
        assert node.block.owner is not None
        node = node.block.owner
    return node

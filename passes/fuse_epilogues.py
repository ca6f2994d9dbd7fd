"""Gather a matrix product or convolution with the pointwise operators that follow it.

    %y : Tensor = aten::mm(%a, %b)         %z : Tensor = prim::FusionGroup_0(%a, %b)
    %z : Tensor = aten::relu(%y)       →     …
                                           with prim::FusionGroup_0 = graph(%a, %b): …

The head comes first in the group, and the group gives one result, that of its last node:
what lies between never needs to be written to memory. The tail may read other tensors,
such as a residual, and an intermediate result more than once (`y * sigmoid(y)`). It ends
where something else reads what it gives. The group stands where its last node stood;
nothing that stands between may raise or be seen outside, as the head may raise.

Runs before `fuse`, which takes what is left. Idempotent.
"""

from __future__ import annotations

from jit.ir.graph import Graph, Node
from jit.passes.analysis.aliases import Aliases, aliases
from jit.passes.fuse import is_pointwise
from jit.passes.grouping import is_seen, is_written, make_group

HEADS = frozenset((
    "aten::linear", "aten::matmul", "aten::mm", "aten::addmm", "aten::bmm",
    "aten::baddbmm", "aten::convolution", "aten::conv1d", "aten::conv2d",
    "aten::conv3d", "aten::conv_transpose1d", "aten::conv_transpose2d",
    "aten::conv_transpose3d", "np::matmul", "np::dot",
))  # fmt: skip
"""Operators whose machine code can do more to an element before it is written."""


def run(graph: Graph) -> bool:
    """Return whether any group was made."""
    known = aliases(graph)
    changed = False
    for block in list(graph.block.all_blocks):
        for node in list(block.nodes):
            if is_head(node):
                group = _grow(node, known)
                if len(group) > 1:
                    make_group(group)
                    changed = True
    return changed


def is_head(node: Node) -> bool:
    """Whether a node is a product or convolution that a group may begin with."""
    return node.kind in HEADS and len(node.outputs) == 1


def _grow(head: Node, known: Aliases) -> list[Node]:
    """The nodes of the group that a head begins, in order."""
    if is_written(head, known, "fuse_epilogues"):
        return [head]
    group, whole = [head], 1
    inside = {head}
    node = head.next
    while node is not None:
        if any(v.node in inside for v in node.inputs):
            if not is_pointwise(node) or is_written(node, known, "fuse_epilogues"):
                break
            group.append(node)
            inside.add(node)
            if _is_read_outside(group, inside) == [node]:
                whole = len(group)
        elif is_seen(node):
            break
        node = node.next
    return group[:whole]


def _is_read_outside(group: list[Node], inside: set[Node]) -> list[Node]:
    """The nodes of a group whose results others read."""
    return [n for n in group if any(u.node not in inside for u in n.output.uses)]

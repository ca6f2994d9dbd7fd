"""Cut a graph into regions of neighbouring nodes that somebody else executes.

    %a : Tensor = aten::mul(%x, %y)          %b : Tensor = prim::NativeRegion_0(%x, %y)
    %b : Tensor = aten::t(%a)           →    %c : Tensor = aten::sort(%b)
    %c : Tensor = aten::sort(%b)             with prim::NativeRegion_0 = graph(%x, %y): …

A region is a run of neighbours in one block, as long as possible, so that the order of
what is written, printed and raised stays. A node with blocks belongs to a region if all
nodes in them do; otherwise regions are looked for in its blocks. Constants, and lists of
constants that are only read, are copied into the regions that read them.

    for nodes in runs(graph, accepts):
        part = extract(nodes)
        replace(nodes, part)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from jit.ir.clone import clone_node
from jit.ir.graph import Block, Graph, Node, Use, Value, outer_values
from jit.passes.analysis.facts import card_of

Accepts = Callable[[Node], bool]
"""Whether a node may be in a region; it need not look into the blocks of the node."""

_CONSTANT = ("prim::Constant", "prim::Uninitialized")


@dataclass
class Part:
    """A run of nodes as a graph of its own."""

    graph: Graph
    inputs: list[Value]
    """What the inputs of the graph are outside."""
    outputs: list[Value]
    """Values of the run that are read outside: the outputs of the graph, in order."""
    origin: dict[Node, Node] = field(default_factory=dict)
    """The node that each node of the graph, however deep, is a copy of."""


def runs(graph: Graph, accepts: Accepts) -> list[list[Node]]:
    """The longest runs of accepted neighbours. The graph stays as it is."""
    found: list[list[Node]] = []
    _find_runs(graph.block, accepts, found)
    return found


def _find_runs(block: Block, accepts: Accepts, found: list[list[Node]]) -> None:
    run: list[Node] = []
    for node in (*block.nodes, block.result):
        if _is_constant(node):
            continue
        if node is not block.result and _accepts_whole(node, accepts):
            run.append(node)
            continue
        if run:
            found.append(run)
            run = []
        for inner in node.blocks:
            _find_runs(inner, accepts, found)


def _accepts_whole(node: Node, accepts: Accepts) -> bool:
    """Whether a node and all nodes in its blocks are accepted."""
    if _is_constant(node):
        return True
    return accepts(node) and all(
        _accepts_whole(inner, accepts) for block in node.blocks for inner in block.nodes
    )


def extract(nodes: Sequence[Node]) -> Part:
    """A copy of a run as a graph."""
    graph = Graph(nodes[0].graph.program)
    part = Part(graph, [], [])
    mapping: dict[Value, Value] = {}
    inside = set(nodes)
    for node in nodes:
        for value in (*node.inputs, *outer_values(node.blocks)):
            if value in mapping or value.node in inside:
                continue
            if _is_constant(value.node):
                _copy_constant(value.node, graph.block, mapping)
            else:
                mapping[value] = graph.add_input(value.type, value.name)
                part.inputs.append(value)
        copy = graph.block.append(clone_node(node, mapping))
        part.origin.update(zip(_with_inner(copy), _with_inner(node), strict=True))
    for node in nodes:
        for value in node.outputs:
            if any(not _is_in(use.node, inside) for use in value.uses):
                graph.block.add_return(mapping[value])
                part.outputs.append(value)
    return part


def _is_constant(node: Node) -> bool:
    """Whether a node gives the same in each run, so that a copy of it does as well."""
    if node.kind != "prim::ListConstruct":
        return node.kind in _CONSTANT
    return all(v.node.kind in _CONSTANT for v in node.inputs) and all(
        _only_reads(use) for use in node.output.uses
    )


def _only_reads(use: Use) -> bool:
    """Whether an operator takes a list neither to change it nor to give it back."""
    card = card_of(use.node)
    if card is None:
        return False
    argument = card.schema.arguments[use.index]
    return argument.alias is None and not card.schema.is_generic


def _copy_constant(node: Node, block: Block, mapping: dict[Value, Value]) -> None:
    for value in node.inputs:
        if value not in mapping:
            _copy_constant(value.node, block, mapping)
    block.append(clone_node(node, mapping))


def _with_inner(node: Node) -> Iterator[Node]:
    """A node and the nodes of its blocks, however deep."""
    yield node
    for block in node.blocks:
        yield from block.all_nodes


def _is_in(node: Node, nodes: set[Node]) -> bool:
    """Whether a node is one of some nodes, or stands in their blocks."""
    place: Node | None = node
    while place is not None:
        if place in nodes:
            return True
        place = place.block.owner
    return False


def replace(nodes: Sequence[Node], part: Part) -> Node:
    """Let a region stand for a run; the region."""
    last = nodes[-1]
    region = Node("prim::NativeRegion")
    region.span, region.stack = last.span, last.stack
    region.attributes["Subgraph"] = part.graph
    for value in part.inputs:
        region.add_input(value)
    region.insert_before(last)
    inside = set(nodes)
    for value in part.outputs:
        output = region.add_output(value.type, value.name)
        for use in list(value.uses):
            if not _is_in(use.node, inside):
                use.node.set_input(use.index, output)
    for node in reversed(nodes):
        node.destroy()
    return region

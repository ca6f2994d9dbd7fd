"""What passes that gather nodes into `prim::FusionGroup`s have in common."""

from __future__ import annotations

from jit.ir.clone import clone_node
from jit.ir.graph import Graph, Node, Value
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import Aliases
from jit.passes.analysis.facts import is_never_changed
from jit.passes.reasons import decline


def is_written(node: Node, known: Aliases, name: str) -> bool:
    """Whether a node reads or gives what is written in place; `name` is the pass."""
    if known.reads_changing(node) or known.may_change(node.output):
        decline(name, node, "it reads or gives a tensor that is written in place")
        return True
    return False


def is_seen(node: Node) -> bool:
    """Whether it matters when a node runs, if another may raise."""
    if effects.has_effect(node) or effects.may_raise(node):
        return True
    inner = (n for b in node.blocks for n in b.all_nodes)
    return any(effects.written_values(n) for n in (node, *inner))


def make_group(nodes: list[Node]) -> Node:
    """Replace nodes by a group that stands where the last of them stood."""
    root = nodes[-1]
    inside = set(nodes)
    graph = Graph(root.graph.program)
    group = Node("prim::FusionGroup")
    group.span, group.stack = root.span, root.stack
    mapping: dict[Value, Value] = {}
    for node in nodes:
        for value in node.inputs:
            if value not in mapping:
                _take(value, group, graph, mapping)
        graph.block.append(clone_node(node, mapping))
    group.insert_before(root)
    for node in nodes:
        if all(use.node in inside for use in node.output.uses):
            continue
        graph.block.add_return(mapping[node.output])
        output = group.add_output(node.output.type, node.output.name)
        for use in list(node.output.uses):
            if use.node not in inside:
                use.node.set_input(use.index, output)
    for node in reversed(nodes):
        node.destroy()
    group.attributes["Subgraph"] = graph
    return group


def _take(value: Value, group: Node, graph: Graph, mapping: dict[Value, Value]) -> None:
    """Let a group read a value: a copy of a constant, or an input."""
    node = value.node
    if node.kind == "prim::Constant":
        graph.block.append(clone_node(node, mapping))
    elif (
        node.kind == "prim::ListConstruct"
        and all(v.node.kind == "prim::Constant" for v in node.inputs)
        and is_never_changed(value)
    ):
        for item in node.inputs:
            if item not in mapping:
                _take(item, group, graph, mapping)
        graph.block.append(clone_node(node, mapping))
    else:
        group.add_input(value)
        mapping[value] = graph.add_input(value.type, value.name)

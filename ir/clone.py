"""Copies of nodes, blocks, graphs and programs; constants are shared.

A `mapping` says what stands for which value: it is read for inputs, where a value that
it does not hold stands for itself, and it learns what was copied.
"""

from __future__ import annotations

from typing import Any

from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.program import ClassDefinition, Function, Program

Mapping = dict[Value, Value]


def clone_node(node: Node, mapping: Mapping) -> Node:
    """A copy that stands nowhere: attributes, blocks, span and stack included."""
    copy = Node(node.kind, node.overload)
    copy.span, copy.stack = node.span, node.stack
    for value in node.inputs:
        copy.add_input(mapping.get(value, value))
    for value in node.outputs:
        mapping[value] = copy.add_output(value.type, value.name)
    for name, attribute in node.attributes.items():
        copy.attributes[name] = clone_attribute(attribute)
    for block in node.blocks:
        clone_block(block, copy.add_block(), mapping)
    return copy


def clone_attribute(value: Any) -> Any:
    """A copy of graphs; all other attributes cannot change and are shared."""
    if isinstance(value, Graph):
        return clone_graph(value)
    if isinstance(value, tuple):
        return tuple(map(clone_attribute, value))
    return value


def clone_block(source: Block, destination: Block, mapping: Mapping) -> None:
    """Append copies of the parameters, nodes and returns of a block to another."""
    for value in source.params:
        mapping[value] = destination.add_param(value.type, value.name)
    for value in clone_nodes(source, destination.result, mapping):
        destination.add_return(value)


def clone_nodes(source: Block, before: Node, mapping: Mapping) -> list[Value]:
    """Insert copies of the nodes of a block before a node.

    Returns what stands for the returns of the block. To inline a graph, map its inputs
    to the arguments first; `before` may be the `result` of a block, its end.
    """
    for node in list(source.nodes):
        clone_node(node, mapping).insert_before(before)
    return [mapping.get(value, value) for value in source.returns]


def clone_graph(graph: Graph, *, program: Program | None = None) -> Graph:
    """A copy of a graph, of the same program unless another is given."""
    copy = Graph(program or graph.program)
    copy.block.result.span = graph.block.result.span
    clone_block(graph.block, copy.block, {})
    if program is not None:
        _adopt(copy, program)
    return copy


def _adopt(value: Any, program: Program) -> None:
    """Let a graph and the graphs in its attributes belong to a program."""
    if isinstance(value, Graph):
        value.program = program
        for node in value.all_nodes:
            for inner in node.attributes.values():
                _adopt(inner, program)
    elif isinstance(value, tuple):
        for inner in value:
            _adopt(inner, program)


def clone_program(program: Program) -> Program:
    """A copy of functions, with their graphs, and of classes."""
    copy = Program()
    for definition in program.classes.values():
        copy.add_class(
            ClassDefinition(
                definition.name,
                definition.kind,
                dict(definition.attributes),
                list(definition.methods),
                definition.bases,
                definition.python,
            )
        )
    for function in program.functions.values():
        graph = clone_graph(function.graph, program=copy)
        copy.add_function(Function(function.name, graph, function.schema, function.doc))
    return copy

"""Graphs and programs as text in TorchScript's notation, which the parser reads back.

    graph(%x : Tensor,
          %n : int):
      %one : int = prim::Constant[value=1]()
      %true : bool = prim::Constant[value=True]()
      %y : Tensor = prim::Loop(%n, %true, %x)
        block0(%i : int, %acc : Tensor):
          %next : Tensor = aten::add(%acc, %x, %one)
          -> (%true, %next)
      return (%y)

The overload of an operator is printed where the types of the inputs do not tell it, as
`aten::add.Tensor`; the overload without a name is then `default`. A graph that a node
holds as an attribute follows at the end: `with prim::FusionGroup_0 = graph(…)`.
The grammar is in `docs/reference/ir.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jit.ir.constant_text import Array, digest, format_constant, is_inline
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.naming import Names, names_of
from jit.ir.overloads import overload_by_types
from jit.ir.program import ClassDefinition, Function, Program
from jit.ir.registry import overloads_of
from jit.ir.span import NOWHERE, Span
from jit.ir.type_text import format_name, format_string, format_type

Line = tuple[Node | None, str]
"""A line of text and the node that it begins."""


def format_graph(graph: Graph, *, spans: bool = False, overloads: bool = False) -> str:
    """The text of a graph.

    `spans` adds the places in the source as comments, `overloads` prints all overloads,
    for readers that do not know the operators.
    """
    lines = graph_lines(graph, spans=spans, overloads=overloads)
    return "".join(f"{text}\n" for _, text in lines)


def format_node(node: Node, names: Names | None = None) -> str:
    """The text of a node with its blocks, with the names that its graph prints."""
    printer = _Printer(_names_around(node.block) if names is None else names)
    return "\n".join(text for _, text in printer.node(node, ""))


def format_head(node: Node, names: Names | None = None) -> str:
    """The first line of a node, without its blocks."""
    printer = _Printer(_names_around(node.block) if names is None else names)
    _, text = next(printer.node(node, ""))
    return text


def format_block(block: Block, names: Names | None = None) -> str:
    """The text of a block: nodes and returns."""
    printer = _Printer(_names_around(block) if names is None else names)
    return "\n".join(text for _, text in printer.block(block, "", "block0"))


def format_function(
    function: Function, *, spans: bool = False, overloads: bool = False
) -> str:
    """The text of a function: `def`, its schema, its graph."""
    signature = function.schema.format_signature()
    lines = graph_lines(function.graph, "  ", spans=spans, overloads=overloads)
    body = "".join(f"{text}\n" for _, text in lines)
    return f"def {format_name(function.name)}{signature}:\n{body}"


def format_class(definition: ClassDefinition) -> str:
    """The text of a class, module or interface: its slots and names of its methods."""
    bases = ", ".join(map(format_name, definition.bases))
    head = f"{definition.kind} {format_name(definition.name)}"
    lines = [f"{head}({bases}):" if bases else f"{head}:"]
    lines += [
        f"  {slot.role} {format_name(slot.name)} : {format_type(slot.type)}"
        for slot in definition.attributes.values()
    ]
    lines += [f"  method {format_name(name)}" for name in definition.methods]
    return "\n".join(lines) + "\n"


def format_program(
    program: Program, spans: bool = False, *, overloads: bool = False
) -> str:
    """The text of a program: classes, then functions."""
    parts = [format_class(c) for c in program.classes.values()]
    parts += [
        format_function(f, spans=spans, overloads=overloads)
        for f in program.functions.values()
    ]
    return "\n".join(parts)


def constants(root: Graph | Program) -> dict[str, Array]:
    """The arrays that the text names by their digest only, by digest."""
    table: dict[str, Array] = {}
    for graph in root.graphs() if isinstance(root, Program) else (root,):
        for node in graph.all_nodes:
            for value in node.attributes.values():
                _collect_arrays(value, table)
    return table


def _collect_arrays(value: Any, table: dict[str, Array]) -> None:
    if isinstance(value, np.ndarray) and not is_inline(value):
        table.setdefault(digest(value), value)
    elif isinstance(value, Graph):
        table.update(constants(value))
    elif isinstance(value, tuple):
        for inner in value:
            _collect_arrays(inner, table)


def graph_lines(
    graph: Graph, indent: str = "", *, spans: bool = False, overloads: bool = False
) -> Iterator[Line]:
    """The lines of a graph and of the graphs inside of it."""
    printer = _Printer(names_of(graph), spans, overloads)
    printer.used_kinds = {n.kind for n in graph.all_nodes}
    yield from printer.graph(graph, indent, "")
    # printing a graph may find further ones
    for name, inner in printer.sections:
        printer.names = names_of(inner)
        printer.used_kinds |= {n.kind for n in inner.all_nodes}
        yield from printer.graph(inner, indent, f"with {name} = ")


def _names_around(block: Block | None) -> Names:
    while block is not None and block.owner is not None:
        block = block.owner.block
    return Names() if block is None else names_of(block.graph)


@dataclass
class _Printer:
    """What is constant while one graph is printed, and the graphs found in it."""

    names: Names
    spans: bool = False
    overloads: bool = False
    sections: list[tuple[str, Graph]] = field(default_factory=list)
    used_kinds: set[str] = field(default_factory=set)

    def graph(self, graph: Graph, indent: str, prefix: str) -> Iterator[Line]:
        head = f"{indent}{prefix}graph("
        between = ",\n" + " " * len(head)
        params = between.join(map(self.typed, graph.inputs))
        yield graph.block.param, f"{head}{params}):"
        for node in graph.nodes:
            yield from self.node(node, f"{indent}  ")
        yield graph.block.result, f"{indent}  return {self.values(graph.outputs)}"

    def block(self, block: Block, indent: str, name: str) -> Iterator[Line]:
        params = ", ".join(map(self.typed, block.params))
        yield block.param, f"{indent}{name}({params}):"
        for node in block.nodes:
            yield from self.node(node, f"{indent}  ")
        yield block.result, f"{indent}  -> {self.values(block.returns)}"

    def node(self, node: Node, indent: str) -> Iterator[Line]:
        outputs = ", ".join(map(self.typed, node.outputs))
        equals = " = " if outputs else ""
        called = f"{self.called(node)}{self.attributes(node)}"
        inputs = f"{self.values(node.inputs)}{self.comment(node)}"
        yield node, f"{indent}{outputs}{equals}{called}{inputs}"
        for i, block in enumerate(node.blocks):
            yield from self.block(block, f"{indent}  ", f"block{i}")

    def typed(self, value: Value) -> str:
        return f"%{self.names[value]} : {format_type(value.type)}"

    def values(self, values: list[Value]) -> str:
        return f"({', '.join(f'%{self.names[v]}' for v in values)})"

    def called(self, node: Node) -> str:
        subgraph = node.attributes.get("Subgraph")
        name: str = node.kind
        if isinstance(subgraph, Graph):
            name = self.section(node.kind, subgraph)
        found = overload_by_types(node.kind, [v.type for v in node.inputs]) or ""
        is_told = self.overloads and len(overloads_of(node.kind)) > 1
        if found == node.overload and not (is_told or (self.overloads and found)):
            return name
        return f"{name}.{node.overload or 'default'}"

    def attributes(self, node: Node) -> str:
        parts = [
            f"{format_name(name)}={self.constant(value)}"
            for name, value in node.attributes.items()
            if not (name == "Subgraph" and isinstance(value, Graph))
        ]
        return f"[{', '.join(parts)}]" if parts else ""

    def constant(self, value: Any) -> str:
        if isinstance(value, Graph):
            return self.section("graph", value)
        if isinstance(value, tuple):
            inner = ", ".join(map(self.constant, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        try:
            return format_constant(value)
        except TypeError:
            # an invalid graph must be printable too, to be seen; this is not read back
            return f"<{type(value).__name__}>"

    def section(self, stem: str, graph: Graph) -> str:
        """The name under which a graph will follow."""
        number = len(self.sections)
        while f"{stem}_{number}" in self.used_kinds:
            number += 1
        name = f"{stem}_{number}"
        self.used_kinds.add(name)
        self.sections.append((name, graph))
        return name

    def comment(self, node: Node) -> str:
        if not self.spans or node.span is NOWHERE:
            return ""
        places = " < ".join(map(format_span, (node.span, *node.stack)))
        return f" # {places}"


_PLAIN_FILE = re.compile(r"[A-Za-z0-9_./+-]+")
_PLAIN_WORD = re.compile(r"[^\s\"\\]+")


def format_span(span: Span) -> str:
    """`model.py:3:4-9 in f`; names with other characters in quotes.

    The end follows the dash, as `line:column` if it is on another line.
    """
    file = span.source.file
    if not _PLAIN_FILE.fullmatch(file):
        file = format_string(file)
    text = f"{file}:{span.line}:{span.column}"
    if span.end_line != span.line:
        text += f"-{span.end_line}:{span.end_column}"
    elif span.end_column != span.column:
        text += f"-{span.end_column}"
    if span.function:
        plain = _PLAIN_WORD.fullmatch(span.function)
        text += f" in {span.function if plain else format_string(span.function)}"
    return text

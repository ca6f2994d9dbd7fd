"""Drawings of graphs: DOT text, and pictures where Graphviz is installed.

Operators are boxes, values are edges, nested blocks are clusters. Constants that are
short stand in the box that reads them.
"""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jit.ir.constant_text import format_constant
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.naming import Names, names_of
from jit.ir.printer import format_graph
from jit.ir.type_text import format_type
from jit.ir.types import FunctionType

if TYPE_CHECKING:
    import graphviz

PICTURES = (".svg", ".png", ".pdf")
"""Files that Graphviz draws; `.dot` and `.gv` are text."""

SHORT = 24
"""Constants of up to this many characters stand in the box that reads them."""


def to_dot(graph: Graph) -> str:
    """The graph in the DOT language."""
    return "\n".join(("digraph {", *_Drawing(graph).lines(), "}", ""))


def draw(graph: Graph, path: str | Path) -> str:
    """Write a drawing and return its path.

    The kind of file follows from the suffix: `.svg`, `.png`, `.pdf`, or `.dot` for the
    text. Without the `dot` program the text is written beside a picture's path.
    """
    path = Path(path)
    if path.suffix not in (*PICTURES, ".dot", ".gv"):
        known = ", ".join((*PICTURES, ".dot"))
        raise ValueError(
            f"cannot draw `{path.name}`: the suffix must be one of {known}"
        )
    text = to_dot(graph)
    picture = None
    if path.suffix in PICTURES:
        picture = _picture(text, path.suffix[1:])
        if picture is None:
            _warn_once()
            path = path.with_suffix(".dot")
    path.write_bytes(text.encode() if picture is None else picture)
    return str(path)


def render_svg(graph: Graph) -> str | None:
    """The drawing as an SVG element; None without the `dot` program."""
    picture = _picture(to_dot(graph), "svg")
    if picture is None:
        return None
    text = picture.decode()
    return text[text.index("<svg") :]


def render_html(graph: Graph) -> str:
    """The drawing for a notebook; without the `dot` program the text of the graph."""
    return render_svg(graph) or f"<pre>{html.escape(format_graph(graph))}</pre>"


def _picture(text: str, format: str) -> bytes | None:
    import graphviz

    source: graphviz.Source = graphviz.Source(text)
    try:
        picture = source.pipe(format=format)
    except graphviz.ExecutableNotFound:
        return None
    assert isinstance(picture, bytes)
    return picture


@cache
def _warn_once() -> None:
    warnings.warn(
        "the program `dot` of Graphviz is not installed, so drawings are written as DOT"
        " text; install the package `graphviz` of your system for pictures",
        RuntimeWarning,
        stacklevel=4,
    )


class _Drawing:
    """The identifiers and names of one drawing, and the edges found so far."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names: Names = names_of(graph)
        self.identifiers: dict[Node, str] = {}
        self.edges: list[str] = []
        self.clusters = 0

    def lines(self) -> Iterator[str]:
        yield '  node [shape=box, style="rounded,filled", fillcolor=white];'
        yield '  node [fontname="Helvetica", fontsize=11];'
        yield '  edge [fontname="Helvetica", fontsize=9];'
        yield from self.block(self.graph.block, "  ")
        # an edge inside a cluster would pull both of its boxes into the cluster
        yield from self.edges

    def identifier(self, node: Node) -> str:
        return self.identifiers.setdefault(node, f"n{len(self.identifiers)}")

    def block(self, block: Block, indent: str) -> Iterator[str]:
        if block.params or block.owner is None:
            texts = [f"%{self.names[v]} : {format_type(v.type)}" for v in block.params]
            label = _quote("\n".join(texts) or "no inputs")
            name = self.identifier(block.param)
            yield f"{indent}{name} [label={label}, fillcolor=lightgrey];"
        for node in block.nodes:
            if not _is_short_constant(node):
                yield from self.node(node, indent)
        label = _quote(self.label(block.result, "return"))
        name = self.identifier(block.result)
        yield f"{indent}{name} [label={label}, fillcolor=lightgrey];"
        self.connect(block.result)

    def node(self, node: Node, indent: str) -> Iterator[str]:
        label = _quote(self.label(node, node.full_name))
        yield f"{indent}{self.identifier(node)} [label={label}];"
        self.connect(node)
        inner = [(f"block{i}", block) for i, block in enumerate(node.blocks)]
        for name, value in node.attributes.items():
            if isinstance(value, Graph):
                inner.append((name, value.block))
        for name, block in inner:
            self.clusters += 1
            yield f"{indent}subgraph cluster_{self.clusters} {{"
            yield f"{indent}  label={_quote(f'{node.kind} {name}')};"
            yield from self.block(block, f"{indent}  ")
            yield f"{indent}}}"
            # it belongs to its node even where no value goes in
            tail = self.identifier(node)
            head = self.identifier(block.param if block.params else block.result)
            self.edges.append(f"  {tail} -> {head} [style=dotted, arrowhead=none];")

    def label(self, node: Node, title: str) -> str:
        """The title and what the node reads that no edge shows."""
        lines = [title]
        if node.kind != "prim::Constant" or not _is_function(node):
            for name, value in node.attributes.items():
                if not _holds_graph(value):
                    lines.append(f"{name}={_shorten(format_constant(value))}")
        for index, value in enumerate(node.inputs):
            if _is_short_constant(value.node):
                lines.append(f"{index}: {_constant_text(value)}")
        return "\n".join(lines)

    def connect(self, node: Node) -> None:
        """The edges into a node."""
        for value in node.inputs:
            if _is_short_constant(value.node):
                continue
            tail, head = self.identifier(value.node), self.identifier(node)
            label = _quote(f"%{self.names[value]} : {format_type(value.type)}")
            self.edges.append(f"  {tail} -> {head} [label={label}];")


def _is_function(node: Node) -> bool:
    return any(isinstance(v.type, FunctionType) for v in node.outputs)


def _holds_graph(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_holds_graph, value))
    return isinstance(value, Graph)


def _is_short_constant(node: Node) -> bool:
    """Whether it is a constant short enough to stand in the boxes that read it."""
    return (
        node.kind == "prim::Constant"
        and len(node.outputs) == 1
        and len(_constant_text(node.output)) <= SHORT
    )


def _constant_text(value: Value) -> str:
    if isinstance(value.type, FunctionType):
        return value.type.name
    return format_constant(value.constant)


def _shorten(text: str) -> str:
    return text if len(text) <= 2 * SHORT else f"{text[: 2 * SHORT]}…"


def _quote(text: str) -> str:
    """A DOT string with one line for each line of the text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n") + '"'

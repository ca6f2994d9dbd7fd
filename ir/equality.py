"""Are two graphs or programs the same, and if not, where is the first difference?

Equal means: the same kinds, overloads, attributes to the bit, types and topology.
Names, spans and texts of documentation are for people and are not compared.
"""

from __future__ import annotations

from typing import Any

from jit.ir.constants import same_constant
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.naming import Names, names_of
from jit.ir.printer import format_head, format_span
from jit.ir.program import ClassDefinition, Function, Program


def equal(
    a: Graph | Program, b: Graph | Program, *, names: bool = False, spans: bool = False
) -> bool:
    """Whether there is no difference."""
    return difference(a, b, names=names, spans=spans) is None


def difference(
    a: Graph | Program, b: Graph | Program, *, names: bool = False, spans: bool = False
) -> str | None:
    """The first difference, as people read it; None if there is none.

    `names` compares the names that are printed as well, `spans` the places in the
    source and the calls that led to a node.
    """
    if isinstance(a, Graph) and isinstance(b, Graph):
        return _Comparison(a, b, names, spans).run()
    if isinstance(a, Program) and isinstance(b, Program):
        return _program_difference(a, b, names, spans)
    return f"a {type(a).__name__} is no {type(b).__name__}"


def parting(a: Graph, b: Graph) -> tuple[Node | None, Node | None]:
    """The nodes at which two graphs begin to differ; None for one that has ended."""
    comparison = _Comparison(a, b, False, False)
    comparison.run()
    return comparison.parted


class _Comparison:
    """Two graphs walked side by side, and which value corresponds to which."""

    def __init__(self, a: Graph, b: Graph, names: bool, spans: bool) -> None:
        self.a, self.b = a, b
        self.names_a: Names = names_of(a)
        self.names_b: Names = names_of(b)
        self.compare_names = names
        self.compare_spans = spans
        self.partner: dict[Value, Value] = {}
        self.parted: tuple[Node | None, Node | None] = (None, None)
        """Where they were found to differ."""

    def run(self) -> str | None:
        return self.blocks(self.a.block, self.b.block, "graph")

    def blocks(self, a: Block, b: Block, place: str) -> str | None:
        found = self.definitions(a.params, b.params, f"parameters of {place}")
        if found:
            return found
        nodes_a, nodes_b = list(a.nodes), list(b.nodes)
        for x, y in zip(nodes_a, nodes_b, strict=False):
            found = self.nodes(x, y)
            if found:
                return found
        if len(nodes_a) != len(nodes_b):
            shorter = min(len(nodes_a), len(nodes_b))
            more = (nodes_a + nodes_b[len(nodes_a) :])[shorter:]
            which = "first" if len(nodes_a) > len(nodes_b) else "second"
            self.parted = (more[0], None) if which == "first" else (None, more[0])
            names = self.names_a if which == "first" else self.names_b
            return f"only the {which} has `{format_head(more[0], names)}`"
        return self.inputs(a.returns, b.returns, f"returns of {place}")

    def nodes(self, a: Node, b: Node) -> str | None:
        found = self.heads(a, b)
        if found:
            self.parted = (a, b)
            heads = (format_head(a, self.names_a), format_head(b, self.names_b))
            return f"{found}: `{heads[0]}` and `{heads[1]}`"
        for i, (x, y) in enumerate(zip(a.blocks, b.blocks, strict=True)):
            found = self.blocks(x, y, f"block{i} of `{a.kind}`")
            if found:
                return found
        return None

    def heads(self, a: Node, b: Node) -> str | None:
        if a.kind != b.kind:
            return "the kinds differ"
        if a.overload != b.overload:
            return f"the overloads differ, `{a.overload}` and `{b.overload}`"
        if len(a.blocks) != len(b.blocks):
            return f"{len(a.blocks)} and {len(b.blocks)} blocks"
        if self.compare_spans and _places(a) != _places(b):
            return f"the places differ, {a.span} and {b.span}"
        return (
            self.inputs(a.inputs, b.inputs, "inputs")
            or self.attributes(a, b)
            or self.definitions(a.outputs, b.outputs, "outputs")
        )

    def definitions(self, a: list[Value], b: list[Value], place: str) -> str | None:
        if len(a) != len(b):
            return f"{len(a)} and {len(b)} {place}"
        for x, y in zip(a, b, strict=True):
            name_x, name_y = self.names_a[x], self.names_b[y]
            if x.type != y.type:
                return f"`%{name_x}` is `{x.type}` and `{y.type}` among the {place}"
            if self.compare_names and name_x != name_y:
                return f"`%{name_x}` is named `%{name_y}` among the {place}"
            self.partner[x] = y
        return None

    def inputs(self, a: list[Value], b: list[Value], place: str) -> str | None:
        if len(a) != len(b):
            return f"{len(a)} and {len(b)} {place}"
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            # a value of neither graph corresponds to itself
            if self.partner.get(x, x) is not y:
                names = f"`%{self.names_a[x]}` and `%{self.names_b[y]}`"
                return f"{names} do not correspond, number {i} of the {place}"
        return None

    def attributes(self, a: Node, b: Node) -> str | None:
        if a.attributes.keys() != b.attributes.keys():
            return f"only one has `{min(a.attributes.keys() ^ b.attributes.keys())}`"
        for name, value in a.attributes.items():
            found = self.constants(value, b.attributes[name])
            if found:
                return f"the attribute `{name}` differs, {found}"
        return None

    def constants(self, a: Any, b: Any) -> str | None:
        if isinstance(a, Graph) and isinstance(b, Graph):
            return difference(a, b, names=self.compare_names, spans=self.compare_spans)
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            pairs = zip(a, b, strict=True)
            return next(filter(None, (self.constants(x, y) for x, y in pairs)), None)
        return None if same_constant(a, b) else f"{a!r} and {b!r}"


def _places(node: Node) -> list[str]:
    return [format_span(span) for span in (node.span, *node.stack)]


def _program_difference(a: Program, b: Program, names: bool, spans: bool) -> str | None:
    for what, x, y in (
        ("class", a.classes.keys(), b.classes.keys()),
        ("function", a.functions.keys(), b.functions.keys()),
    ):
        if x != y:
            return f"only one program has the {what} `{min(x ^ y)}`"
    for name, definition in a.classes.items():
        found = _class_difference(definition, b.classes[name])
        if found:
            return f"class `{name}`: {found}"
    for name, function in a.functions.items():
        other = b.functions[name]
        found = _signature_difference(function, other) or difference(
            function.graph, other.graph, names=names, spans=spans
        )
        if found:
            return f"function `{name}`: {found}"
    return None


def _class_difference(a: ClassDefinition, b: ClassDefinition) -> str | None:
    if a.kind != b.kind:
        return f"it is a {a.kind} and a {b.kind}"
    if a.bases != b.bases:
        return f"the bases are {a.bases} and {b.bases}"
    if list(a.attributes.values()) != list(b.attributes.values()):
        odd = set(a.attributes.values()) ^ set(b.attributes.values())
        names = ", ".join(sorted({f"`{slot.name}`" for slot in odd}))
        return f"the slots differ: {names or 'their order'}"
    if a.methods != b.methods:
        return f"the methods are {a.methods} and {b.methods}"
    return None


def _signature_difference(a: Function, b: Function) -> str | None:
    x, y = a.schema.format_signature(), b.schema.format_signature()
    return None if x == y else f"the signatures are `{x}` and `{y}`"

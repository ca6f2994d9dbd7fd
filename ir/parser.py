"""Graphs and programs from text: the inverse of the printer, safe on hostile text.

The text is never executed and only constants that it spells out or that the caller
gives are made. Names must be unique in a graph and visible where they are used; the
rest of what makes a graph meaningful is the verifier's to check. The grammar is in
`docs/reference/ir.md`; each function quotes the production that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.constant_text import Array, read_constant
from jit.ir.diagnostic import Diagnostic, GraphError
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.lexer import Cursor, Token
from jit.ir.overloads import overload_by_types
from jit.ir.program import (
    ATTRIBUTE,
    BUFFER,
    PARAMETER,
    SUBMODULE,
    ClassDefinition,
    Function,
    Program,
)
from jit.ir.registry import all_cards, has_kind, nearest_kinds, overloads_of
from jit.ir.schema import FunctionSchema, read_signature
from jit.ir.span import Source, Span
from jit.ir.spelling import word
from jit.ir.structural import STRUCTURAL_KINDS
from jit.ir.type_text import parse_string, read_name, read_type


def parse_graph(
    text: str,
    *,
    constants: Mapping[str, Array] | None = None,
    program: Program | None = None,
    allow_unknown: bool = False,
    sources: Mapping[str, Source] | None = None,
) -> Graph:
    """The graph of a text.

    `constants` holds the arrays that the text names by digest. `sources` gives the
    texts of the files that comments name, so that the spans can show their lines.
    Raises GraphError, E0601 where the text is no graph, E0602 at an operator that is
    not registered unless `allow_unknown`.
    """
    c = _Reader(text, "<graph>", constants, allow_unknown, sources)
    graph = c.graph(program)
    c.expect_end("graph")
    return graph


def parse_program(
    text: str,
    *,
    constants: Mapping[str, Array] | None = None,
    allow_unknown: bool = False,
    sources: Mapping[str, Source] | None = None,
) -> Program:
    """The program of a text; arguments and errors as for `parse_graph`."""
    c = _Reader(text, "<program>", constants, allow_unknown, sources)
    program = c.program()
    c.expect_end("program")
    return program


@dataclass(frozen=True, slots=True)
class _Section:
    """Stands in an attribute for a graph that follows: `graph_0`."""

    name: str
    token: Token


@dataclass(frozen=True, slots=True)
class _Call:
    """A node whose operator is looked up when the graph is complete."""

    node: Node
    token: Token
    overload: str | None


_ROLES = (PARAMETER, BUFFER, ATTRIBUTE, SUBMODULE)
_SECTION = re.compile(r"(.+)_\d+")
_GRAPH_NAME = re.compile(r"graph_\d+")
_PLACE = re.compile(
    r"""\s* ("(?:[^"\\]|\\.)*"|[^\s":]+) : (\d{1,9}) : (\d{1,9})
    (?: - (?:(\d{1,9}) :)? (\d{1,9}) )?
    (?: \s in \s ("(?:[^"\\]|\\.)*"|[^\s"\\]+) )? \s*""",
    re.VERBOSE,
)


class _Reader(Cursor):
    """The recursive descent, and the names of the graph that is being read."""

    def __init__(
        self,
        text: str,
        name: str,
        constants: Mapping[str, Array] | None,
        allow_unknown: bool,
        sources: Mapping[str, Source] | None,
    ) -> None:
        super().__init__(text, name=name)
        self.constants = constants or {}
        self.allow_unknown = allow_unknown
        self.sources = dict(sources or {})
        self.values: dict[str, Value] = {}
        self.open: set[Block] = set()
        self.calls: list[_Call] = []

    def expect_end(self, what: str) -> None:
        if self.token.kind != "end":
            raise self.error(f"unexpected {self.found} after the {what}")

    # programs -----------------------------------------------------------------

    def program(self) -> Program:
        """program = (class | function)*"""
        program = Program()
        while self.token.kind != "end":
            start = self.token
            if self.accept("def"):
                function = self.function(program)
                if function.name in program.functions:
                    raise self.error(f"`{function.name}` is defined twice", start)
                program.add_function(function)
            elif start.text in ("class", "module", "interface"):
                definition = self.class_definition()
                if definition.name in program.classes:
                    raise self.error(f"`{definition.name}` is defined twice", start)
                program.add_class(definition)
            else:
                expected = "`def`, `class`, `module` or `interface`"
                raise self.error(f"expected {expected}, found {self.found}")
        return program

    def function(self, program: Program) -> Function:
        """function = "def" name signature ":" graph"""
        name = read_name(self)
        arguments, returns, vararg = read_signature(self)
        self.expect(":")
        schema = FunctionSchema(name, "", arguments, returns, vararg)
        return Function(name, self.graph(program), schema)

    def class_definition(self) -> ClassDefinition:
        """class = kind name ("(" name,* ")")? ":" (role name ":" type | "method" name)*

        kind = "class" | "module" | "interface"
        role = "parameter" | "buffer" | "attribute" | "submodule"
        """
        kind = self.advance().text
        definition = ClassDefinition(read_name(self), kind)
        bases = []
        if self.accept("("):
            while not self.accept(")"):
                bases.append(read_name(self))
                if self.token.text != ")":
                    self.expect(",")
        definition.bases = tuple(bases)
        self.expect(":")
        while self.token.text in (*_ROLES, "method") and self.token.kind == "name":
            role = self.advance().text
            token = self.token
            name = read_name(self)
            if role == "method":
                definition.methods.append(name)
                continue
            if name in definition.attributes:
                raise self.error(f"`{name}` is defined twice", token)
            self.expect(":")
            definition.add(name, read_type(self), role)
        return definition

    # graphs -------------------------------------------------------------------

    def graph(self, program: Program | None) -> Graph:
        """graph = body ("with" (kind | name) "=" body)*"""
        self.calls = []
        graph = self.body(program)
        bounds = [len(self.calls)]
        sections: dict[str, tuple[int, Graph, Token]] = {}
        while self.accept("with"):
            token = self.advance()
            if token.kind not in ("kind", "name") or token.text in sections:
                raise self.error("expected a new name of a graph", token)
            self.expect("=")
            inner = self.body(program)
            bounds.append(len(self.calls))
            sections[token.text] = (len(sections) + 1, inner, token)
        start = 0
        for number, end in enumerate(bounds):
            for call in self.calls[start:end]:
                self.finish(call, number, sections)
            start = end
        for name, (_, _, token) in sections.items():
            raise self.error(f"no node holds the graph `{name}`", token)
        return graph

    def body(self, program: Program | None) -> Graph:
        """body = "graph" "(" params ")" ":" node* "return" values"""
        graph = Graph(program)
        self.values = {}
        self.open = {graph.block}
        self.expect("graph")
        self.parameters(graph.block)
        while not self.accept("return"):
            self.node(graph.block)
        for value in self.inputs():
            graph.block.add_return(value)
        return graph

    def block(self, owner: Node, number: int) -> None:
        """block = "block" number "(" params ")" ":" node* "->" values"""
        self.expect(f"block{number}")
        block = owner.add_block()
        self.open.add(block)
        with self.nested():
            self.parameters(block)
            while not self.accept("->"):
                self.node(block)
            for value in self.inputs():
                block.add_return(value)
        self.open.remove(block)

    def parameters(self, block: Block) -> None:
        """params = (value ":" type),*"""
        self.expect("(")
        while not self.accept(")"):
            token, type = self.typed()
            self.define(token, block.add_param(type, _hint(token)))
            if self.token.text != ")":
                self.expect(",")
        self.expect(":")

    def node(self, block: Block) -> None:
        """node = outputs? kind ("." overload)? attributes? values block*

        outputs = (value ":" type),* "="
        An overload named `default` is the one without a name.
        """
        outputs = []
        while self.token.kind == "value":
            outputs.append(self.typed())
            if not self.accept(","):
                break
        if outputs or self.token.text == "=":
            self.expect("=")
        token = self.token
        if token.kind != "kind":
            raise self.error(f"expected an operator, found {self.found}")
        self.advance()
        node = Node(token.text)
        overload = self.expect_kind("name").text if self.accept(".") else None
        if self.token.text == "[":
            self.attributes(node)
        for value in self.inputs():
            node.add_input(value)
        self.place(node)
        block.append(node)
        self.calls.append(_Call(node, token, overload))
        while self.token.text.startswith("block") and self.token.kind == "name":
            self.block(node, len(node.blocks))
        # a node does not see its own outputs
        for name, type in outputs:
            self.define(name, node.add_output(type, _hint(name)))

    def attributes(self, node: Node) -> None:
        """attributes = "[" (name "=" (constant | graph name)),* "]" """
        self.expect("[")
        while not self.accept("]"):
            token = self.token
            name = read_name(self)
            if name in node.attributes:
                raise self.error(f"`{name}` is given twice", token)
            self.expect("=")
            node.attributes[name] = read_constant(self, self.constants, self.reference)
            if self.token.text != "]":
                self.expect(",")

    def reference(self, token: Token) -> _Section | None:
        """What stands for a graph that follows, if a name is that of one."""
        if not _GRAPH_NAME.fullmatch(token.text):
            return None
        return _Section(token.text, token)

    def inputs(self) -> list[Value]:
        """values = "(" value,* ")" """
        found = []
        self.expect("(")
        while not self.accept(")"):
            found.append(self.use(self.expect_kind("value")))
            if self.token.text != ")":
                self.expect(",")
        return found

    # names --------------------------------------------------------------------

    def typed(self) -> tuple[Token, T.Type]:
        token = self.expect_kind("value")
        self.expect(":")
        return token, read_type(self)

    def define(self, token: Token, value: Value) -> None:
        if token.text in self.values:
            raise self.error(f"`{token.text}` is defined twice", token)
        self.values[token.text] = value

    def use(self, token: Token) -> Value:
        value = self.values.get(token.text)
        if value is None:
            raise self.error(f"`{token.text}` is not defined here", token)
        if value.block not in self.open:
            raise self.error(
                f"`{token.text}` is defined in a block that has ended", token
            )
        return value

    # operators ----------------------------------------------------------------

    def finish(
        self, call: _Call, number: int, sections: dict[str, tuple[int, Graph, Token]]
    ) -> None:
        """Give a node the graphs it names and its overload; its operator must exist."""
        node = call.node
        for name, value in node.attributes.items():
            node.attributes[name] = self.resolve(value, number, sections)
        section = _SECTION.fullmatch(node.kind)
        if section and node.kind in sections:
            reference = _Section(node.kind, call.token)
            node.kind = word(section[1])
            node.attributes["Subgraph"] = self.resolve(reference, number, sections)
        if call.overload is None:
            types = [v.type for v in node.inputs]
            node.overload = overload_by_types(node.kind, types) or ""
        elif call.overload != "default":
            node.overload = call.overload
        if not self.allow_unknown:
            self.expect_known(node, call.token)

    def resolve(
        self, value: Any, number: int, sections: dict[str, tuple[int, Graph, Token]]
    ) -> Any:
        if isinstance(value, tuple):
            return tuple(self.resolve(v, number, sections) for v in value)
        if not isinstance(value, _Section):
            return value
        # a graph is held once, by one that stands before it: there are no cycles
        found = sections.pop(value.name, None)
        if found is None or found[0] <= number:
            raise self.error(f"no graph `{value.name}` follows", value.token)
        return found[1]

    def expect_known(self, node: Node, token: Token) -> None:
        if node.kind in STRUCTURAL_KINDS:
            return
        names = [card.schema.overload for card in overloads_of(node.kind)]
        if node.overload in names:
            return
        if has_kind(node.kind):
            types = ", ".join(f"`{v.type}`" for v in node.inputs)
            message = f"no overload of `{node.kind}` takes {types or 'no arguments'}"
            if node.overload:
                message = f"`{node.kind}` has no overload `{node.overload}`"
            listed = ", ".join(f"`{name or 'default'}`" for name in names)
            help = f"its overloads are {listed}"
        else:
            message = f"there is no operator `{node.kind}`"
            near = ", ".join(f"`{k}`" for k in nearest_kinds(node.kind))
            help = f"the nearest are {near}" if near else ""
            if next(all_cards(), None) is None:
                help = "no operators are registered: import `jit.runtime.ops` first"
        span = self.span(token)
        raise GraphError(Diagnostic("E0602", message, span, help=help))

    # places -------------------------------------------------------------------

    def place(self, node: Node) -> None:
        """place = span ("<" span)*, in a comment behind the inputs of a node"""
        end = self.index - 1
        while self.tokens[end].kind == "comment":
            end -= 1
        comment = self.tokens[end + 1]
        if comment.kind != "comment":
            return
        if "\n" in self.text[self.tokens[end].end : comment.start]:
            return
        spans = []
        position = 1
        while found := _PLACE.match(comment.text, position):
            spans.append(self.span_of(found))
            position = found.end()
            if comment.text[position : position + 1] != "<":
                break
            position += 1
        if position == len(comment.text) and spans:
            node.span, node.stack = spans[0], tuple(spans[1:])

    def span_of(self, found: re.Match[str]) -> Span:
        """span = file ":" line ":" column ("-" (line ":")? column)? ("in" name)?"""
        file, line, column, end_line, end, function = found.groups()
        if file.startswith('"'):
            file = parse_string(file)
        if function and function.startswith('"'):
            function = parse_string(function)
        return Span(
            self.sources.setdefault(file, Source(file)),
            int(line),
            int(column),
            int(end_line or line),
            int(end or column),
            function or "",
        )


def _hint(token: Token) -> str:
    name = token.text[1:]
    return "" if name.isdecimal() else name

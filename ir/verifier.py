"""Is a graph or program well formed? All problems at once, each with its place.

Checked in order: ownership and links; use lists; every value defined once and visible
where it is used; attributes and types; each node against the schema of its card or the
rule of its structural kind; exits, aliases; what a stage of compilation forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.diagnostic import Diagnostic, GraphError
from jit.ir.dtypes import DType
from jit.ir.graph import NOT_CONSTANT, Block, Graph, Node, Value
from jit.ir.naming import Names, names_of
from jit.ir.printer import format_head, graph_lines
from jit.ir.program import SUBMODULE, ClassDefinition, Function, Program
from jit.ir.registry import find_card, has_kind
from jit.ir.schema import FunctionSchema
from jit.ir.span import NOWHERE
from jit.ir.specs import SPECS
from jit.ir.structural import (
    STRUCTURAL_KINDS,
    check_call,
    check_structural,
    is_related,
    lineage,
)
from jit.ir.subtyping import within


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a graph or program."""

    message: str
    place: str = ""
    """The printed line of the node, or the name of the function or class."""
    node: Node | None = field(default=None, repr=False)
    function: str = ""

    def __str__(self) -> str:
        where = f" in `{self.function}`" if self.function else ""
        return f"{self.message}{where}: `{self.place}`" if self.place else self.message


def check(
    graph: Graph,
    *,
    specs: Iterable[str] = (),
    allow_unknown: bool = False,
    spans: bool = False,
) -> list[Problem]:
    """All problems of a graph.

    `specs` names sets of forbidden kinds of `jit.ir.specs`. `allow_unknown` accepts
    operators that are not registered. `spans` asks for a place in the source on each
    node.
    """
    broken = list(_check_links(graph.block))
    if broken:
        # a graph whose links are broken can be neither walked nor printed
        return broken
    found = _Check(graph, tuple(specs), allow_unknown, spans)
    classes = {} if graph.program is None else graph.program.classes
    with within({name: c.bases for name, c in classes.items() if c.bases}):
        found.run()
    return found.problems


def check_program(
    program: Program,
    *,
    specs: Iterable[str] = (),
    allow_unknown: bool = False,
    spans: bool = False,
) -> list[Problem]:
    """All problems of a program: of its classes, signatures and graphs."""
    specs = tuple(specs)
    problems = []
    for key, definition in program.classes.items():
        problems += [
            Problem(message, f"{definition.kind} {key}")
            for message in _check_class(program, key, definition)
        ]
    for key, function in program.functions.items():
        problems += [
            Problem(message, f"def {key}", function=key)
            for message in _check_signature(program, key, function)
        ]
        inner = check(
            function.graph, specs=specs, allow_unknown=allow_unknown, spans=spans
        )
        problems += [replace(problem, function=key) for problem in inner]
    return problems


def assert_valid(
    root: Graph | Program,
    *,
    specs: Iterable[str] = (),
    allow_unknown: bool = False,
    spans: bool = False,
    when: str = "",
) -> None:
    """Raise GraphError E0603 if there is any problem.

    The error shows the graph with a caret line under each bad node; `when` says in the
    headline what was done before, "after `cse`".
    """
    options: dict[str, Any] = {
        "specs": tuple(specs),
        "allow_unknown": allow_unknown,
        "spans": spans,
    }
    if isinstance(root, Graph):
        what, problems = "graph", check(root, **options)
    else:
        what, problems = "program", check_program(root, **options)
    if problems:
        raise GraphError(_diagnostic(root, what, when, problems))


def _diagnostic(
    root: Graph | Program, what: str, when: str, problems: list[Problem]
) -> Diagnostic:
    headline = f"the {what} is not valid{f' {when}' if when else ''}: "
    headline += problems[0].message
    if len(problems) > 1:
        headline += f" (and {len(problems) - 1} more)"
    text, marked = _marked_text(root, problems)
    rest = [p for p in problems if p not in marked]
    notes = [str(p) for p in rest[:SHOWN]]
    if len(rest) > SHOWN:
        notes.append(f"{len(rest) - SHOWN} more")
    if text:
        notes.append(text)
    return Diagnostic("E0603", headline, notes=tuple(notes))


SHOWN = 20
"""How many problems an error lists."""

LONG = 100
"""An error shows graphs of more lines in part,"""

CONTEXT = 3
"""namely these many lines around each bad node."""


def _marked_text(
    root: Graph | Program, problems: list[Problem]
) -> tuple[str, list[Problem]]:
    """The graphs that have problems, with carets under the bad nodes, and which."""
    parts: list[str] = []
    marked: list[Problem] = []
    graphs = {"": root} if isinstance(root, Graph) else {
        name: function.graph for name, function in root.functions.items()
    }  # fmt: skip
    for name, graph in graphs.items():
        own = [p for p in problems if p.function == name and p.node is not None]
        if not own or any(_check_links(graph.block)):
            continue
        lines, found = _marked_lines(graph, own)
        parts += [f"in {f'`{name}`' if name else 'the graph'}:", *lines]
        marked += found
    return "\n".join(parts), marked


def _marked_lines(
    graph: Graph, problems: list[Problem]
) -> tuple[list[str], list[Problem]]:
    by_node: dict[Node | None, list[Problem]] = {}
    for problem in problems:
        by_node.setdefault(problem.node, []).append(problem)
    lines = list(graph_lines(graph))
    bad = [i for i, (node, _) in enumerate(lines) if node in by_node]
    near = {j for i in bad for j in range(i - CONTEXT, i + CONTEXT + 1)}
    shown: list[str] = []
    marked: list[Problem] = []
    for i, (node, text) in enumerate(lines):
        if len(lines) > LONG and i not in near:
            if shown[-1:] != ["…"]:
                shown.append("…")
            continue
        shown += text.split("\n")
        last = shown[-1]
        margin = " " * (len(last) - len(last.lstrip()))
        sign = "^" * len(last.strip())
        for problem in by_node.get(node, ()):
            shown.append(f"{margin}{sign} {problem.message}")
            sign = " " * len(sign)
            marked.append(problem)
    return shown, marked


def _check_links(block: Block) -> Iterator[Problem]:
    """Ownership and links: nodes and blocks know each other."""
    for end, name in ((block.param, "param"), (block.result, "result")):
        if end.block is not block:
            yield Problem(f"the {name} of a block belongs to another block")
    seen: set[int] = set()
    node = block.result._next
    while node is not block.result:
        place = f"{node.kind} of {len(node.outputs)} outputs"
        if node._next._previous is not node or node._previous._next is not node:
            yield Problem("the neighbours of a node do not know it", place)
            return
        if id(node) in seen:
            yield Problem("a node stands twice in its block", place)
            return
        seen.add(id(node))
        if node.block is not block:
            yield Problem("a node stands in a block that it does not know", place)
        for i, value in enumerate(node.outputs):
            if value.node is not node or value.index != i:
                yield Problem(f"output {i} of a node belongs to another node", place)
        for inner in node.blocks:
            if inner.owner is not node:
                yield Problem("a block is owned by another node", place)
            else:
                yield from _check_links(inner)
        node = node._next


class _Check:
    """One walk through a graph whose links are whole."""

    def __init__(
        self, graph: Graph, specs: tuple[str, ...], allow_unknown: bool, spans: bool
    ) -> None:
        self.graph = graph
        self.specs = specs
        self.allow_unknown = allow_unknown
        self.spans = spans
        self.problems: list[Problem] = []
        self.names: Names = names_of(graph)
        self.defined: dict[Value, None] = {}
        self.standing: set[Node] = set()
        self.uses: set[tuple[Value, Node, int]] = set()
        self.visible: set[Value] = set()
        self.open: set[Block] = set()

    def run(self) -> None:
        for block in self.graph.block.all_blocks:
            self.standing |= {block.result, *block.nodes}
            self.defined.update(dict.fromkeys(block.params))
            for node in block.nodes:
                self.defined.update(dict.fromkeys(node.outputs))
        for value in self.defined:
            self.value(value)
        self.block(self.graph.block)

    def report(self, node: Node, message: str) -> None:
        place = self.line(node)
        self.problems.append(Problem(message, place, node))

    def line(self, node: Node) -> str:
        if node.kind == "prim::Param":
            params = ", ".join(f"%{self.names[v]} : {v.type}" for v in node.outputs)
            return f"({params}):"
        if node.kind == "prim::Return":
            return f"-> ({', '.join(f'%{self.names[v]}' for v in node.inputs)})"
        return format_head(node, self.names)

    # values -------------------------------------------------------------------

    def value(self, value: Value) -> None:
        """Uses point back; the type can be that of a value."""
        name = f"`%{self.names[value]}`"
        places = {(use.node, use.index) for use in value.uses}
        self.uses.update((value, node, index) for node, index in places)
        if len(places) != len(value.uses):
            self.report(value.node, f"a use of {name} is listed twice")
        for node, index in places:
            if node not in self.standing:
                message = f"{name} is used by `{node.kind}`, which is not in the graph"
                self.report(value.node, message)
            elif not (index < len(node.inputs) and node.inputs[index] is value):
                message = f"{name} lists a use that does not read it"
                self.report(value.node, message)
        if T.contains_variable(value.type):
            message = f"{name} is `{value.type}`, which is no type of a value"
            self.report(value.node, message)
        for missing in _unknown_names(value.type, self.graph.program):
            message = f"{name} is `{missing}`, which the program does not define"
            self.report(value.node, message)

    def block(self, block: Block) -> None:
        self.open.add(block)
        self.visible.update(block.params)
        for node in block.nodes:
            self.inputs(node)
            self.node(node)
            for inner in node.blocks:
                self.block(inner)
            self.visible.update(node.outputs)
        self.inputs(block.result)
        self.visible.difference_update(block.params)
        for node in block.nodes:
            self.visible.difference_update(node.outputs)
        self.open.remove(block)

    def inputs(self, node: Node) -> None:
        """What a node reads is visible to it and knows of the use."""
        for index, value in enumerate(node.inputs):
            name = f"`%{self.names[value]}`"
            if value not in self.defined:
                self.report(node, f"{name} is defined by no node of this graph")
                continue
            if (value, node, index) not in self.uses:
                self.report(node, f"input {index}, {name}, does not list this use")
            if value in self.visible:
                continue
            if value.block in self.open:
                self.report(node, f"{name} is used before it is defined")
            else:
                self.report(node, f"{name} is defined in a block that is not around")

    # nodes --------------------------------------------------------------------

    def node(self, node: Node) -> None:
        for name, value in node.attributes.items():
            self.attribute(node, name, value)
        if node.kind in STRUCTURAL_KINDS:
            for message in check_structural(node):
                self.report(node, message)
        else:
            self.operator(node)
        for name in self.specs:
            spec = SPECS[name]
            if node.kind in spec.forbidden:
                self.report(node, f"`{node.kind}` stands where {spec.why}")
        if self.spans and node.span is NOWHERE:
            self.report(node, "it has no place in the source")

    def operator(self, node: Node) -> None:
        card = find_card(node.kind, node.overload)
        if card is None:
            if self.allow_unknown:
                return
            if has_kind(node.kind):
                message = f"`{node.kind}` has no overload `{node.overload}`"
            else:
                message = f"there is no operator `{node.kind}`"
            self.report(node, message)
            return
        for message in check_call(card.schema, node.inputs, node.outputs):
            self.report(node, message)
        if node.blocks:
            self.report(node, "only control flow has blocks")
        for message in _check_aliases(card.schema, node):
            self.report(node, message)

    def attribute(self, node: Node, name: str, value: Any) -> None:
        """Attributes are of the kinds that can be printed; graphs inside are valid."""
        if isinstance(value, Graph):
            inner = check(
                value,
                specs=self.specs,
                allow_unknown=self.allow_unknown,
                spans=self.spans,
            )
            self.problems += inner
        elif isinstance(value, tuple):
            for item in value:
                self.attribute(node, name, item)
        elif isinstance(value, np.ndarray):
            if value.flags.writeable:
                self.report(node, f"the array of `{name}` can be written to")
        elif type(value) not in _PLAIN_ATTRIBUTES:
            kind = type(value).__name__
            self.report(node, f"the attribute `{name}` cannot hold a `{kind}`")


_PLAIN_ATTRIBUTES = (type(None), bool, int, float, complex, str, DType)


def _unknown_names(type: T.Type, program: Program | None) -> Iterator[T.Type]:
    if program is None:
        return
    if isinstance(type, T.ClassType | T.ModuleType | T.InterfaceType):
        if type.name not in program.classes or program.class_of(type).type != type:
            yield type
    elif isinstance(type, T.FunctionType) and type.name not in program.functions:
        yield type
    for inner in T.children(type):
        yield from _unknown_names(inner, program)


def _check_aliases(schema: FunctionSchema, node: Node) -> Iterator[str]:
    """Nothing writes to a constant, and results share only what arguments name."""
    for index in schema.writes:
        if index < len(node.inputs):
            value = node.inputs[index]
            if value.constant is not NOT_CONSTANT and value.type != T.NONE:
                name = schema.arguments[index].name
                yield f"it writes to its argument `{name}`, which is a constant"
    known = {"*"} | {a.alias.name for a in schema.arguments if a.alias}
    for result in schema.returns:
        if result.alias and not known.issuperset(result.alias.name.split("|")):
            yield f"no argument of `{schema.name}` has the alias `{result.alias.name}`"


def _check_signature(program: Program, key: str, function: Function) -> Iterator[str]:
    schema, graph = function.schema, function.graph
    if function.name != key or schema.kind != key or schema.overload:
        yield f"it is named `{function.name}` and its schema `{schema.name}`"
    if graph.program is not program:
        yield "its graph belongs to another program"
    if len(graph.inputs) != len(schema.arguments):
        yield (
            f"the graph has {len(graph.inputs)} inputs,"
            f" the schema {len(schema.arguments)} arguments"
        )
    elif len(graph.outputs) != 1:
        yield f"the graph has {len(graph.outputs)} outputs, expected 1"
    else:
        for argument, value in zip(schema.arguments, graph.inputs, strict=True):
            if not is_related(value.type, argument.type):
                name = f"`{argument.name}`"
                yield f"argument {name} is `{argument.type}` and `{value.type}`"
        returned, wanted = graph.outputs[0].type, schema.returns
        if len(wanted) != 1:
            yield f"the schema has {len(wanted)} results, expected 1"
        elif not is_related(returned, wanted[0].type):
            yield f"it returns `{returned}`, the schema says `{wanted[0].type}`"


def _check_class(
    program: Program, key: str, definition: ClassDefinition
) -> Iterator[str]:
    if definition.name != key:
        yield f"it is named `{definition.name}`"
    if definition.kind not in ("class", "module", "interface"):
        yield f"there are no definitions of kind `{definition.kind}`"
        return
    for base in definition.bases:
        if base not in program.classes:
            yield f"the program has no base `{base}`"
        elif key in lineage(program, base):
            yield f"it is a base of its base `{base}`"
    for name, slot in definition.attributes.items():
        if slot.name != name:
            yield f"the slot `{name}` is named `{slot.name}`"
        for missing in _unknown_names(slot.type, program):
            yield f"slot `{name}` is `{missing}`, which the program does not define"
        inner = isinstance(slot.type, T.ModuleType | T.InterfaceType)
        if slot.role == SUBMODULE and not inner:
            yield f"the submodule `{name}` is `{slot.type}`, which is no module"
    for name in definition.methods:
        function = program.functions.get(f"{key}.{name}")
        if function is None:
            if definition.kind != "interface":
                yield f"the method `{name}` has no function `{key}.{name}`"
        elif not function.graph.inputs or not _takes_self(function, definition):
            yield f"the first argument of the method `{name}` is not `{definition.type}`"


def _takes_self(function: Function, definition: ClassDefinition) -> bool:
    return function.graph.inputs[0].type == definition.type

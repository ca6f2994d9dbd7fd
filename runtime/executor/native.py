"""Whether and how the executor runs machine code.

Machine code needs llvmlite. `JIT_NATIVE=0` and `jit.runtime.executor.modes` switch it
off.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph, Node, Value, outer_values
from jit.passes import partition
from jit.runtime import bytecode, codegen
from jit.runtime.executor.explanation import INTERPRETED, Explanation
from jit.runtime.executor.modes import native_wanted
from jit.runtime.gathering import Gathering

FindGraph = Callable[[str, Sequence[T.Type]], Graph]


def native_enabled() -> bool:
    """Whether graphs are compiled to machine code."""
    return native_wanted() and codegen.is_available()


_HINT = "llvmlite is not installed: pip install 'tracescript[native]'"


def why_interpreted() -> Explanation:
    """Why nothing of a function is machine code; the log hears once what is missing."""
    if not codegen.is_available():
        _tell_what_is_missing()
        return Explanation(False, (_HINT,))
    if not native_wanted():
        return Explanation(False, ("machine code is switched off",))
    return INTERPRETED  # it may come later


@functools.cache
def _tell_what_is_missing() -> None:
    logging.getLogger("jit").info("programs are interpreted: %s", _HINT)


@dataclass(frozen=True, slots=True)
class NativeGraph:
    """A graph made ready: as a whole, or with regions."""

    function: Callable[..., Any] | None
    """The machine code of the whole graph."""
    graph: Graph
    """The graph to interpret, with its regions."""
    natives: dict[Node, Callable[..., Any]]
    """What runs the regions."""
    explanation: Explanation
    machine: Any = None
    """The `NativeCode` of the whole graph, if there is one."""


def compile_native(
    graph: Graph,
    name: str,
    find_graph: FindGraph,
    slow: Callable[..., Any],
    gathering: Gathering | None = None,
    takes_arrays: bool = False,
) -> NativeGraph:
    """Make machine code of a graph, or of parts of it.

    `slow` takes the calls whose arguments do not fit. `gathering` says where the inputs
    are, if they are not the arguments.
    """
    from jit.runtime.codegen.calls import calling
    from jit.runtime.codegen.lowering import Reason
    from jit.runtime.codegen.making.warm import compile_graph

    problem = calling.problem()
    if problem:
        explanation = Explanation(False, (Reason("call", problem),))
        return NativeGraph(None, graph, {}, explanation)
    made = compile_graph(graph, name, find_graph, gathering, takes_arrays)
    if not isinstance(made, list):
        explanation = Explanation(True, (), 0, (made,))
        return NativeGraph(made.function(slow), graph, {}, explanation, made)
    return _Regions(graph, name, find_graph, made).compile()


class _Regions:
    """Finds the parts of a graph of which machine code can be made."""

    def __init__(
        self, graph: Graph, name: str, find_graph: FindGraph, reasons: list[Any]
    ) -> None:
        self.graph = graph.copy()
        self.name = name
        self.find_graph = find_graph
        self.reasons = reasons
        self.refused: dict[Node, Any] = {}

    def compile(self) -> NativeGraph:
        from jit.runtime.codegen.lowering import find_reason

        found: list[tuple[list[Node], partition.Part, Any]] = []
        pending = partition.runs(self.graph, self._accepts)
        while pending:
            nodes = pending.pop()
            made = self._try(nodes)
            if made is None:
                # what was refused cuts the run; the rest is tried again
                pending += [
                    run
                    for run in partition.runs(self.graph, self._accepts)
                    if _overlap(run, nodes)
                ]
            elif made:
                found.append((nodes, *made))
        natives: dict[Node, Callable[..., Any]] = {}
        codes = []
        for nodes, part, code in found:
            region = partition.replace(nodes, part)
            natives[region] = code.function(_interpreter(part.graph, self.name))
            codes.append(code)
        reasons = [r for r in self.refused.values() if r is not None]
        reasons += [
            reason
            for node in self.graph.all_nodes
            if node.kind != "prim::NativeRegion"
            and node not in self.refused
            and (reason := find_reason(node)) is not None
        ]
        explanation = Explanation(
            False, tuple(reasons or self.reasons), len(found), tuple(codes)
        )
        return NativeGraph(None, self.graph, natives, explanation)

    def _accepts(self, node: Node) -> bool:
        from jit.runtime.codegen.lowering import find_reason

        return node not in self.refused and find_reason(node) is None

    def _try(self, nodes: list[Node]) -> Any:
        """The part and its code; None if a node had to be refused; empty if the part is
        not worth it."""
        from jit.runtime.codegen.program import compile_graph

        if not _is_worth_it(nodes):
            return ()
        part = partition.extract(nodes)
        if self._refuse_border(nodes, part):
            return None
        made = compile_graph(part.graph, self.name, self.find_graph)
        if not isinstance(made, list):
            return part, made
        for reason in made:
            node = None if reason.node is None else part.origin.get(reason.node)
            if node is None:
                # it is the part as a whole that is declined
                self.refused.update(dict.fromkeys(nodes))
                self.refused[nodes[0]] = reason
            else:
                self.refused[node] = reason
        return None

    def _refuse_border(self, nodes: list[Node], part: partition.Part) -> bool:
        """Refuse nodes that hand over what machine code neither takes nor gives."""
        from jit.runtime.codegen.lowering import Reason
        from jit.runtime.codegen.program import border_reason

        refused = False
        for value in part.inputs:
            why = border_reason(value.type, is_result=False)
            for node in nodes if why else ():
                if _reads(node, value):
                    self.refused[node] = Reason(node.full_name, why, node)
                    refused = True
        for value in part.outputs:
            why = border_reason(value.type, is_result=True)
            if why:
                self.refused[value.node] = Reason(value.node.full_name, why, value.node)
                refused = True
        return refused


def _reads(node: Node, value: Value) -> bool:
    return value in node.inputs or value in outer_values(node.blocks)


def _overlap(run: list[Node], nodes: list[Node]) -> bool:
    """Whether a run, or nodes that contain it, was part of another."""
    old = set(nodes)
    place: Node | None = run[0]
    while place is not None:
        if place in old:
            return True
        place = place.block.owner
    return False


_WORTH = ("prim::FusionGroup", "prim::Loop")


def _is_worth_it(nodes: list[Node]) -> bool:
    """A call costs as much as a few instructions of the interpreter."""
    return len(nodes) > 1 or nodes[0].kind in _WORTH


def _interpreter(graph: Graph, name: str) -> Callable[..., Any]:
    """Interprets a region whose arguments do not fit its machine code."""
    code = bytecode.assemble(graph, name)
    return lambda *args: bytecode.run(code, args)

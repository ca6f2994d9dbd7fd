"""Remove nodes whose results nobody needs.

    %a : Tensor = aten::neg(%x)
    %b : Tensor = aten::exp(%x)                %b : Tensor = aten::exp(%x)
    return (%b)                       →        return (%b)

Nodes stay that may raise, print, or write what somebody still reads. Blocks lose
outputs, and loops the carried values, that nobody needs.

Idempotent.
"""

from __future__ import annotations

from jit.ir.graph import Block, Graph, Node, Value
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import Aliases, aliases, is_mutable


def run(graph: Graph) -> bool:
    """Return whether anything was removed."""
    live = _Live(aliases(graph))
    for value in graph.outputs:
        live.mark(value)
    live.add_roots(graph.block)
    live.finish()
    return _sweep(graph.block, live)


class _Live:
    """Which nodes and values are needed, found backwards from what is seen outside."""

    def __init__(self, known: Aliases) -> None:
        self.aliases = known
        self.nodes: set[Node] = set()
        self.values: set[Value] = set()
        self.pending: list[Value | Node] = []
        self._written: set[int] = set()

    def add_roots(self, block: Block) -> None:
        """Mark nodes that do something besides giving values."""
        for node in block.nodes:
            if node.blocks:
                for inner in node.blocks:
                    self.add_roots(inner)
                if node.kind == "prim::Loop" and effects.may_never_end(node):
                    self.mark(node)
            elif self.is_root(node):
                self.mark(node)

    def is_root(self, node: Node) -> bool:
        """Whether a node does something that is seen outside."""
        if effects.has_effect(node) or effects.may_raise(node):
            return True
        return any(map(self.aliases.is_wildcard, effects.written_values(node)))

    def mark(self, what: Value | Node) -> None:
        seen = self.nodes if isinstance(what, Node) else self.values
        if what not in seen:
            seen.add(what)  # type: ignore[arg-type]
            self.pending.append(what)

    def finish(self) -> None:
        """Mark all that marked nodes and values need."""
        while self.pending:
            what = self.pending.pop()
            if isinstance(what, Node):
                self.need_node(what)
            else:
                self.need_value(what)

    def need_node(self, node: Node) -> None:
        """What a node needs to run at all."""
        owner = node.block.owner
        if owner is not None:
            self.mark(owner)
        if not node.blocks:
            for value in node.inputs:
                self.mark(value)
            return
        if node.kind == "prim::If":
            self.mark(node.inputs[0])
        elif node.kind == "prim::Loop":
            self.mark(node.inputs[0])
            self.mark(node.inputs[1])
            self.mark(node.blocks[0].returns[0])

    def need_value(self, value: Value) -> None:
        """Where a value comes from, and who writes what it holds."""
        self.need_writers(value)
        node, index = value.node, value.index
        if node.kind == "prim::Param":
            owner = node.block.owner
            if owner is None:
                return
            self.mark(owner)
            if owner.kind == "prim::Loop" and index > 0:
                self.mark(owner.inputs[index + 1])
                self.mark(node.block.returns[index])
            return
        self.mark(node)
        if node.kind == "prim::Loop":
            self.mark(node.inputs[index + 2])
            self.mark(node.blocks[0].returns[index + 1])
        else:
            for block in node.blocks:
                self.mark(block.returns[index])

    def need_writers(self, value: Value) -> None:
        if not is_mutable(value.type):
            return
        key = id(self.aliases.find(value))
        if key not in self._written:
            self._written.add(key)
            for writer in self.aliases.writers(value):
                self.mark(writer)


def _sweep(block: Block, live: _Live) -> bool:
    """Remove what is not needed from a block and the blocks inside."""
    changed = False
    for node in block.reversed_nodes:
        if node not in live.nodes:
            node.destroy()
            changed = True
        elif node.kind == "prim::Loop":
            changed |= _trim_loop(node, live)
        elif node.blocks:
            changed |= _trim_branches(node, live)
    return changed


def _trim_branches(node: Node, live: _Live) -> bool:
    changed = False
    for i in reversed(range(len(node.outputs))):
        if node.outputs[i] not in live.values:
            node.remove_output(i)
            for block in node.blocks:
                block.result.remove_input(i)
            changed = True
    for block in node.blocks:
        changed |= _sweep(block, live)
    return changed


def _trim_loop(loop: Node, live: _Live) -> bool:
    (body,) = loop.blocks
    dead = [
        i
        for i, output in enumerate(loop.outputs)
        if output not in live.values and body.params[i + 1] not in live.values
    ]
    for i in reversed(dead):
        body.result.remove_input(i + 1)
    changed = _sweep(body, live)
    for i in reversed(dead):
        body.param.remove_output(i + 1)
        loop.remove_input(i + 2)
        loop.remove_output(i)
    return changed or bool(dead)

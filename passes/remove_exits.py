"""Turn `return`, `break` and `continue` anywhere into values of structured blocks.

     = prim::If(%c)
      block0():                              %r : int = prim::If(%c)
         = prim::ReturnStmt(%a)                block0():
        -> ()                                    -> (%a)
      block1():                        →       block1():
        -> ()                                    %b : int = aten::neg(%a)
    %b : int = aten::neg(%a)                     -> (%b)
     = prim::ReturnStmt(%b)                  return (%r)
    return (%nothing)

What follows an `If` with one branch that always leaves moves into the other branch. If
both branches may go on, the node gets a flag that says whether it was left, and what
follows moves under a new `If` of that flag. A loop that may be left by `return` carries
the flag and the value, and its condition becomes false. Values of paths that were not
taken are `prim::Uninitialized`; nobody reads them.

`prim::BreakStmt(carried...)` and `prim::ContinueStmt(carried...)` list the current
values of what the loop carries. A `continue` goes on with the condition true, unless it
lists the condition as well, before the others.

Idempotent: afterwards no exits are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.unification import unify

RETURN, BREAK, CONTINUE = "prim::ReturnStmt", "prim::BreakStmt", "prim::ContinueStmt"
EXITS = (RETURN, BREAK, CONTINUE)
RAISES = ("prim::RaiseException", "prim::ReRaise")
UNINITIALIZED = "prim::Uninitialized"
_LEAVE_ITERATION = "prim::LeaveIteration"
"""Stands for `break` and `continue` meanwhile: its inputs are what the body returns."""

FALLS, MAYBE, ALWAYS, NOWHERE = "falls", "maybe", "always", "nowhere"
"""How a block ends: reaches its end; may leave; always leaves; always raises."""


def run(graph: Graph) -> bool:
    """Return whether there were exits to remove."""
    if not any(node.kind in EXITS for node in graph.all_nodes):
        return False
    for loop in reversed(graph.find_nodes("prim::Loop")):
        _remove_loop_exits(loop)
    if graph.find_nodes(RETURN):
        types = _types_of_results(graph)
        _Remover(RETURN, types).close(graph.block)
    for node in graph.find_nodes(UNINITIALIZED):
        if not node.output.uses:
            node.destroy()
    return True


def _remove_loop_exits(loop: Node) -> None:
    """Remove `break` and `continue` of a loop whose inner loops have none."""
    (body,) = loop.blocks
    exits = [n for n in body.all_nodes if n.kind in (BREAK, CONTINUE)]
    if not exits:
        return
    for node in exits:
        make = Builder(node)
        values = list(node.inputs)
        if len(values) < len(body.returns):
            values.insert(0, make.constant(node.kind == CONTINUE))
        make.node(_LEAVE_ITERATION, values)
        node.destroy()
    types = [T.BOOL, *(p.type for p in body.params[1:])]
    _Remover(_LEAVE_ITERATION, types).close(body)


def _types_of_results(graph: Graph) -> list[T.Type]:
    """The common types of what the returns give."""
    returned = [n.inputs for n in graph.find_nodes(RETURN)]
    if not any(_is_uninitialized(v) for v in graph.outputs):
        returned.append(graph.outputs)
    types = []
    for values in zip(*returned, strict=True):
        common = values[0].type
        for value in values[1:]:
            joined = unify(common, value.type)
            assert joined is not None, "the returned values have no common type"
            common = joined
        types.append(common)
    return types


@dataclass(slots=True)
class _Exit:
    """How control leaves a block for the target."""

    status: str
    flag: Value | None = None
    """Whether it left; only for MAYBE."""
    values: Sequence[Value] = field(default=())
    """What it takes along; for MAYBE and ALWAYS."""


@dataclass(slots=True)
class _Remover:
    """Removes the exits of one kind, all of which lead to the end of one block."""

    kind: str
    types: Sequence[T.Type]
    """Types of what an exit takes along: the returns of the target block."""

    def close(self, target: Block) -> None:
        """Let all exits inside a block give its returns."""
        Builder(target).node(self.kind, target.returns)
        left = self.leave(target)
        for i, value in enumerate(left.values):
            target.result.set_input(i, value)

    def leave(self, block: Block) -> _Exit:
        """Make a block free of exits and say how it is left."""
        for node in block.nodes:
            if node.kind == self.kind:
                values = list(node.inputs)
                _cut_after(node)
                node.destroy()
                return _Exit(ALWAYS, values=values)
            if self.is_end(node):
                _cut_after(node)
                return _Exit(NOWHERE)
            left = self.leave_node(node)
            if left.status in (ALWAYS, NOWHERE):
                _cut_after(node)
                return left
            if left.status == MAYBE:
                return self.guard_rest(node, left)
        return _Exit(FALLS)

    def is_end(self, node: Node) -> bool:
        """Whether control ends at a node that is no exit of ours."""
        return node.kind in RAISES or node.kind in (*EXITS, _LEAVE_ITERATION)

    def leave_node(self, node: Node) -> _Exit:
        if node.kind in ("prim::If", "prim::Try"):
            if node.kind == "prim::If":
                self.sink_rest(node)
            return self.merge(node, [self.leave(b) for b in node.blocks])
        if node.kind == "prim::Loop" and self.kind == RETURN:
            return self.leave_loop(node)
        return _Exit(FALLS)

    def sink_rest(self, node: Node) -> None:
        """Move what follows an `If` into its branch that goes on, if only one does."""
        ends = [self.classify(b) for b in node.blocks]
        if ALWAYS not in ends or not {FALLS, MAYBE} & set(ends) or node.next is None:
            return
        leaves = node.blocks[ends.index(ALWAYS)]
        stays = node.blocks[1 - ends.index(ALWAYS)]
        for output, value in zip(node.outputs, stays.returns, strict=True):
            output.replace_all_uses_with(value)
        while node.outputs:
            _remove_output(node, len(node.outputs) - 1)
        _move_rest(node, stays, leaves)

    def guard_rest(self, node: Node, left: _Exit) -> _Exit:
        """Run what follows a node only if control did not leave there."""
        if node.next is None:
            return left
        assert left.flag is not None
        make = Builder(node.next)
        make.span, make.stack = node.span, node.stack
        guard = make.node("prim::If", [left.flag])
        gone, rest = guard.add_block(), guard.add_block()
        _move_rest(guard, rest, gone)
        after = self.leave(rest)
        if after.status == FALLS:
            return left
        return self.merge(guard, [_Exit(ALWAYS, values=left.values), after])

    def merge(self, node: Node, lefts: Sequence[_Exit]) -> _Exit:
        """How a node is left, given how each of its blocks is."""
        status = join(lefts[0].status, lefts[1].status)
        if status in (FALLS, NOWHERE):
            return _Exit(status)
        if status == ALWAYS:
            _cut_after(node)
            while node.outputs:
                _remove_output(node, len(node.outputs) - 1)
        flag = None
        if status == MAYBE:
            flag = node.add_output(T.BOOL, "left")
            for block, left in zip(node.blocks, lefts, strict=True):
                block.add_return(_flag_of(block, left))
        values = []
        for i, type in enumerate(self.types):
            values.append(node.add_output(type))
            for block, left in zip(node.blocks, lefts, strict=True):
                known = left.values[i] if left.values else _uninitialized(block, type)
                block.add_return(known)
        return _Exit(status, flag, values)

    def leave_loop(self, loop: Node) -> _Exit:
        """Carry out of a loop whether it was left by `return`, and the value."""
        (body,) = loop.blocks
        left = self.leave(body)
        if left.status in (FALLS, NOWHERE):
            return _Exit(FALLS)
        before = Builder(loop)
        loop.add_input(before.constant(False))
        body.add_param(T.BOOL)
        flag = loop.add_output(T.BOOL, "left")
        body.add_return(_flag_of(body, left))
        values = []
        for value, type in zip(left.values, self.types, strict=True):
            loop.add_input(before.node(UNINITIALIZED, (), [type]).output)
            body.add_param(type)
            body.add_return(value)
            values.append(loop.add_output(type))
        body.result.set_input(0, _continues(body, left))
        return _Exit(MAYBE, flag, values)

    def classify(self, block: Block) -> str:
        """How a block will be left, before it is changed."""
        status = FALLS
        for node in block.nodes:
            here = FALLS
            if node.kind == self.kind:
                here = ALWAYS
            elif self.is_end(node):
                here = NOWHERE
            elif node.kind in ("prim::If", "prim::Try"):
                here = join(*map(self.classify, node.blocks))
            elif node.kind == "prim::Loop" and self.kind == RETURN:
                inside = self.classify(node.blocks[0])
                here = FALLS if inside in (FALLS, NOWHERE) else MAYBE
            if here in (ALWAYS, NOWHERE):
                return ALWAYS if status == MAYBE else here
            if here == MAYBE:
                status = MAYBE
        return status


def join(a: str, b: str) -> str:
    """How a node is left if its blocks are left like this."""
    if a in (NOWHERE, b):
        return b
    return a if b == NOWHERE else MAYBE


def _flag_of(block: Block, left: _Exit) -> Value:
    """Whether control left a block, as a value at its end."""
    if left.status == MAYBE:
        assert left.flag is not None
        return left.flag
    make = _builder_at_end(block)
    if left.status == NOWHERE:
        return make.node(UNINITIALIZED, (), [T.BOOL]).output
    return make.constant(left.status == ALWAYS)


def _continues(body: Block, left: _Exit) -> Value:
    """The condition of a loop that goes on unless it was left."""
    make = _builder_at_end(body)
    if left.status == ALWAYS:
        return make.constant(False)
    assert left.flag is not None
    choice = make.node("prim::If", [left.flag], [T.BOOL])
    stop, go = choice.add_block(), choice.add_block()
    with make.inside(stop):
        stop.add_return(make.constant(False))
    go.add_return(body.returns[0])
    return choice.output


def _move_rest(node: Node, into: Block, other: Block) -> None:
    """Move all that follows a node to the end of one of its two blocks.

    What the enclosing block returns of it becomes outputs of the node.
    """
    while into.returns:
        into.result.remove_input(len(into.returns) - 1)
    while other.returns:
        other.result.remove_input(len(other.returns) - 1)
    while node.next is not None:
        node.next.move_before(into.result)
    outer = node.block
    for i, value in enumerate(list(outer.returns)):
        if not value.block.is_inside(into):
            continue
        output = node.add_output(value.type, value.name)
        into.add_return(value)
        other.add_return(_uninitialized(other, value.type))
        outer.result.set_input(i, output)


def _cut_after(node: Node) -> None:
    """Destroy what follows a node that control does not pass."""
    block = node.block
    for i, value in enumerate(list(block.returns)):
        if not _is_uninitialized(value) or node.next is not None:
            filler = Builder(node).node(UNINITIALIZED, (), [value.type]).output
            block.result.set_input(i, filler)
    for following in block.reversed_nodes:
        if following is node:
            return
        following.destroy()


def _remove_output(node: Node, index: int) -> None:
    """Remove an output that nobody reads, and what the blocks return for it."""
    node.remove_output(index)
    for block in node.blocks:
        if index < len(block.returns):
            block.result.remove_input(index)


def _is_uninitialized(value: Value) -> bool:
    return value.node.kind == UNINITIALIZED


def _uninitialized(block: Block, type: T.Type) -> Value:
    return _builder_at_end(block).node(UNINITIALIZED, (), [type]).output


def _builder_at_end(block: Block) -> Builder:
    """Appends to a block; its nodes come from where the owner does."""
    make = Builder(block)
    if block.owner is not None:
        make.span, make.stack = block.owner.span, block.owner.stack
    return make

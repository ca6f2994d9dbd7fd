"""Emit loops: what they carry from round to round.

    for i in range(n):        %s : int = prim::Loop(%n, %true, %zero)
        s = s + i        →      block0(%i : int, %s.1 : int):
                                  %s.2 : int = aten::add(%s.1, %i)
                                  -> (%true, %s.2)

A loop carries the names that it assigns and that are live at its start or after it. The
types of these are found by emitting the body until they no longer widen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.arguments import known_elements
from jit.frontend.assigned import assigned
from jit.frontend.coerce import common_type
from jit.frontend.emit import Loop, LoopExit
from jit.frontend.emit_iterator import emit_iterator, is_iterator, walked_by
from jit.frontend.emit_unrolled import emit_rounds
from jit.frontend.environment import Missing, Variable
from jit.frontend.failures import a_type, fail
from jit.frontend.loop_exits import leaves_loop
from jit.frontend.loop_rounds import (
    FOREVER,
    Checkpoint,
    Header,
    assign_target,
    may_change,
    walk_header,
)
from jit.frontend.refine import Condition, Defined, emit_condition, holds
from jit.frontend.sugared import Emitted, Sugared, SugaredTuple
from jit.frontend.walks import as_list, unrolled_items, walk_of
from jit.ir import types as T
from jit.ir.diagnostic import Label
from jit.ir.graph import Node, Value
from jit.ir.span import Span
from jit.ir.unification import unify

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

ROUNDS = 8
"""How often a body may be emitted before its types are given up."""


def emit_while(e: Emitter, node: t.While) -> None:
    """A `while` statement."""
    live = e.liveness.after(node)

    def header() -> Header:
        if _is_true(node.test):
            return Header(
                e.b.constant(FOREVER), e.b.constant(True), lambda i: None,
                is_endless=True,
            )  # fmt: skip
        condition = emit_condition(e, node.test)
        conditions.append(condition)
        return Header(
            e.b.constant(FOREVER),
            condition.value,
            lambda i: holds(e, condition.then),
            lambda: emit_condition(e, node.test).value,
        )

    conditions: list[Condition] = []
    names = assigned([node])
    emit_loop(e, node, names, live, header, lambda: e.statements(node.body))
    if conditions and not leaves_loop(node.body):
        # the loop has ended, so its condition is false
        facts = conditions[-1].orelse.items()
        holds(e, {n: fact for n, fact in facts if isinstance(fact, T.Type)})


def _is_true(test: t.Expr) -> bool:
    return isinstance(test, t.Constant) and bool(test.value)


def emit_for(e: Emitter, node: t.For) -> None:
    """A `for` statement."""
    iterable = walked_by(e, e.expr(node.iterable), node.iterable.span)
    if isinstance(iterable, Value) and is_iterator(e, iterable):
        emit_iterator(e, node, iterable)
        return
    items = _unrolled(e, node, iterable)
    if items and leaves_loop(node.body):
        emit_rounds(e, node, items)
        return
    if items is not None:
        for item in items:
            assign_target(e, node.target, item)
            e.statements(node.body)
            if e.frame.is_closed:
                return
        return
    if isinstance(iterable, SugaredTuple) or (
        isinstance(iterable, Value) and T.tuple_elements(iterable.type) is not None
    ):
        iterable = _as_list(e, node, iterable)
    live = e.liveness.after(node)
    names = assigned([node])
    walk = walk_of(e, iterable, node.iterable.span)
    is_growing = False
    for _ in range(2):
        before = len(e.resized), len(e.handed)
        growing = is_growing

        def header(growing: bool = growing) -> Header:
            return walk_header(e, node.target, walk, growing)

        checkpoint = Checkpoint(e)
        emit_loop(e, node, names, live, header, lambda: e.statements(node.body))
        if growing or not may_change(e, walk, before):
            return
        # the body may change the length of the list it walks: look again each round
        is_growing = True
        checkpoint.undo()


def _unrolled(e: Emitter, node: t.For, x: Emitted) -> list[Emitted] | None:
    """The items of a loop that is emitted once for each of them; else None."""
    items = unrolled_items(e, x, node.iterable.span)
    if items is None:
        return None
    if not leaves_loop(node.body) or any(isinstance(i, Sugared) for i in items):
        return items
    return None


def _as_list(e: Emitter, node: t.For, x: Emitted) -> Value:
    items = known_elements(e, x, node.iterable.span)
    assert items is not None
    values = [e.as_value(i, node.iterable.span) for i in items]
    return as_list(e, values, node.iterable.span)


def emit_loop(
    e: Emitter,
    stmt: t.Stmt,
    names: frozenset[str],
    live: frozenset[str],
    make_header: Callable[[], Header],
    body: Callable[[], None],
) -> Node:
    """A loop of any kind; its live names stand for its outputs afterwards."""
    exposed = e.liveness.exposed(stmt)
    candidates = sorted(n for n in names if n in exposed or n in live)
    types: dict[str, T.Type] = {}
    late: dict[str, T.Type] = {}
    for _ in range(ROUNDS):
        checkpoint = Checkpoint(e)
        paths.forget(e)
        _add_defined(e, candidates, types)
        if isinstance(stmt, t.While):
            _widen_defined(e, types)
        header = make_header()
        _add_defined(e, candidates, types)
        attempt = _Attempt(e, stmt, candidates, types, late, live)
        attempt.run(header, body)
        if not attempt.is_widened:
            attempt.finish(header)
            paths.forget(e)
            return attempt.node
        checkpoint.undo()
    raise fail(
        stmt.span,
        "E0302",
        "the types of this loop's variables do not settle",
        help="annotate the variables before the loop",
    )


def _add_defined(e: Emitter, candidates: list[str], types: dict[str, T.Type]) -> None:
    """The types of the names that have a value before the loop."""
    for name in candidates:
        found = e.frame.find(name)
        if name in types or not isinstance(found, Variable):
            continue
        if isinstance(found.value, Value):
            known = found.value.type
            types[name] = found.declared if found.declared is not None else known


def _widen_defined(e: Emitter, types: dict[str, T.Type]) -> None:
    """Let names that a round may make None be so for the condition, which narrows them."""
    for name, type in types.items():
        found = e.frame.find(name)
        if not isinstance(type, T.OptionalType) or not isinstance(found, Variable):
            continue
        value = found.value
        if not isinstance(value, Value) or value.type == type:
            continue
        if value.type == T.NONE:
            wide = e.none(type)
        else:
            wide = e.b.node("prim::unchecked_cast", [value], [type]).output
        e.frame.names[name] = Variable(
            wide, found.span, found.declared, is_refinement=e.keeps_refinement(name)
        )


class _Attempt:
    """One emission of a loop, with the types of what it carries as known so far."""

    def __init__(
        self,
        e: Emitter,
        stmt: t.Stmt,
        candidates: list[str],
        types: dict[str, T.Type],
        late: dict[str, T.Type],
        live: frozenset[str],
    ) -> None:
        self.e = e
        self.stmt = stmt
        self.span = e.b.span
        self.candidates = candidates
        self.types = types
        """Names defined before the loop: carried, with these types."""
        self.late = late
        """Names that each `break` defines first: carried from their first value."""
        self.live = live
        self.is_widened = False
        self.node: Node
        self.loop: Loop
        self.flag = getattr(stmt, "flag", "")
        self.is_told = False
        """Whether late names are defined only where the flag is set."""

    def run(self, header: Header, body: Callable[[], None]) -> None:
        """Emit the node and its body, and compare the types."""
        e = self.e
        carried = {**self.types, **self.late}
        inputs = [header.trips, header.start]
        for name, type in carried.items():
            inputs.append(self._initial(name, type))
        self.node = e.b.node("prim::Loop", inputs)
        block = self.node.add_block()
        number = block.add_param(T.INT, "i")
        self.loop = Loop(carried, header.proceed, watched=self.candidates)
        with e.inside(block) as frame:
            for name, type in carried.items():
                param = block.add_param(type, name if name.isidentifier() else "")
                if name in self.late:
                    frame.names[name] = Missing("in the first round", self.stmt.span)
                    continue
                found = frame.find(name)
                assert isinstance(found, Variable)
                frame.names[name] = Variable(
                    param, found.span, found.declared, is_refinement=True
                )
            e.loops.append(self.loop)
            header.begin(number)
            body()
            e.loops.pop()
            self._end(header)

    def _initial(self, name: str, type: T.Type) -> Value:
        if name in self.late:
            return self.e.uninitialized(type)
        found = self.e.frame.find(name)
        assert isinstance(found, Variable) and isinstance(found.value, Value)
        return found.value

    def _end(self, header: Header) -> None:
        """The end of the body: what the next round gets."""
        e, block = self.e, self.node.blocks[0]
        if e.frame.is_closed:
            block.add_return(e.uninitialized(T.BOOL))
            for type in self.loop.carried.values():
                block.add_return(e.uninitialized(type))
        else:
            proceed = header.proceed() if header.proceed else e.b.constant(True)
            at_end = {n: e.frame.find(n) for n in self.candidates}
            block.add_return(proceed)
            self._check_defined(at_end)
            for value in carried_values(e, self.loop, self.stmt.span):
                block.add_return(value)
            self._widen(at_end)
        for leave in self.loop.exits:
            self._check_defined(leave.names)
            self._widen(leave.names)
        self._find_late(header)

    def _check_defined(self, names: dict[str, Variable | Missing | None]) -> None:
        """What is defined before the loop stays so, and functions stay the same."""
        outer = self.e.frame.outer
        for name in self.candidates:
            found, before = names.get(name), outer.find(name) if outer else None
            if not isinstance(before, Variable):
                continue
            if isinstance(found, Missing):
                raise fail(
                    found.span,
                    "E0201",
                    f"`{name}` is not defined after this round of the loop",
                    labels=[Label(before.span, "defined here")],
                    help=f"assign `{name}` again, or do not delete it",
                )
            first, last = before.value, found.value if found is not None else None
            if isinstance(first, Sugared) and not first.is_same(last):
                raise fail(
                    found.span if found is not None else self.stmt.span,
                    "E0203",
                    f"`{name}` stands for {first.describe()} before the loop and for"
                    " something else after a round",
                    help="choose with an `if` inside of the loop",
                )

    def _widen(self, names: dict[str, Variable | Missing | None]) -> None:
        for name in list(self.loop.carried):
            found = names.get(name)
            if not isinstance(found, Variable):
                continue
            if not isinstance(found.value, Value):
                raise fail(
                    found.span,
                    "E0203",
                    f"`{name}` stands for {found.value.describe()} after a round of the"
                    " loop and for a value before",
                )
            target = self.late if name in self.late else self.types
            old = target[name]
            joined = self._joined(name, old, found.value)
            if joined is None:
                raise self._retyped(name, found)
            if joined != old:
                target[name] = joined
                self.is_widened = True

    def _joined(self, name: str, old: T.Type, value: Value) -> T.Type | None:
        before = self.e.frame.outer.find(name) if self.e.frame.outer else None
        if isinstance(before, Variable) and isinstance(before.value, Value):
            joined = common_type(before.value, value)
            if before.value.type == old and joined is not None:
                return joined
        return unify(old, value.type)

    def _retyped(self, name: str, found: Variable) -> Exception:
        outer = self.e.frame.outer
        before = outer.find(name) if outer is not None else None
        old = self.types.get(name) or self.late[name]
        labels = []
        if isinstance(before, Variable):
            labels = [Label(before.span, f"`{old}` here")]
        return fail(
            found.span,
            "E0302",
            f"`{name}` is {a_type(old)} before the loop and {a_type(found.type)} after a"
            " round",
            label=f"`{found.type}` here",
            labels=labels,
            help=_loop_help(old, found.type),
        )

    def _breaks(self, header: Header) -> list[LoopExit]:
        """The exits of which what they define is known to be defined afterwards.

        Of an endless loop, that are all; of others those that set the flag for `else`,
        where the flag is set.
        """
        breaks = [x for x in self.loop.exits if x.is_break]
        flagged = [x for x in breaks if _is_true_at(x, self.flag)]
        self.is_told = not header.is_endless or 0 < len(flagged) < len(breaks)
        return flagged if self.is_told else breaks

    def _find_late(self, header: Header) -> None:
        """Names that every such exit defines."""
        breaks = self._breaks(header)
        for name in self.candidates:
            if name in self.loop.carried or name not in self.live or not breaks:
                continue
            found = [x.names.get(name) for x in breaks]
            values = [
                f.value
                for f in found
                if isinstance(f, Variable) and isinstance(f.value, Value)
            ]
            if len(values) < len(breaks):
                continue
            joined: T.Type | None = values[0].type
            for value in values[1:]:
                joined = None if joined is None else unify(joined, value.type)
            if joined is not None:
                self.late[name] = joined
                self.is_widened = True

    def finish(self, header: Header) -> None:
        """Let the names stand for what the loop gives."""
        e = self.e
        facts: dict[str, T.Type | Defined] = {}
        for name, type in self.loop.carried.items():
            output = self.node.add_output(type, name if name.isidentifier() else "")
            found = e.frame.find(name)
            declared = found.declared if isinstance(found, Variable) else None
            span = found.span if isinstance(found, Variable) else self.stmt.span
            variable = Variable(output, span, declared)
            if self.is_told and name in self.late:
                facts[name] = Defined(variable)
                reason = "when no `break` ends the loop"
                e.frame.names[name] = Missing(reason, self.stmt.span)
            else:
                e.frame.names[name] = variable
        if facts:
            e.left_by[self.flag] = facts
        for name in self.candidates:
            if name in self.loop.carried:
                continue
            found = e.frame.find(name)
            if isinstance(found, Variable):
                continue
            reason = (
                "after the loop on every path"
                if header.is_endless
                else ("when the loop makes no round")
            )
            e.frame.names[name] = Missing(reason, self.stmt.span)
        if header.is_endless and not any(x.is_break for x in self.loop.exits):
            e.frame.is_closed = True


def _is_true_at(leave: LoopExit, name: str) -> bool:
    found = leave.names.get(name)
    value = found.value if isinstance(found, Variable) else None
    return isinstance(value, Value) and value.constant is True


def _loop_help(old: T.Type, new: T.Type | None) -> str:
    if old == T.INT and new == T.FLOAT:
        return "start with a float, `0.0`"
    if isinstance(new, T.TensorType):
        return "start with a Tensor, `torch.tensor(...)` or `torch.zeros(...)`"
    if isinstance(new, T.ArrayType):
        return "start with an array, `np.float64(...)` or `np.zeros(...)`"
    return "use two names, or convert one of the values"


def carried_values(e: Emitter, loop: Loop, span: Span) -> list[Value]:
    """What a loop's names stand for now, in the order in which it carries them."""
    values = []
    for name, type in loop.carried.items():
        found = e.frame.find(name)
        if isinstance(found, Variable):
            values.append(e.as_value(found.value, span))
        else:
            values.append(e.uninitialized(type))
    return values


def emit_break(e: Emitter, stmt: t.Stmt) -> None:
    """`break`."""
    _leave(e, "prim::BreakStmt", stmt)


def emit_continue(e: Emitter, stmt: t.Stmt) -> None:
    """`continue`; the condition of the next round is evaluated here as well."""
    _leave(e, "prim::ContinueStmt", stmt)


def _leave(e: Emitter, kind: str, stmt: t.Stmt) -> None:
    loop = e.loops[-1]
    e.leave_contexts(len(e.loops))
    if e.frame.is_closed:
        return
    first = []
    if kind == "prim::ContinueStmt" and loop.condition is not None:
        first = [loop.condition()]
    names = {n: e.frame.find(n) for n in loop.watched}
    node = e.b.node(kind, [*first, *carried_values(e, loop, stmt.span)])
    loop.exits.append(LoopExit(node, names, kind == "prim::BreakStmt"))
    e.frame.is_closed = True

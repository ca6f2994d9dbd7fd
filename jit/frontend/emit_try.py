"""Emit `try`: the body, the handlers in turn, `else` and `finally`.

    try:                   %cell : int[] = prim::ListConstruct(%zero)
        x = f()            %x : int = prim::Try()
    except ValueError:       block0():
        x = x + 1     →        %x.1 : int = prim::CallFunction(%f)
                               aten::_set_item(%cell, %zero, %x.1)
                               -> (%x.1)
                             block1(%e : Exception):
                               %old : int = aten::__getitem__(%cell, %zero)
                               %m : bool = prim::ExceptionMatches[names=("ValueError",)](%e)
                               ... an If of %m; prim::ReRaise(%e) where none matches

What the body assigns and a handler may read lives in lists of one element, because the
body may raise before or after each assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.assigned import Names, assigned
from jit.frontend.emit import Cells
from jit.frontend.emit_control import Branch, add_output, choose, join_name
from jit.frontend.emit_loop import ROUNDS
from jit.frontend.environment import Missing, Variable
from jit.frontend.failures import fail
from jit.frontend.leaving import Exit, leaves, raise_again
from jit.frontend.loop_rounds import Checkpoint
from jit.frontend.refine import Condition
from jit.frontend.sugared import Emitted, ExceptionClass, SugaredTuple
from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


EARLY = "when `try` raises before assigning it"
FUNCTION = (
    "here: it stands for a function or another thing that is no value, and `try` may"
    " have assigned it or not"
)


def emit_try(e: Emitter, node: t.Try) -> None:
    """A `try` statement."""
    live = e.liveness.after(node)
    if not node.final:
        _emit_handled(e, node, live)
        return
    inside = live | assigned(node.final)
    parts = [node.body, node.orelse, *(h.body for h in node.handlers)]
    way_out = Exit(e, leaves(*parts), lambda: e.statements(node.final))

    def body() -> None:
        with way_out.around():
            if node.handlers:
                _emit_handled(e, node, inside | e.liveness.exposed(node))
            else:
                e.statements(node.body)

    def cleanup(caught: Value) -> None:
        way_out.unless_left(lambda: e.statements(node.final), caught, live)
        if not e.frame.is_closed:
            raise_again(e, caught)

    names = assigned(node.body)
    for h in node.handlers:
        names |= assigned(h.body)
    names |= assigned(node.orelse)
    # names that only the final part reads must come out as well
    protect(e, node, names, inside | names, body, cleanup)
    if not e.frame.is_closed:
        e.statements(node.final)


def _emit_handled(e: Emitter, node: t.Try, live: Names) -> None:
    """A `try` with handlers, and what its `else` does."""
    way_out = Exit(e, bool(e.contexts) and leaves(node.body))

    def body() -> None:
        with way_out.around():
            e.statements(node.body)

    def handler(caught: Value) -> None:
        way_out.unless_left(lambda: _handlers(e, node, caught, live), caught, live)

    wanted = live | (assigned([node]) if node.orelse else frozenset())
    outcome = protect(
        e,
        node,
        assigned(node.body),
        wanted,
        body,
        handler,
        keeps_partial=bool(node.orelse),
    )
    if outcome is None:
        return

    def passed() -> list[Emitted]:
        e.frame.names.update(outcome.of_body)
        e.statements(node.orelse)
        return []

    def caught() -> list[Emitted]:
        e.frame.names.update(outcome.of_handler)
        return []

    choose(e, outcome.passed, passed, caught, live=live)


@dataclass(slots=True)
class _Outcome:
    """How a `try` ended, for its `else`."""

    passed: Condition
    """Whether the body ended well."""
    of_body: dict[str, Variable]
    """Names that only the body defines."""
    of_handler: dict[str, Variable]
    """Names that only the handlers define."""


def protect(
    e: Emitter,
    node: t.Stmt,
    names: Names,
    live: Names,
    body: Callable[[], None],
    handler: Callable[[Value], None],
    *,
    keeps_partial: bool = False,
) -> _Outcome | None:
    """A `prim::Try` of two emitters; names that are live stand for its outputs.

    The outcome is for an `else`; None if the body never ends well, or nobody asks.
    """
    shared = sorted(names & e.liveness.exposed(node))
    types: dict[str, T.Type] = {}
    for name in shared:
        found = e.frame.find(name)
        if isinstance(found, Variable) and isinstance(found.value, Value):
            types[name] = found.declared or found.value.type
    for _ in range(ROUNDS):
        checkpoint = Checkpoint(e)
        cells = Cells(_make_cells(e, types), dict(types))
        made = e.b.node("prim::Try")
        first = _body_branch(e, made, cells, body)
        if cells.types != types:
            types = cells.types
            checkpoint.undo()
            continue
        second = _handler_branch(e, made, cells, shared, node.span, handler)
        return _join(e, made, [first, second], live, node, keeps_partial)
    raise fail(node.span, "E0302", "the types of what this `try` assigns do not settle")


def _make_cells(e: Emitter, types: dict[str, T.Type]) -> dict[str, Value]:
    cells = {}
    for name, type in types.items():
        found = e.frame.find(name)
        assert isinstance(found, Variable) and isinstance(found.value, Value)
        cells[name] = e.b.list([found.value], type)
    return cells


def _body_branch(
    e: Emitter, made: Node, cells: Cells, body: Callable[[], None]
) -> Branch:
    block = made.add_block()
    with e.inside(block) as frame:
        e.cells.append(cells)
        body()
        e.cells.pop()
    return Branch(block, frame, [], "when the body of `try` ends well")


def _handler_branch(
    e: Emitter,
    made: Node,
    cells: Cells,
    shared: list[str],
    span: Span,
    handler: Callable[[Value], None],
) -> Branch:
    block = made.add_block()
    caught = block.add_param(T.EXCEPTION, "e")
    with e.inside(block) as frame:
        for name in shared:
            cell = cells.lists.get(name)
            if cell is None:
                known = isinstance(e.frame.find(name), Variable)
                frame.names[name] = Missing(FUNCTION if known else EARLY, span)
                continue
            value = e.op("aten::__getitem__", cell, 0)
            value.name = name if name.isidentifier() else ""
            before = e.frame.find(name)
            declared = before.declared if isinstance(before, Variable) else None
            frame.names[name] = Variable(value, span, declared)
        e.handlers.append(caught)
        paths.forget(e)
        handler(caught)
        e.handlers.pop()
    return Branch(block, frame, [], "when an exception is caught")


def _join(
    e: Emitter,
    made: Node,
    branches: list[Branch],
    live: Names,
    node: t.Stmt,
    keeps_partial: bool,
) -> _Outcome | None:
    staying = [b for b in branches if not b.frame.is_closed]
    first, second = branches
    names: dict[str, None] = {}
    for branch in branches:
        names.update(dict.fromkeys(n for n in branch.frame.assigned() if n in live))
    partial: tuple[dict[str, Variable], dict[str, Variable]] = ({}, {})
    for name in names:
        found = [b.frame.find(name) for b in branches]
        values = [isinstance(f, Variable) and isinstance(f.value, Value) for f in found]
        if keeps_partial and len(staying) == 2 and values.count(True) == 1:
            side = values.index(True)
            mine = found[side]
            assert isinstance(mine, Variable)
            partial[side][name] = _partial_output(e, made, branches, side, name, mine)
            e.frame.names[name] = Missing(branches[1 - side].what, node.span)
        else:
            join_name(e, made, branches, staying, name, node.span)
    if not staying:
        e.frame.is_closed = True
    if first.frame.is_closed or not keeps_partial:
        return None
    if second.frame.is_closed:
        return _Outcome(Condition(e.b.constant(True), True), *partial)
    flags: dict[int, Emitted] = {
        id(first): e.b.constant(True),
        id(second): e.b.constant(False),
    }
    passed = add_output(e, made, branches, flags, T.BOOL, "passed")
    return _Outcome(Condition(passed), *partial)


def _partial_output(
    e: Emitter, made: Node, branches: list[Branch], side: int, name: str, mine: Variable
) -> Variable:
    """An output that has a value only if one of the blocks ended."""
    assert isinstance(mine.value, Value)
    values: dict[int, Emitted] = {id(branches[side]): mine.value}
    shown = name if name.isidentifier() else ""
    output = add_output(e, made, branches, values, mine.value.type, shown)
    return Variable(output, mine.span, mine.declared)


def _handlers(e: Emitter, node: t.Try, caught: Value, live: Names) -> None:
    """The handlers in turn; the exception goes on if none takes it."""

    def rest(i: int) -> list[Emitted]:
        if i == len(node.handlers):
            return raise_again(e, caught)
        h = node.handlers[i]
        classes = None if h.type is None else e.expr(h.type)
        if h.type is None or classes is None or are_all(classes):
            _handler(e, h, caught)
            return []
        names = tuple(class_names(e, classes, h.type.span))
        matches = e.b.node("prim::ExceptionMatches", [caught], [T.BOOL], names=names)

        def taken() -> list[Emitted]:
            _handler(e, h, caught)
            return []

        choose(e, Condition(matches.output), taken, lambda: rest(i + 1), live=live)
        return []

    rest(0)


def _handler(e: Emitter, h: t.Handler, caught: Value) -> None:
    if h.name is not None:
        e.frame.names[h.name] = Variable(caught, h.span)
    e.statements(h.body)
    if h.name is not None and not e.frame.is_closed:
        e.frame.names[h.name] = Missing("after its handler", h.span)


def are_all(classes: Emitted) -> bool:
    """Whether a handler takes every exception, as one without a class does."""
    return isinstance(classes, ExceptionClass) and classes.obj is BaseException


def class_names(e: Emitter, x: Emitted, span: Span) -> list[str]:
    """The names of the classes that an expression stands for, several in a tuple."""
    from jit.frontend.emit_raise import exception_name

    if isinstance(x, SugaredTuple):
        return [n for i in x.items for n in class_names(e, i, span)]
    if isinstance(x, ExceptionClass):
        return [exception_name(x.obj, span)]
    raise fail(
        span,
        "E0301",
        "only classes of exceptions can be caught",
        help="write `except ValueError:` or `except (KeyError, IndexError):`",
    )

"""The rounds of a loop over something: how many they are, and how each begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.sugared import Emitted
from jit.frontend.walks import Walk, has_item
from jit.ir import types as T
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


FOREVER = 9223372036854775807
"""The trip count of a loop that only its condition ends."""


@dataclass(slots=True)
class Header:
    """How a loop starts each round."""

    trips: Value
    """The most rounds."""
    start: Value
    """Whether there is a first round."""
    begin: Callable[[Value], None]
    """Emit the start of a round: assign the targets from the round's number."""
    proceed: Callable[[], Value] | None = None
    """Emit the condition of the next round at its place; None: always true."""
    is_endless: bool = False
    """Whether only a `break` or `return` ends it."""


def assign_target(e: Emitter, target: t.Expr, value: Emitted) -> None:
    """Assign one item to the target of a loop."""
    from jit.frontend.emit_assign import assign

    assign(e, target, value, target.span)


def may_change(e: Emitter, walk: Walk, before: tuple[int, int]) -> bool:
    """Whether what was emitted since may change the length of what is walked; `before`
    are the lengths of `e.resized` and `e.handed`."""
    resized, handed = e.resized[before[0] :], e.handed[before[1] :]
    return any(
        any(_may_be_same(walked, x) for x in resized)
        or any(
            _may_hold(x.type, walked.type) and _may_be_same(walked, x) for x in handed
        )
        for walked in walk.watched
    )


def _may_hold(type: T.Type, part: T.Type) -> bool:
    """Whether a value of a type may be, or hold, a list or dict of another."""
    if type == part or type == T.ANY:
        return True
    if isinstance(type, T.ModuleType | T.ClassType | T.UnionType):
        return True
    return any(_may_hold(inner, part) for inner in T.children(type))


def _may_be_same(a: Value, b: Value) -> bool:
    """Whether two lists or dicts may be one, or one be held by the other value."""
    if a is b:
        return True
    if a.type != b.type:
        is_stored = any(use.node.kind not in READING for use in a.uses)
        return is_stored or a.node.kind not in FRESH
    made_here = [x.node.kind in FRESH for x in (a, b)]
    given = [x.node.kind == "prim::Param" and x.block.owner is None for x in (a, b)]
    if all(made_here):
        return False
    return not (made_here[0] and given[1]) and not (made_here[1] and given[0])


FRESH = frozenset(
    ("prim::ListConstruct", "prim::DictConstruct", "aten::dict", "aten::keys",
     "aten::values", "aten::items", "aten::list", "aten::slice", "aten::split",
     "aten::sorted", "aten::size", "aten::copy")
)  # fmt: skip
"""Nodes that make a list which is no other list."""
READING = ("aten::len", "aten::__getitem__", "aten::__contains__", "aten::slice")
"""Nodes after which nothing else holds the list."""


def walk_header(e: Emitter, target: t.Expr, walk: Walk, growing: bool) -> Header:
    """The rounds of a walk; `growing`: whether there is one more is asked each time."""

    def begin(i: Value) -> None:
        rounds.append(i)
        assign_target(e, target, walk.item(i))

    rounds: list[Value] = []
    if not growing:
        return Header(walk.length(), e.b.constant(True), begin)
    tables = [w for w in walk.watched if isinstance(w.type, T.DictType)]
    sizes = [e.op("aten::len", table) for table in tables]
    zero = e.b.constant(0)

    def proceed() -> Value:
        for table, size in zip(tables, sizes, strict=True):
            _check_size(e, e.op("aten::ne", e.op("aten::len", table), size))
        return has_item(e, walk, e.op("aten::add", rounds[-1], 1))

    return Header(e.b.constant(FOREVER), has_item(e, walk, zero), begin, proceed)


def _check_size(e: Emitter, has_changed: Value) -> None:
    """Raise what Python raises where a dict that is walked has another size."""
    node = e.b.node("prim::If", [has_changed])
    message = "dictionary changed size during iteration"
    with e.inside(node.add_block()):
        text, cls = e.b.constant(message), e.b.constant("RuntimeError")
        e.b.node("prim::RaiseException", [text, cls])
    node.add_block()


# the loop itself ----------------------------------------------------------------


class Checkpoint:
    """What to restore when nodes are emitted anew."""

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.returned = len(e.returned)
        self.names = dict(e.frame.names)
        self.is_closed = e.frame.is_closed
        self.last = e.b.before.previous

    def undo(self) -> None:
        """Forget all that was emitted since."""
        e = self.e
        paths.forget(e)
        del e.returned[self.returned :]
        e.frame.names = dict(self.names)
        e.frame.is_closed = self.is_closed
        node = e.b.before.previous
        while node is not None and node is not self.last:
            before = node.previous
            if node.kind != "prim::Constant":  # these are shared
                node.destroy()
            node = before

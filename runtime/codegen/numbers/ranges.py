"""Between which numbers the ints of a graph lie: what they cannot pass is not checked.

    x = (a + b) & 255           0 <= x <= 255
    i * 7                       no check: 7 times the turns of a loop fit
    total += x                  no check: to pass 2**63 takes longer than any program runs

An interval holds for a value whenever it is made. Loops are walked until the intervals of
what they carry hold at their start and at their end. Two facts are about time: a loop
takes less than 2**58 turns, and what only grows by small steps takes as many of them.
"""

from __future__ import annotations

import operator
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from jit.ir import types as T
from jit.ir.graph import Block, Graph, Node, Value

Interval = tuple[int, int]
"""The least and the greatest number, both included."""

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
FULL: Interval = (INT_MIN, INT_MAX)
MOST_TURNS = 2**58
"""Turns of a loop, or steps of a number, in the life of a program."""
MOST_STEP = 16
MOST_ITEMS = 2**47
"""Items of a list or text: all of them lie in memory."""

_MOST_WALKS = 12
_MOST_VISITED = 200
_LIST_READERS = frozenset(
    {"aten::len.t", "aten::Bool.t", "aten::__getitem__.t", "aten::pop.t",
     "aten::clear.t"}
)  # fmt: skip
_LIST_WRITERS = {"aten::append.t": 1, "aten::_set_item.t": 2}
"""What changes a list, and which input is the item."""


def interval_of(value: Value) -> Interval:
    """Between which numbers an int of a graph lies."""
    graph = value.node.graph
    found = _known.get(graph)
    if found is None:
        found = _known[graph] = Ranges(graph.block)
    return found.of(value)


_known: weakref.WeakKeyDictionary[Graph, Ranges] = weakref.WeakKeyDictionary()


def exact(kind: str, x: Interval, y: Interval) -> Interval:
    """Between which numbers a sum, difference or product lies, however large."""
    match kind:
        case "add":
            return x[0] + y[0], x[1] + y[1]
        case "sub":
            return x[0] - y[1], x[1] - y[0]
    return _corners(operator.mul, x, y)


def fits(interval: Interval) -> bool:
    """Whether all numbers of an interval are ints of 64 bits."""
    return interval[0] >= INT_MIN and interval[1] <= INT_MAX


def factors_that_fit(known: int) -> Interval:
    """The ints whose product with a constant fits."""
    if known in (0, 1):
        return FULL
    if known > 0:
        return -(2**63 // known), INT_MAX // known
    # from above, rounded towards zero; of INT_MIN there is no counterpart
    return -(INT_MAX // -known), min(2**63 // -known, INT_MAX)


def _join(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), max(x[1], y[1])


def _meet(x: Interval, y: Interval) -> Interval:
    """What both hold; `x` if nothing, as of values that are never made."""
    low, high = max(x[0], y[0]), min(x[1], y[1])
    return (low, high) if low <= high else x


def _corners(f: Callable[[int, int], int], x: Interval, y: Interval) -> Interval:
    made = [f(a, b) for a in x for b in y]
    return min(made), max(made)


class Ranges:
    """The intervals of all ints of a block and of the blocks in it."""

    def __init__(self, block: Block) -> None:
        self._known: dict[Value, Interval] = {}
        self._items: dict[Value, Interval] = {}
        """Between which numbers the items of a list lie."""
        self._items_grew = False
        self._stops = sorted({INT_MIN, -1, 0, 1, 2**31 - 1, 2**32, 2**53, INT_MAX})
        self._add_stops(block)
        for param in block.params:
            self._set(param, FULL)
        self._walk(block)

    def of(self, value: Value) -> Interval:
        """The interval of a value."""
        return self._found(value) or FULL

    def _found(self, value: Value) -> Interval | None:
        """The same; None for what has not been made yet."""
        if value.type != T.INT:
            return FULL
        number = value.constant
        if isinstance(number, int):
            return number, number
        return self._known.get(value)

    def _join_all(self, values: Iterable[Value]) -> Interval | None:
        joined: Interval | None = None
        for value in values:
            found = self._found(value)
            if found is not None:
                joined = found if joined is None else _join(joined, found)
        return joined

    def _set(self, value: Value, interval: Interval | None) -> None:
        if value.type == T.INT and interval is not None:
            self._known[value] = interval

    def _add_stops(self, block: Block) -> None:
        constants = {
            number + shift
            for node in block.all_nodes
            if node.kind == "prim::Constant" and node.output.type == T.INT
            for number in [node.output.constant]
            for shift in (-1, 0, 1)
        }
        self._stops = sorted({*self._stops, *(c for c in constants if fits((c, c)))})

    # the walk -------------------------------------------------------------------------

    def _walk(self, block: Block) -> None:
        for node in block.nodes:
            if node.kind in ("prim::Constant", "prim::Uninitialized"):
                continue
            if node.kind == "prim::Loop":
                self._walk_loop(node)
                continue
            for inner in node.blocks:
                for param in inner.params:
                    self._set(param, FULL)
                self._walk(inner)
            if node.kind == "prim::If":
                for index, output in enumerate(node.outputs):
                    returned = [b.returns[index] for b in node.blocks]
                    self._set(output, self._join_all(returned))
                continue
            self._write_items(node)
            for output in node.outputs:
                if output.type == T.INT:
                    self._known[output] = self._made(node)

    def _walk_loop(self, node: Node) -> None:
        (body,) = node.blocks
        index, *carried = body.params
        self._set(index, (0, min(max(self.of(node.inputs[0])[1] - 1, 0), MOST_TURNS)))
        pairs = [
            (param, (node.inputs[2 + place], body.returns[1 + place]))
            for place, param in enumerate(carried)
            if param.type == T.INT
        ]
        for param, (first, _) in pairs:
            self._set(param, self._join_all([first, param]))
        for turn in range(_MOST_WALKS):
            if self._settles(body, pairs, turn):
                break
        else:
            for param, _ in pairs:
                self._known[param] = FULL
            self._items = dict.fromkeys(self._items, FULL)
            self._walk(body)
        for place, output in enumerate(node.outputs):
            ends = [node.inputs[2 + place], body.returns[1 + place]]
            joined = self._join_all(ends)
            if joined is not None and output.type == T.INT:
                self._set(output, _meet(joined, self._drift(ends)))

    def _settles(
        self, body: Block, pairs: list[tuple[Value, tuple[Value, Value]]], turn: int
    ) -> bool:
        """Walk over the body of a loop; whether its parameters hold at its end."""
        grew_before, self._items_grew = self._items_grew, False
        self._walk(body)
        settled = not self._items_grew
        self._items_grew |= grew_before
        for param, ends in pairs:
            limit = self._drift([param])
            joined = self._join_all(ends)
            old = self._known.get(param)
            if joined is None:
                continue
            new = _meet(joined, limit)
            if old is not None and old[0] <= new[0] and new[1] <= old[1]:
                continue
            settled = False
            new = new if old is None else _join(old, new)
            low, high = self._widened(old, new, turn)
            # near limits come from values of this walk, and would move with the next one
            if new[0] - limit[0] >= MOST_TURNS // 2:
                low = max(low, limit[0])
            if limit[1] - new[1] >= MOST_TURNS // 2:
                high = min(high, limit[1])
            self._known[param] = low, high
        return settled

    def _widened(self, old: Interval | None, new: Interval, turn: int) -> Interval:
        """More than is needed, so that the walk comes to an end."""
        if old is None or turn < 2:
            return new
        low, high = new
        if turn >= _MOST_WALKS // 2:
            return (
                INT_MIN if low < old[0] else low,
                INT_MAX if high > old[1] else high,
            )
        if low < old[0]:
            low = self._stops[bisect_right(self._stops, low) - 1]
        if high > old[1]:
            high = self._stops[bisect_left(self._stops, high)]
        return low, high

    def _drift(self, values: Iterable[Value]) -> Interval:
        """How far values come that are reached by small steps from where they begin."""
        pending, seen = list(values), set[Value]()
        start: Interval | None = None
        step = (0, 0)
        while pending:
            value = pending.pop()
            if value in seen:
                continue
            seen.add(value)
            if len(seen) > _MOST_VISITED:
                return FULL
            before = self._before(value)
            if before is not None:
                step = _join(step, before[1])
                pending += before[0]
                continue
            found = self._found(value)
            if found is not None:
                start = found if start is None else _join(start, found)
        if start is None:
            return FULL
        far = start[0] + step[0] * MOST_TURNS, start[1] + step[1] * MOST_TURNS
        return far if fits(far) else FULL

    def _before(self, value: Value) -> tuple[list[Value], Interval] | None:
        """From which values one comes by a small step; None if it begins here."""
        node = value.node
        match node.full_name:
            case "prim::Uninitialized":
                return [], (0, 0)
            case "aten::add.int" | "aten::sub.int":
                return self._step(node)
            case "prim::If":
                return [b.returns[value.index] for b in node.blocks], (0, 0)
            case "prim::Loop":
                returned = node.blocks[0].returns[1 + value.index]
                return [node.inputs[2 + value.index], returned], (0, 0)
            case "prim::Param":
                owner = node.block.owner
                if owner is not None and owner.kind == "prim::Loop" and value.index:
                    returned = owner.blocks[0].returns[value.index]
                    return [owner.inputs[1 + value.index], returned], (0, 0)
        return None

    def _step(self, node: Node) -> tuple[list[Value], Interval] | None:
        x, y = node.inputs
        low, high = self._found(y) or (0, 0)
        if node.kind == "aten::sub":
            low, high = -high, -low
        if _is_small((low, high)):
            return [x], (low, high)
        step = self._found(x) or (0, 0)
        if node.kind == "aten::add" and _is_small(step):
            return [y], step
        return None

    # lists ----------------------------------------------------------------------------

    def _write_items(self, node: Node) -> None:
        """Take into account what a node puts into a list."""
        if node.kind == "prim::ListConstruct":
            if _is_seen_whole(node.output):
                for item in node.inputs:
                    self._add_item(node.output, item)
        elif node.full_name in _LIST_WRITERS:
            target = node.inputs[0]
            if _is_seen_whole(target):
                self._add_item(target, node.inputs[_LIST_WRITERS[node.full_name]])

    def _add_item(self, target: Value, item: Value) -> None:
        found = self._found(item)
        if found is None:
            return
        old = self._items.get(target)
        new = found if old is None else _join(old, found)
        if new != old:
            self._items[target] = new
            self._items_grew = True

    def _item(self, source: Value) -> Interval:
        if not _is_seen_whole(source):
            return FULL
        # of a list without items none is taken
        return self._items.get(source, (0, 0))

    # operators ------------------------------------------------------------------------

    def _made(self, node: Node) -> Interval:
        """The interval of the int that an operator makes."""
        inputs = [self.of(v) if v.type == T.INT else FULL for v in node.inputs]
        match node.full_name:
            case "aten::add.int" | "aten::sub.int" | "aten::mul.int":
                return _arithmetic(node.kind[6:], *inputs)
            case "aten::floordiv.int":
                return _quotient(*inputs)
            case "aten::remainder.int":
                return _rest(*inputs)
            case "aten::__and__.int" | "aten::__or__.int" | "aten::__xor__.int":
                return _bits(node.kind, *inputs)
            case "aten::__rshift__.int" if inputs[1][0] >= 0:
                return _corners(lambda x, n: x >> min(n, 64), *inputs)
            case "aten::__lshift__.int" if inputs[1][0] >= 0 and inputs[1][1] < 64:
                return _meet(FULL, _corners(operator.lshift, *inputs))
            case "aten::neg.int":
                return _meet(FULL, (-inputs[0][1], -inputs[0][0]))
            case "prim::abs.int":
                low, high = inputs[0]
                least = 0 if low <= 0 <= high else min(abs(low), abs(high))
                return least, min(max(abs(low), abs(high)), INT_MAX)
            case "prim::min.int":
                return min(inputs[0][0], inputs[1][0]), min(inputs[0][1], inputs[1][1])
            case "prim::max.int":
                return max(inputs[0][0], inputs[1][0]), max(inputs[0][1], inputs[1][1])
            case "aten::Int.bool":
                return 0, 1
            case "aten::Int.int":
                return inputs[0]
            case "aten::len.t" | "aten::len.str":
                return 0, MOST_ITEMS
            case "aten::size.int" | "aten::numel" | "aten::len.Tensor":
                return 0, INT_MAX
            case "aten::__range_length":
                return _range_length(*inputs)
            case "aten::__derive_index":
                return _derived(self, node, inputs)
            case "aten::__getitem__.t" | "aten::pop.t":
                return self._item(node.inputs[0])
        return FULL


def _is_small(interval: Interval) -> bool:
    return interval[0] >= -MOST_STEP and interval[1] <= MOST_STEP


def _is_seen_whole(found: Value) -> bool:
    """Whether a list is made here, and all that is done with it is known."""
    if found.node.kind != "prim::ListConstruct" or found.type != T.ListType(T.INT):
        return False
    for use in found.uses:
        name = use.node.full_name
        if name in _LIST_WRITERS and use.index == 0 and not use.node.output.uses:
            continue
        if name not in _LIST_READERS:
            return False
    return True


def _arithmetic(kind: str, x: Interval, y: Interval) -> Interval:
    if kind == "mul":
        for known, other in ((x, y), (y, x)):
            if known[0] == known[1]:
                # with larger factors there is no product
                factors = _meet(other, factors_that_fit(known[0]))
                return _meet(FULL, exact(kind, known, factors))
    return _meet(FULL, exact(kind, x, y))


def _quotient(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1]:
        return FULL if x[0] < 0 or y[0] < 0 else (0, x[1])
    return _meet(FULL, _corners(operator.floordiv, x, y))


def _rest(x: Interval, y: Interval) -> Interval:
    if y[0] < 0:
        return min(y[0] + 1, 0), max(y[1] - 1, 0)
    high = max(y[1] - 1, 0)
    return 0, min(high, x[1]) if x[0] >= 0 else high


def _bits(kind: str, x: Interval, y: Interval) -> Interval:
    positive = [i for i in (x, y) if i[0] >= 0]
    if kind == "aten::__and__":
        return (0, min(i[1] for i in positive)) if positive else FULL
    if len(positive) < 2:
        return FULL
    return 0, (1 << max(x[1], y[1]).bit_length()) - 1


def _range_length(low: Interval, high: Interval, step: Interval) -> Interval:
    if step[0] <= 0:
        return 0, INT_MAX
    distance = max(high[1] - low[0], 0)
    return 0, min(-(-distance // step[0]), INT_MAX)


def _derived(known: Ranges, node: Node, inputs: list[Interval]) -> Interval:
    """A number of a range: not beyond its end, where the loop goes over that range."""
    index, start, step = inputs
    made = _meet(FULL, exact("add", start, exact("mul", index, step)))
    end = end_of_range(node)
    if end is None:
        return made
    low, high = known.of(end)
    if step[0] > 0:
        return _meet(made, (INT_MIN, max(high - 1, INT_MIN)))
    if step[1] < 0:
        return _meet(made, (min(low + 1, INT_MAX), INT_MAX))
    return made


def end_of_range(node: Node) -> Value | None:
    """The end of the range that a loop goes over, if a node derives its index."""
    index, start, step = node.inputs
    loop = index.node.block.owner if index.node.kind == "prim::Param" else None
    if loop is None or loop.kind != "prim::Loop" or index.index != 0:
        return None
    length = loop.inputs[0].node
    if length.kind != "aten::__range_length":
        return None
    same = zip((start, step), (length.inputs[0], length.inputs[2]), strict=True)
    if all(
        a is b or (a.node.kind == "prim::Constant" and a.constant == b.constant)
        for a, b in same
    ):
        return length.inputs[1]
    return None

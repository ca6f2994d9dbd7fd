"""Kernels of nests whose innermost axis is reduced: lanes along that axis.

Each row is walked in vectors, whose lanes are joined at the end of each block of a row.
Reductions of all elements in one pass are cut into parts that threads can share.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.nests.emit_nest import (
    Rows,
    converted,
    entry_alloca,
    load_scalar,
    reduced_dtype,
    store_element,
    vector_loop,
    walk_span,
)
from jit.runtime.codegen.nests.nest import Pick, Reduce
from jit.runtime.codegen.nests.reducing import (
    Reducing,
    across,
    beats,
    halves,
    identity,
    join,
)
from jit.runtime.codegen.nests.reduction_plan import (
    element_dtype,
    part_size,
    part_words,
)
from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary
from jit.runtime.codegen.values import I1, I32, I64

LONGEST = 4096
"""Elements of a row that are accumulated in their own dtype before float64 takes over."""

FETCHES = 1
"""The pass in which the next row is asked for."""

LINE = 64
"""Bytes of a line of the caches."""

TOGETHER = 2
"""Rows that several passes walk at once."""


@dataclass
class Row:
    """A row while its kernel is made."""

    starts: list[ll.Value]
    """Where it begins in each operand."""
    values: dict[int, Element]
    """Its values that are the same for all elements."""
    pointers: dict[int, ll.Value] = field(default_factory=dict)
    """Where the elements begin that a block reads and writes."""
    totals: dict[int, Total] = field(default_factory=dict)
    """The reductions of a pass, by number, and those of a block of it."""
    parts: dict[int, list[Lanes]] = field(default_factory=dict)


class Rowwise(Reducing):
    """Lanes along the reduced axis."""

    def _used(self) -> set[int]:
        plan, nest = self.plan, self.nest
        moving = {k for k, x in enumerate(nest.inputs) if not (x.is_scalar or x.is_row)}
        for k, output in enumerate(nest.outputs):
            if not plan.is_row[output.value.index]:
                moving.add(self.operand_of(k))
        return moving

    def _walk(self, begin: ll.Value, end: ll.Value) -> None:
        b = self.b
        rows = Rows(b, self.axes, self.kept, begin)
        single = begin
        if len(self.plan.passes) > 1:
            # what a row waits for between passes is hidden behind another row
            whole = b.and_(b.sub(end, begin), I64(-TOGETHER))
            whole = b.select(self.lines.all_dense, whole, I64(0))
            single = b.add(begin, whole)
            with B.loop(b, begin, single, TOGETHER):
                self._rows([self._row_at(rows) for _ in range(TOGETHER)])
        with B.loop(b, single, end):
            self._rows([self._row_at(rows)])

    def _row_at(self, rows: Rows) -> Row:
        """The row where a walk is, which then goes on."""
        b = self.b
        starts = [B.at(b, p, rows.offset(k)) for k, p in enumerate(self.pointers)]
        made = Row(starts, dict(self.scalars))
        for k, x in enumerate(self.nest.inputs):
            if x.is_row:
                made.values[k] = load_scalar(b, None, starts[k], x.dtype)
        rows.advance()
        return made

    def _rows(self, rows: list[Row]) -> None:
        """Reduce some rows, each pass along all of them at once."""
        for row in rows:
            self._finish_values(row, 0)
        for number in self.plan.passes:
            self._pass(number, rows)
            for row in rows:
                self._finish_values(row, number + 1)
        for row in rows:
            self._store_row(row)

    def _store_row(self, row: Row) -> None:
        """Write the outputs that have one element for each row."""
        m = LlvmVocabulary(self.b)
        for k, output in enumerate(self.nest.outputs):
            index = output.value.index
            if self.plan.is_row[index]:
                place = row.starts[self.operand_of(k)]
                store_element(m, row.values[index], place, output.dtype, None)

    def _finish_values(self, row: Row, ready: int) -> None:
        m = LlvmVocabulary(self.b)
        for index, step in self.row_steps(ready):
            if isinstance(step, Pick):
                row.values[index] = self._picked(row, step)
                continue
            row.values[index] = self.row_step(
                m, step, lambda r, d: converted(m, row.values[r.index], d)
            )

    def _picked(self, row: Row, step: Pick) -> Element:
        k = step.source
        (axis,) = self.nest.reduced
        place = self.b.mul(
            row.values[step.place.index].value, self.axes.strides[k][axis]
        )
        dtype = self.nest.inputs[k].dtype
        return load_scalar(self.b, None, B.at(self.b, row.starts[k], place), dtype)

    def _row_value(
        self, m: LlvmVocabulary, row: Row
    ) -> Callable[[int, DType | None], Element]:
        scalar = LlvmVocabulary(self.b)

        def value(index: int, dtype: DType | None) -> Element:
            x = converted(scalar, row.values[index], dtype)
            return m.splat(x.value, x.dtype)

        return value

    def _pass(self, number: int, rows: list[Row]) -> None:
        b = self.b
        read, written = self.operands_of(number)
        for row in rows:
            row.totals = self._totals(number)
        axes = self.axes_of(number)
        inner = axes.sizes[-1]

        def line(walk: Rows, outer: ll.Value) -> None:
            base = b.mul(outer, inner)
            part = self._longest(inner)
            with B.loop(b, I64(0), inner, part) as position:
                count = B.smaller(b, part, b.sub(inner, position))
                first = b.add(base, position)
                here = {
                    k: [B.at(b, row.starts[k], walk.offset(k)) for row in rows]
                    for k in (*read, *written)
                }
                if len(rows) > 1:
                    move = [b.mul(position, I64(d.itemsize)) for d in self.dtypes]
                    for u, row in enumerate(rows):
                        row.pointers = {k: B.at(b, here[k][u], move[k]) for k in here}
                    self._block(number, rows, count, first)
                    return
                rows[0].pointers = {
                    k: self.pointer_of(k, here[k][0], position, count, k in read)
                    for k in here
                }
                self._block(number, rows, count, first)
                for k in written:
                    self.lines.finish(k, here[k][0], position, count)

        self.each_reduced_row(axes, line)
        for row in rows:
            for index, total in row.totals.items():
                row.values[index] = total.value()

    def _totals(self, number: int) -> dict[int, Total]:
        scalar = LlvmVocabulary(self.b)
        return {
            index: Total(scalar, step, self._dtype_of(step))
            for index, step in self.plan.reductions(number)
        }

    def _longest(self, inner: ll.Value) -> ll.Value:
        b = self.b
        dense = B.smaller(b, inner, I64(LONGEST))
        part = b.select(self.lines.all_dense, dense, I64(512))
        return B.larger(b, part, I64(1))

    def _dtype_of(self, step: Reduce) -> DType:
        return element_dtype(self.nest, step.value.index)

    def _block(
        self, number: int, rows: list[Row], count: ll.Value, first: ll.Value
    ) -> None:
        """Reduce neighbouring elements of some rows, the same of each.

        `first` is the number of the first among all elements that are reduced.
        """
        b = self.b
        m = LlvmVocabulary(b, self.lanes)
        unrolled = self.plan.unrolled(number)
        for row in rows:
            row.parts = {
                index: [Lanes(m, t.kind, t.dtype, u) for u in range(unrolled)]
                for index, t in row.totals.items()
            }

        def turn(indices: list[ll.Value], mask: ll.Value | None) -> None:
            # everything is read before anything is written
            computed = []
            for u, i in enumerate(indices):
                for row in rows:
                    places = self._places(row, i)
                    if number == FETCHES and mask is None:
                        self._fetch_later_row(places, u, len(rows))
                    value = self._row_value(m, row)
                    values = self.element_values(m, number, places, mask, value)
                    computed.append((u, row, places, values))
            for u, row, places, values in computed:
                self.store_values(m, number, places, mask, values)
                for index, step in self.plan.reductions(number):
                    x = values.get(step.value.index)
                    if x is None:
                        x = self._row_value(m, row)(step.value.index, None)
                    row.parts[index][u].take(x, mask, indices[0])

        vector_loop(b, count, self.lanes, unrolled, turn)
        for row in rows:
            for index, step in self.plan.reductions(number):
                found = joined_lanes(row.parts[index])
                if step.kind.startswith("arg"):
                    search = functools.partial(
                        self._find, number, step, found, row, count
                    )
                    place = functools.partial(
                        self._place, row.parts[index], found, search
                    )
                    total = row.totals[index]
                    total.take_place(found, lambda: b.add(first, place()))  # noqa: B023
                else:
                    row.totals[index].take(found)

    def _places(self, row: Row, index: ll.Value) -> dict[int, ll.Value]:
        """Where the operands of a pass have the element of a number."""
        b = self.b
        return {
            k: B.at(b, p, b.mul(index, I64(self.dtypes[k].itemsize)))
            for k, p in row.pointers.items()
        }

    def _fetch_later_row(
        self, places: dict[int, ll.Value], vector: int, rows: int
    ) -> None:
        """Ask for what the first pass will read some rows on: this row is in cache.

        `vector` is the number of a vector in its turn: each line is asked for once.
        """
        if not self.kept:
            return
        read, _ = self.operands_of(0)
        for k in read:
            size = self.lanes * self.dtypes[k].itemsize
            if k in places and vector * size % LINE == 0:
                stride = self.axes.strides[k][self.kept[-1]]
                ahead = self.b.mul(stride, I64(rows))
                B.prefetch(self.b, B.at(self.b, places[k], ahead), writes=False)

    def _place(
        self, parts: list[Lanes], best: Element, search: Callable[[], ll.Value]
    ) -> ll.Value:
        """The place in a block of its extreme: searched for if lanes do not know it."""
        if parts[0].turns is None:
            return search()
        if parts[0].nans is None:
            return place_in_lanes(parts, best)
        b, place = self.b, entry_alloca(self.b, I64)
        is_nan = best.m.isnan(best).value
        with b.if_else(is_nan, likely=False) as (rare, common):
            with rare:
                b.store(search(), place)
            with common:
                b.store(place_in_lanes(parts, best), place)
        return b.load(place)

    def _find(
        self,
        number: int,
        step: Reduce,
        best: Element,
        row: Row,
        count: ll.Value,
    ) -> ll.Value:
        """The place of the first element of a block that equals its extreme, or is nan
        as that is."""
        b, m = self.b, LlvmVocabulary(self.b, self.lanes)
        wanted = m.splat(best.value, best.dtype)
        bits = ll.IntType(self.lanes)
        after = b.function.append_basic_block("found")

        def look(i: ll.Value, mask: ll.Value | None) -> tuple[ll.Value, ll.Block]:
            """Go to the end where a vector has it."""
            value = self._row_value(m, row)
            places = self._places(row, i)
            values = self.element_values(m, number, places, mask, value)
            x = values.get(step.value.index)
            x = value(step.value.index, None) if x is None else x
            hits = ((x == wanted) | m.isnan(x)).value
            found = b.bitcast(hits if mask is None else b.and_(mask, hits), bits)
            return found, b.block

        whole = b.and_(count, I64(-self.lanes))
        before = b.block
        search, body, tail = (
            b.function.append_basic_block(n) for n in ("search", "look", "tail")
        )
        b.branch(search)
        b.position_at_end(search)
        i = b.phi(I64)
        i.add_incoming(I64(0), before)
        b.cbranch(b.icmp_signed("<", i, whole), body, tail)
        b.position_at_end(body)
        found, leaving = look(i, None)
        i.add_incoming(b.add(i, I64(self.lanes)), leaving)
        b.cbranch(b.icmp_unsigned("!=", found, bits(0)), after, search)
        b.position_at_end(tail)
        # it is there, unless the numbers change meanwhile: then any place will do
        mask = B.lanes_below(b, b.sub(count, whole), self.lanes)
        last, end = look(whole, mask)
        last = b.or_(last, bits(1 << self.lanes - 1))
        b.branch(after)
        b.position_at_end(after)
        lane, start = b.phi(bits), b.phi(I64)
        lane.add_incoming(found, leaving)
        lane.add_incoming(last, end)
        start.add_incoming(i, leaving)
        start.add_incoming(whole, end)
        offset = b.cttz(lane, I1(1))
        wide = b.zext(offset, I64) if self.lanes < 64 else offset
        return b.add(start, wide)


class Lanes:
    """The accumulators of a reduction in the lanes of one vector.

    For a place each lane keeps the turn in which its extreme came first, in an integer as
    wide as the elements; bytes are too short for that.
    Extremes of floats leave nan out, and remember in which lanes there was one.
    """

    def __init__(self, m: LlvmVocabulary, kind: str, dtype: DType, number: int) -> None:
        self.m, self.kind, self.dtype = m, kind.removeprefix("arg"), dtype
        self.number = number
        """Which vector of each turn it takes."""
        self.turns = None
        if kind != self.kind and dtype.itemsize > 1:
            integer = ll.IntType(8 * dtype.itemsize)
            none = B.splat(m.b, integer(0), m.lanes or 1)
            self.turns = entry_alloca(m.b, none.type)
            m.b.store(none, self.turns)
        self.best = entry_alloca(m.b, m.type_of(dtype))
        self.start = identity(m, self.kind, dtype)
        m.b.store(self.start.value, self.best)
        self.nans = None
        if self.kind in ("max", "min") and dtype.category == FLOATING:
            none = m.number(False, dtypes.bool_).value
            self.nans = entry_alloca(m.b, none.type)
            m.b.store(none, self.nans)

    def take(self, x: Element, mask: ll.Value | None, turn: ll.Value) -> None:
        """Reduce neighbouring elements; `turn` is the place of the first of its turn."""
        m, b = self.m, self.m.b
        best = m.element(b.load(self.best), self.dtype)
        if mask is not None:
            x = m.element(b.select(mask, x.value, self.start.value), self.dtype)
        b.store(self.join(x, best).value, self.best)
        if self.turns is not None:
            kept = b.load(self.turns)
            short = turn
            if kept.type.element.width < I64.width:
                short = b.trunc(turn, kept.type.element)
            now = B.splat(b, short, m.lanes or 1)
            wins = x > best if self.kind == "max" else x < best
            b.store(b.select(wins.value, now, kept), self.turns)
        if self.nans is not None:
            b.store(b.or_(b.load(self.nans), m.isnan(x).value), self.nans)

    def join(self, x: Element, best: Element) -> Element:
        """The reduction of two elements; nan never takes the place of the second."""
        if self.nans is None:
            return join(x.m, self.kind, best, x)
        m = x.m
        return m.where(x > best if self.kind == "max" else x < best, x, best)


def joined_lanes(parts: list[Lanes]) -> Element:
    """The reduction of all lanes of several accumulators."""
    m, first = parts[0].m, parts[0]
    values = [m.element(m.b.load(p.best), p.dtype) for p in parts]
    while len(values) > 1:
        values = [
            first.join(values[k], values[k + 1]) for k in range(0, len(values), 2)
        ]
    if first.nans is None:
        return across(m, first.kind, values[0])
    made = across(m, first.kind, values[0], first.join)
    nans = m.b.load(first.nans)
    for other in parts[1:]:
        assert other.nans is not None
        nans = m.b.or_(nans, m.b.load(other.nans))
    found = made.m.element(m.any_lane(nans), dtypes.bool_)
    return made.m.where(found, float("nan"), made)


def place_in_lanes(parts: list[Lanes], best: Element) -> ll.Value:
    """The first place where the lanes have a number that is their extreme."""
    m, b, lanes = parts[0].m, parts[0].m.b, parts[0].m.lanes or 1
    wanted = m.splat(best.value, best.dtype)
    found: Any = None
    for part in parts:
        turns = b.load(part.turns)
        kind = turns.type
        start = part.number * lanes
        numbers = ll.Constant(kind, list(range(start, start + lanes)))
        last = ll.Constant(kind, [(1 << kind.element.width - 1) - 1] * lanes)
        hits = m.element(b.load(part.best), part.dtype) == wanted
        places = b.select(hits.value, b.add(turns, numbers), last)
        found = places if found is None else B.smaller(b, found, places)
    while found.type.count > 1:
        found = B.smaller(b, *halves(b, found))
    place = b.extract_element(found, I32(0))
    return b.zext(place, I64) if place.type.width < I64.width else place


class Total:
    """The accumulator of a reduction along a row: float64 for sums of floats."""

    def __init__(self, m: LlvmVocabulary, step: Reduce, dtype: DType) -> None:
        self.m, self.kind, self.dtype = m, step.kind, dtype
        is_place = step.kind.startswith("arg")
        self.wide = dtype if is_place else reduced_dtype(step.kind, dtype)
        b = m.b
        self.best = entry_alloca(b, m.type_of(self.wide))
        b.store(identity(m, step.kind, self.wide).value, self.best)
        self.place = entry_alloca(b, I64) if is_place else None
        if self.place is not None:
            b.store(I64(0), self.place)

    def take(self, x: Element) -> None:
        """Reduce what a block of elements has given."""
        m, b = self.m, self.m.b
        one = m.cast(x, self.wide)
        total = m.element(b.load(self.best), self.wide)
        b.store(join(m, self.kind, total, one).value, self.best)

    def take_place(self, x: Element, find: Callable[[], ll.Value]) -> None:
        """Reduce the extreme of a block; `find` gives its place if it is the best."""
        m, b = self.m, self.m.b
        assert self.place is not None
        best = m.element(b.load(self.best), self.dtype)
        wins = beats(m, self.kind, x, best)
        with b.if_then(wins.value):
            b.store(x.value, self.best)
            b.store(find(), self.place)

    def save(self, place: ll.Value) -> None:
        """Keep the total of a part in two words of memory."""
        b = self.m.b
        B.store(b, b.load(self.best), place, 8)
        if self.place is not None:
            B.store(b, b.load(self.place), B.at(b, place, 8), 8)

    def take_saved(self, place: ll.Value) -> None:
        """Reduce the total of a part, which comes after those taken before."""
        m, b = self.m, self.m.b
        x = m.element(B.load(b, place, m.type_of(self.wide), 8), self.wide)
        total = m.element(b.load(self.best), self.wide)
        if self.place is None:
            b.store(join(m, self.kind, total, x).value, self.best)
            return
        wins = beats(m, self.kind, x, total).value
        found = B.load(b, B.at(b, place, 8), I64, 8)
        b.store(b.select(wins, x.value, total.value), self.best)
        b.store(b.select(wins, found, b.load(self.place)), self.place)

    def value(self) -> Element:
        """The result."""
        b = self.m.b
        if self.place is not None:
            return self.m.element(b.load(self.place), dtypes.int64)
        return self.m.element(b.load(self.best), self.wide)


class Whole(Rowwise):
    """As rows, but cut into parts that threads can share."""

    def _walk(self, begin: ll.Value, end: ll.Value) -> None:
        b = self.b
        size = part_size(b, self.elements)
        with B.loop(b, begin, end) as part:
            first = b.mul(part, size)
            last = B.smaller(b, b.add(first, size), self.elements)
            self._part(part, first, last)

    def _part(self, part: ll.Value, begin: ll.Value, end: ll.Value) -> None:
        b = self.b
        row = Row([], dict(self.scalars))
        self._finish_values(row, 0)
        row.totals = self._totals(0)
        inner = B.larger(b, self.axes.sizes[-1], I64(1))
        rows = Rows(b, self.axes, self.reduced, b.udiv(begin, inner))
        place = entry_alloca(b, I64)
        b.store(begin, place)

        def stretch(first: ll.Value, count: ll.Value) -> None:
            row.starts = [
                B.at(b, p, rows.offset(k)) for k, p in enumerate(self.pointers)
            ]
            base = b.load(place)
            self._stretch(row, first, count, base)
            b.store(b.add(base, count), place)
            rows.advance()

        walk_span(b, (begin, end, b.urem(begin, inner), inner), stretch)
        for number, total in enumerate(row.totals.values()):
            total.save(self._saved(part, number))

    def _stretch(
        self, row: Row, first: ll.Value, count: ll.Value, base: ll.Value
    ) -> None:
        b = self.b
        read, _ = self.operands_of(0)
        longest = self._longest(count)
        with B.loop(b, I64(0), count, longest) as position:
            here = B.smaller(b, longest, b.sub(count, position))
            place = b.add(first, position)
            row.pointers = {
                k: self.pointer_of(k, row.starts[k], place, here, True) for k in read
            }
            self._block(0, [row], here, b.add(base, position))

    def _saved(self, part: ll.Value, number: int) -> ll.Value:
        """Where a part keeps the total of a reduction."""
        words = self.b.mul(part, I64(part_words(self.nest)))
        place = self.b.mul(self.b.add(words, I64(2 * number)), I64(8))
        return B.at(self.b, self.memory, place)

    def emit_end(self) -> None:
        """Emit what joins the parts."""
        self._begin()
        b = self.b
        row = Row(self.pointers, dict(self.scalars))
        self._finish_values(row, 0)
        totals = self._totals(0)
        with B.loop(b, *self.function.args[3:]) as part:
            for number, total in enumerate(totals.values()):
                total.take_saved(self._saved(part, number))
        for index, total in totals.items():
            row.values[index] = total.value()
        self._finish_values(row, 1)
        self._store_row(row)

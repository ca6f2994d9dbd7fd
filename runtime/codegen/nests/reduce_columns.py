"""Kernels of nests whose innermost axis is kept: a block of neighbouring columns is reduced
at once. Each column has a lane, and accumulators lie in the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.nests.emit_nest import (
    Rows,
    converted,
    entry_alloca,
    load_element,
    load_scalar,
    store_element,
    vector_loop,
    walk_span,
)
from jit.runtime.codegen.nests.nest import Pick, Reduce
from jit.runtime.codegen.nests.reducing import Reducing, beats, identity, join
from jit.runtime.codegen.nests.reduction_plan import element_dtype
from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary, with_lanes
from jit.runtime.codegen.values import ELEMENT, I64

COLUMNS = 512
"""Columns that are reduced at once."""

ROWS = 64
"""Rows of columns that are accumulated in their own dtype before float64 takes over."""

ROWS_TOGETHER = 8
"""Rows of columns that are reduced before accumulators go back to the frame."""


class _Array:
    """A number for each column of a block, in the frame."""

    def __init__(self, m: LlvmVocabulary, dtype: DType) -> None:
        self.m, self.dtype = m, dtype
        lanes = m.lanes or 1
        words = (COLUMNS + lanes) * max(dtype.itemsize, 1) // 8 + 8
        self.memory = entry_alloca(m.b, I64, words)

    def alone(self, m: LlvmVocabulary) -> _Array:
        """The same numbers, to be read and written one by one."""
        made: _Array = object.__new__(_Array)
        made.m, made.dtype, made.memory = m, self.dtype, self.memory
        return made

    def _place(self, index: ll.Value) -> ll.Value:
        b = self.m.b
        start = b.bitcast(self.memory, ELEMENT[self.dtype].as_pointer())
        return b.gep(start, [index])

    def load(self, index: ll.Value) -> Element:
        """The numbers of neighbouring columns."""
        m = self.m
        kind = with_lanes(ELEMENT[self.dtype], m.lanes)
        value = B.load(m.b, self._place(index), kind, self.dtype.itemsize)
        return m.loaded(value, self.dtype)

    def store(self, index: ll.Value, x: Element) -> None:
        """Set the numbers of neighbouring columns."""
        value = self.m.stored(x, self.dtype)
        B.store(self.m.b, value, self._place(index), self.dtype.itemsize)


class Columnwise(Reducing):
    """Lanes along the kept axis."""

    def _used(self) -> set[int]:
        return {
            k for k in range(self.count)
            if k >= len(self.nest.inputs) or not self.nest.inputs[k].is_scalar
        }  # fmt: skip

    def _walk(self, begin: ll.Value, end: ll.Value) -> None:
        b = self.b
        self.m = LlvmVocabulary(b, self.lanes)
        self.arrays = {
            index: _Array(self.m, element_dtype(self.nest, index))
            for index, is_row in enumerate(self.plan.is_row)
            if is_row and index not in self.scalars
        }
        inner = self.axes.sizes[-1]
        rows = Rows(b, self.axes, self.kept, b.udiv(begin, inner))

        def stretch(first: ll.Value, count: ll.Value) -> None:
            starts = [B.at(b, p, rows.offset(k)) for k, p in enumerate(self.pointers)]
            with B.loop(b, I64(0), count, COLUMNS) as done:
                here = B.smaller(b, I64(COLUMNS), b.sub(count, done))
                self._block(starts, b.add(first, done), here)
            rows.advance()

        walk_span(b, (begin, end, b.urem(begin, inner), inner), stretch)

    def _row_value(self, i: ll.Value) -> Callable[[int, DType | None], Element]:
        m = self.m

        def value(index: int, dtype: DType | None) -> Element:
            if index in self.scalars:
                x = converted(LlvmVocabulary(self.b), self.scalars[index], dtype)
                return m.splat(x.value, x.dtype)
            return converted(m, self.arrays[index].load(i), dtype)

        return value

    def _block(
        self, starts: list[ll.Value], position: ll.Value, count: ll.Value
    ) -> None:
        self.place = starts, position
        self._read_rows(starts, position, count)
        self._finish_values(0, count)
        for number in self.plan.passes:
            self._pass(number, starts, position, count)
            self._finish_values(number + 1, count)
        rows = [
            (self.operand_of(k), o)
            for k, o in enumerate(self.nest.outputs)
            if self.plan.is_row[o.value.index]
        ]
        pointers = {
            k: self.lines.pointer(k, starts[k], position, count) for k, _ in rows
        }

        def turn(indices: list[ll.Value], mask: ll.Value | None) -> None:
            (i,) = indices
            for k, output in rows:
                x = self._row_value(i)(output.value.index, None)
                place = B.at(self.b, pointers[k], self._bytes(k, i))
                store_element(self.m, x, place, output.dtype, mask)

        if rows:
            vector_loop(self.b, count, self.lanes, 1, turn)
        for k, _ in rows:
            self.lines.finish(k, starts[k], position, count)

    def _bytes(self, k: int, index: ll.Value) -> ll.Value:
        return self.b.mul(index, I64(self.dtypes[k].itemsize))

    def _read_rows(
        self, starts: list[ll.Value], position: ll.Value, count: ll.Value
    ) -> None:
        """Read the inputs that have one element for each column."""
        for k, x in enumerate(self.nest.inputs):
            if not x.is_row:
                continue
            pointer = self.lines.pointer(k, starts[k], position, count)

            def turn(indices: list[ll.Value], mask: ll.Value | None) -> None:
                (i,) = indices
                place = B.at(self.b, pointer, self._bytes(k, i))  # noqa: B023
                dtype = x.dtype  # noqa: B023
                self.arrays[k].store(i, load_element(self.m, place, dtype, mask))  # noqa: B023

            vector_loop(self.b, count, self.lanes, 1, turn)

    def _pick(self, index: int, step: Pick, count: ll.Value) -> None:
        """The elements that columns pick, one by one."""
        b, k = self.b, step.source
        starts, position = self.place
        strides = self.axes.strides[k]
        (axis,) = self.nest.reduced
        one = LlvmVocabulary(b)
        places, made = (self.arrays[i].alone(one) for i in (step.place.index, index))
        with B.loop(b, I64(0), count) as i:
            moved = b.mul(b.add(position, i), strides[-1])
            chosen = b.mul(places.load(i).value, strides[axis])
            place = B.at(b, starts[k], moved, chosen)
            made.store(i, load_scalar(b, None, place, self.nest.inputs[k].dtype))

    def _finish_values(self, ready: int, count: ll.Value) -> None:
        steps: list[tuple[int, Any]] = []
        for index, step in self.row_steps(ready):
            if isinstance(step, Pick):
                self._finish_steps(steps, count)
                self._pick(index, step, count)
                steps = []
            else:
                steps.append((index, step))
        self._finish_steps(steps, count)

    def _finish_steps(self, steps: list[tuple[int, Any]], count: ll.Value) -> None:
        if not steps:
            return

        def turn(i: ll.Value) -> None:
            row = self._row_value(i)
            for index, step in steps:
                x = self.row_step(self.m, step, lambda r, d: row(r.index, d))
                self.arrays[index].store(i, x)

        self._each_vector(count, turn)

    def _each_vector(self, count: ll.Value, turn: Callable[[ll.Value], None]) -> None:
        """For whole vectors that cover the columns, and maybe some beyond."""
        with B.loop(self.b, I64(0), count, self.lanes) as i:
            turn(i)

    def _pass(
        self, number: int, starts: list[ll.Value], position: ll.Value, count: ll.Value
    ) -> None:
        b, m = self.b, self.m
        reductions = self.plan.reductions(number)
        read, written = self.operands_of(number)
        accumulators = {
            index: _Columns(m, step, element_dtype(self.nest, step.value.index),
                            self.arrays[index])
            for index, step in reductions
        }  # fmt: skip
        self._each_vector(count, lambda i: [a.begin(i) for a in accumulators.values()])
        blocked = any(a.partial is not a.total for a in accumulators.values())

        def flush(i: ll.Value) -> None:
            for accumulator in accumulators.values():
                accumulator.flush(i)

        unrolled = self.plan.unrolled(number)
        together = ROWS_TOGETHER if unrolled > 1 and not written else 1

        def take(here: list[dict[int, ll.Value]], outer: ll.Value) -> None:
            """Reduce some rows, whose first has a number."""
            pointers = [
                {
                    k: self.pointer_of(k, p, position, count, k in read)
                    for k, p in h.items()
                }
                for h in here
            ]

            def turn(indices: list[ll.Value], mask: ll.Value | None) -> None:
                for i in indices:
                    reader = self._row_value(i)
                    for index, _ in reductions:
                        accumulators[index].open(i)
                    for r, row in enumerate(pointers):
                        places = {
                            k: B.at(b, p, self._bytes(k, i)) for k, p in row.items()
                        }
                        found = self.element_values(m, number, places, mask, reader)
                        self.store_values(m, number, places, mask, found)
                        for index, step in reductions:
                            x = found.get(step.value.index)
                            if x is None:
                                x = reader(step.value.index, None)
                            accumulators[index].take(x, b.add(outer, I64(r)))
                    for index, _ in reductions:
                        accumulators[index].close(i)

            few = len(here) > 1
            vector_loop(b, count, self.lanes, 1 if few else unrolled, turn)
            for k in written:
                self.lines.finish(k, here[0][k], position, count)
            if blocked:
                last = b.and_(b.add(outer, I64(len(here))), I64(ROWS - 1))
                with b.if_then(b.icmp_signed("==", last, I64(0))):
                    self._each_vector(count, flush)

        def places_of(rows: Rows) -> dict[int, ll.Value]:
            return {k: B.at(b, starts[k], rows.offset(k)) for k in (*read, *written)}

        self.each_reduced_row(
            self.axes_of(number), lambda rows, n: take([places_of(rows)], n),
            together=together, several=lambda rows, n: take(
                [self._moved(rows, places_of) for _ in range(together)], n
            ),
        )  # fmt: skip
        if blocked:
            self._each_vector(count, flush)

    @staticmethod
    def _moved(rows: Rows, read: Callable[[Rows], Any]) -> Any:
        """What is read of a row, before the walk goes on."""
        found = read(rows)
        rows.advance()
        return found


class _Columns:
    """The accumulators of a reduction for a block of columns."""

    def __init__(
        self, m: LlvmVocabulary, step: Reduce, dtype: DType, result: _Array
    ) -> None:
        self.m, self.kind, self.dtype = m, step.kind, dtype
        self.places = result if step.kind.startswith("arg") else None
        self.total = result if self.places is None else _Array(m, dtype)
        wide = self.total.dtype
        self.blocked = step.kind == "sum" and dtype.category == FLOATING
        self.partial = _Array(m, dtype) if self.blocked else self.total
        self.wide = wide

    def begin(self, i: ll.Value) -> None:
        """Set the accumulators of some columns to their first value."""
        m = self.m
        self.partial.store(i, identity(m, self.kind, self.dtype))
        if self.blocked:
            self.total.store(i, identity(m, self.kind, self.wide))
        if self.places is not None:
            self.places.store(i, m.number(0, dtypes.int64))

    def open(self, i: ll.Value) -> None:
        """Read the accumulators of some columns."""
        self.best = self.partial.load(i)
        self.place = self.places.load(i) if self.places is not None else None

    def take(self, x: Element, outer: ll.Value) -> None:
        """Reduce one more row, whose number is `outer`."""
        m, b = self.m, self.m.b
        if self.place is None:
            self.best = join(m, self.kind, self.best, x)
            return
        wins = beats(m, self.kind, x, self.best)
        chosen = b.select(wins.value, x.value, self.best.value)
        self.best = m.element(chosen, self.dtype)
        self.place = m.where(wins, m.splat(outer, dtypes.int64), self.place)

    def close(self, i: ll.Value) -> None:
        """Write the accumulators of some columns."""
        self.partial.store(i, self.best)
        if self.places is not None and self.place is not None:
            self.places.store(i, self.place)

    def flush(self, i: ll.Value) -> None:
        """Move sums of some rows to float64."""
        if not self.blocked:
            return
        m = self.m
        wide = m.cast(self.partial.load(i), self.wide)
        self.total.store(i, join(m, self.kind, self.total.load(i), wide))
        self.partial.store(i, identity(m, self.kind, self.dtype))

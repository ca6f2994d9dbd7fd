"""From a nest with reduced axes to an LLVM function, of the type of all kernels.

The span that a kernel computes counts elements along the axes that are kept. There are two
forms, after the innermost axis:

- It is reduced: each row is walked in vectors, whose lanes are joined at the end of each
  block of a row.
- It is kept: a block of neighbouring columns is reduced at once. Each column has a lane,
  and accumulators lie in the frame.

A value that needs the result of a reduction is computed in a further pass along the reduced
axes. What single elements need is computed again in each pass, unless it is long and an
output can hold it until then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.emit_nest import (
    SHORT_BODY,
    Axes,
    Lines,
    Rows,
    body_length,
    converted,
    copy_function,
    emit_step,
    entry_alloca,
    join_axes,
    kernel_builder,
    lanes_of,
    load_element,
    load_scalar,
    new_kernel,
    read_operands,
    reduced_dtype,
    refs_of,
    row_values,
    store_element,
    vector_loop,
    walk_span,
)
from jit.runtime.codegen.nest import (
    AnyStep,
    Count,
    Input,
    Nest,
    Pick,
    Reduce,
    Ref,
    Step,
    Store,
)
from jit.runtime.codegen.values import ELEMENT, I1, I32, I64
from jit.runtime.codegen.vocabulary import Element, LlvmVocabulary, with_lanes
from jit.runtime.ops.pointwise_family import compute_dtype

LONGEST = 4096
"""Elements of a row that are accumulated in their own dtype before float64 takes over."""

COLUMNS = 512
"""Columns that are reduced at once."""

ROWS = 64
"""Rows of columns that are accumulated in their own dtype before float64 takes over."""

UNROLLED = 4

ROWS_TOGETHER = 8
"""Rows of columns that are reduced before accumulators go back to the frame."""


LEAST_PART = 1 << 16
MOST_PARTS = 64
"""How a reduction of all elements is cut, whatever the number of threads."""


def emit_reduction(b: ll.IRBuilder, nest: Nest, function: ll.Function) -> None:
    """Emit the body of the kernel of a nest with reduced axes."""
    form = _Rowwise if nest.rank - 1 in nest.reduced else _Columnwise
    if is_whole(nest):
        form = _Whole
    form(b, nest, function).emit()


def emit_end(module: ll.Module, nest: Nest, name: str) -> ll.Function:
    """The function that makes the results of a whole reduction from those of its parts.

    It takes what the kernel takes; its span are all parts.
    """
    function = new_kernel(module, name)
    b = kernel_builder(function)
    _Whole(b, nest, function).emit_end()
    b.ret_void()
    return function


@functools.lru_cache(4096)
def is_whole(nest: Nest) -> bool:
    """Whether a nest reduces all elements in one pass, and so can be cut into parts.

    The span of such a kernel counts parts. `data` has one pointer more, to memory for
    `part_words` words for each part.
    """
    plan = plan_of(nest)
    whole = len(nest.reduced) == nest.rank
    stores = any(plan.stores(number) for number in plan.passes)
    return whole and len(plan.passes) == 1 and not stores


def part_words(nest: Nest) -> int:
    """How many words a part leaves."""
    return 2 * sum(isinstance(s, Reduce) for s in nest.steps)


def part_size(b: ll.IRBuilder, elements: ll.Value) -> ll.Value:
    """How many elements a part of a whole reduction has."""
    return B.larger(b, I64(LEAST_PART), B.ceil_div(b, elements, MOST_PARTS))


@dataclass(frozen=True)
class Plan:
    """In which pass along the reduced axes each value is known or computed."""

    nest: Nest
    is_row: list[bool]
    ready: list[int]
    """How many passes come before a value can be computed."""
    kept: dict[int, int]
    """Values that an output holds for later passes: the number of the output."""
    written: list[int]
    """The pass in which a value is written, if it is an output."""

    @property
    def passes(self) -> range:
        last = 0
        for _, step in self.steps():
            if isinstance(step, Reduce):
                last = max(last, self.ready[step.value.index] + 1)
        for output in self.nest.outputs:
            if not self.is_row[output.value.index]:
                last = max(last, self.written[output.value.index] + 1)
        return range(last)

    def steps(self) -> Iterator[tuple[int, AnyStep]]:
        """Steps with the numbers of their values."""
        return enumerate(self.nest.steps, len(self.nest.inputs))

    def reductions(self, number: int) -> list[tuple[int, Reduce]]:
        """The reductions of a pass."""
        return [
            (i, s)
            for i, s in self.steps()
            if isinstance(s, Reduce) and self.ready[s.value.index] == number
        ]

    def stores(self, number: int) -> list[tuple[int, Store]]:
        """The outputs that a pass writes, element by element."""
        return [
            (k, o)
            for k, o in enumerate(self.nest.outputs)
            if not self.is_row[o.value.index] and self.written[o.value.index] == number
        ]

    def needed(self, number: int) -> set[int]:
        """The values of single elements that a pass computes or reads."""
        pending = [s.value.index for _, s in self.reductions(number)]
        pending += [o.value.index for _, o in self.stores(number)]
        pending += [v for v in self.kept if self.ready[v] == number]
        found: set[int] = set()
        first = len(self.nest.inputs)
        while pending:
            index = pending.pop()
            if index in found or self.is_row[index]:
                continue
            found.add(index)
            held = index in self.kept and self.ready[index] < number
            if index >= first and not held:
                pending += [r.index for r in refs_of(self.nest.steps[index - first])]
        return found

    def unrolled(self, number: int) -> int:
        """How many vectors a turn of a pass takes: several, where that is little code."""
        first, length = len(self.nest.inputs), 0
        for index in self.needed(number):
            held = index in self.kept and self.ready[index] < number
            step = self.nest.steps[index - first] if index >= first else None
            if isinstance(step, Step) and not held:
                length += _length(step)
        return UNROLLED if length <= 4 * SHORT_BODY else 1


def plan_of(nest: Nest) -> Plan:
    """When each value of a nest is computed."""
    is_row = row_values(nest)
    ready = [0] * len(nest.inputs)
    for step in nest.steps:
        before = max((ready[r.index] for r in refs_of(step)), default=0)
        ready.append(before + 1 if isinstance(step, Reduce) else before)
    kept = {}
    stored = [o for o in nest.outputs if not is_row[o.value.index]]
    written = ready
    if nest.widens:
        # passes that reduce are of other lengths than the one that writes
        reduced = [
            ready[s.value.index] + 1 for s in nest.steps if isinstance(s, Reduce)
        ]
        written = [max(reduced)] * len(ready)
    if len(stored) == 1 and not nest.widens:
        (output,) = stored
        number = nest.outputs.index(output)
        for index, step in enumerate(nest.steps, len(nest.inputs)):
            long = (
                isinstance(step, Step)
                and not is_row[index]
                and step.result is output.dtype
                and compute_dtype(step.result) is step.result
                and ready[index] < ready[output.value.index]
                and _length(step) > SHORT_BODY
            )
            read_later = any(
                Ref(index) in refs_of(other) and ready[later] > ready[index]
                for later, other in enumerate(nest.steps, len(nest.inputs))
                if isinstance(other, Step)
            )
            if long and read_later and not kept:
                kept[index] = number
    return Plan(nest, is_row, ready, kept, written)


def _length(step: Step) -> int:
    """How many instructions a step has."""
    refs = refs_of(step)
    inputs = tuple(Input(step.converted[0] or step.result) for _ in refs)
    places = {r: Ref(k) for k, r in enumerate(refs)}
    arguments = tuple(places[a] if isinstance(a, Ref) else a for a in step.arguments)
    alone = Step(step.card, arguments, step.converted, step.result)
    output = Store(Ref(len(inputs)), step.result)
    return body_length(Nest(1, inputs, (alone,), (output,)))


def identity(m: LlvmVocabulary, kind: str, dtype: DType) -> Element:
    """What a reduction begins with."""
    if kind in ("sum", "prod"):
        return m.number(0 if kind == "sum" else 1, dtype)
    lowest = kind.endswith("max")
    if dtype.category == FLOATING:
        return m.number(float("-inf") if lowest else float("inf"), dtype)
    bits = 8 * dtype.itemsize
    if not dtype.is_signed:
        return m.number(0 if lowest else (1 << bits) - 1, dtype)
    return m.number(-(1 << bits - 1) if lowest else (1 << bits - 1) - 1, dtype)


def join(m: LlvmVocabulary, kind: str, x: Element, y: Element) -> Element:
    """The reduction of two elements."""
    function = {
        "sum": m.add, "prod": m.multiply, "max": m.maximum, "min": m.minimum,
    }[kind]  # fmt: skip
    return function(x, y)


def beats(m: LlvmVocabulary, kind: str, x: Element, best: Element) -> Element:
    """Whether an element takes the place of the best one so far."""
    ahead = x > best if kind == "argmax" else x < best
    if x.dtype.category != FLOATING:
        return ahead
    return ahead | (m.isnan(x) & ~m.isnan(best))


def halves(b: ll.IRBuilder, x: ll.Value) -> tuple[ll.Value, ll.Value]:
    """The lower and the upper lanes of a vector."""
    count = x.type.count // 2
    first = B.shuffle(b, x, x, range(count))
    return first, B.shuffle(b, x, x, range(count, 2 * count))


def across(m: LlvmVocabulary, kind: str, x: Element) -> Element:
    """The reduction of all lanes of an element, as a scalar."""
    value, b = x.value, m.b
    while value.type.count > 1:
        low, high = halves(b, value)
        narrow = LlvmVocabulary(b, low.type.count)
        joined = join(
            narrow, kind, narrow.element(low, x.dtype), narrow.element(high, x.dtype)
        )
        value = joined.value
    scalar = LlvmVocabulary(b)
    return scalar.element(b.extract_element(value, I32(0)), x.dtype)


class _Reducing:
    """What both forms share."""

    def __init__(self, b: ll.IRBuilder, nest: Nest, function: ll.Function) -> None:
        self.b = b
        self.nest = nest
        self.function = function
        self.plan = plan_of(nest)
        self.lanes = lanes_of(nest)
        self.count = len(nest.inputs) + len(nest.outputs)

    def emit(self) -> None:
        """Emit the kernel."""
        self._begin()
        begin, end = self.function.args[3:]
        with self.b.if_then(self.b.icmp_signed("<", begin, end)):
            self._walk(begin, end)

    def _begin(self) -> None:
        """Read the arguments of the kernel, and join axes."""
        b, nest = self.b, self.nest
        self.pointers, axes = read_operands(b, self.function, nest.rank, self.count)
        self.axes = axes
        data = self.function.args[0]
        self.memory = b.load(b.gep(data, [I64(self.count)])) if is_whole(nest) else None
        self.domain = {d: axes.sizes[d] for d in nest.reduced}
        if nest.widens:
            sizes = self.function.args[1]
            for d in nest.reduced:
                self.domain[d] = b.load(b.gep(sizes, [I64(nest.rank + d)]))
        self.elements: ll.Value = I64(1)
        for size in self.domain.values():
            self.elements = b.mul(self.elements, size)
        self.scalars = {
            k: load_scalar(b, None, self.pointers[k], x.dtype)
            for k, x in enumerate(nest.inputs)
            if x.is_scalar
        }
        dtypes = [x.dtype for x in (*nest.inputs, *nest.outputs)]
        self.dtypes = dtypes
        for first, last in _runs(nest):
            if first in nest.reduced and nest.widens:
                continue
            join_axes(b, axes, first, last)
        if not nest.widens:
            self.domain = {d: axes.sizes[d] for d in nest.reduced}
        inner = [strides[-1] for strides in axes.strides]
        outputs = [k >= len(nest.inputs) for k in range(self.count)]
        self.lines = self._make_lines(inner, outputs)
        self.reduced = [d for d in nest.reduced if d != nest.rank - 1]
        self.kept = [d for d in range(nest.rank - 1) if d not in nest.reduced]

    def _make_lines(self, inner: list[ll.Value], outputs: list[bool]) -> Lines:
        used = self._used()
        # operands that are not walked along the last axis count as contiguous
        steps = [
            stride if k in used else I64(self.dtypes[k].itemsize)
            for k, stride in enumerate(inner)
        ]
        return Lines(self.b, [d.itemsize for d in self.dtypes], steps, outputs)

    def _used(self) -> set[int]:
        """Operands with elements along the last axis."""
        raise NotImplementedError

    def _walk(self, begin: ll.Value, end: ll.Value) -> None:
        raise NotImplementedError

    def operand_of(self, output: int) -> int:
        """The number of an output among all operands."""
        return len(self.nest.inputs) + output

    def operands_of(self, number: int) -> tuple[list[int], list[int]]:
        """The operands that a pass reads and writes."""
        plan = self.plan
        needed = plan.needed(number)
        read = [k for k in sorted(needed) if k < len(self.nest.inputs)]
        written = [self.operand_of(k) for k, _ in plan.stores(number)]
        for value, output in plan.kept.items():
            if value in needed and plan.ready[value] < number:
                read.append(self.operand_of(output))
            elif plan.ready[value] == number:
                written.append(self.operand_of(output))
        return sorted(set(read)), sorted(set(written))

    def axes_of(self, number: int) -> Axes:
        """The axes as a pass walks along them."""
        if not self.plan.reductions(number):
            return self.axes
        sizes = [self.domain.get(d, size) for d, size in enumerate(self.axes.sizes)]
        return Axes(sizes, self.axes.strides)

    def each_reduced_row(
        self,
        axes: Axes,
        body: Callable[[Rows, ll.Value], None],
        together: int = 1,
        several: Callable[[Rows, ll.Value], None] | None = None,
    ) -> None:
        """`body(rows, number)` for each index along the outer reduced axes.

        Where all operands are dense, `several` does `together` of them at once, and
        walks on itself.
        """
        b = self.b
        total: ll.Value = I64(1)
        for d in self.reduced:
            total = b.mul(total, axes.sizes[d])
        rows = Rows(b, axes, self.reduced, I64(0))
        done: ll.Value = I64(0)
        if several is not None and together > 1:
            whole = b.and_(total, I64(-together))
            done = b.select(self.lines.all_dense, whole, I64(0))
            with B.loop(b, I64(0), done, together) as number:
                several(rows, number)
        with B.loop(b, done, total) as number:
            body(rows, number)
            rows.advance()

    def element_values(
        self,
        m: LlvmVocabulary,
        number: int,
        places: dict[int, ll.Value],
        mask: ll.Value | None,
        row: Callable[[int, DType | None], Element],
    ) -> dict[int, Element]:
        """The values of single elements that a pass needs, at some places."""
        plan, nest = self.plan, self.nest
        found: dict[int, Element] = {}

        def value(ref: Ref, dtype: DType | None) -> Element:
            if plan.is_row[ref.index]:
                return row(ref.index, dtype)
            return converted(m, found[ref.index], dtype)

        for index in sorted(plan.needed(number)):
            if index < len(nest.inputs):
                dtype = nest.inputs[index].dtype
                found[index] = load_element(m, places[index], dtype, mask)
                continue
            if index in plan.kept and plan.ready[index] < number:
                output = plan.kept[index]
                place, dtype = (
                    places[self.operand_of(output)],
                    nest.outputs[output].dtype,
                )
                found[index] = load_element(m, place, dtype, mask)
                continue
            step = nest.steps[index - len(nest.inputs)]
            assert isinstance(step, Step)
            found[index] = emit_step(m, step, value)
        return found

    def store_values(
        self,
        m: LlvmVocabulary,
        number: int,
        places: dict[int, ll.Value],
        mask: ll.Value | None,
        found: dict[int, Element],
    ) -> None:
        """Write the outputs of a pass, and what later passes read again."""
        plan = self.plan
        for value, output in plan.kept.items():
            if plan.ready[value] == number:
                dtype = self.nest.outputs[output].dtype
                place = places[self.operand_of(output)]
                store_element(m, found[value], place, dtype, mask)
        for output, store in plan.stores(number):
            place = places[self.operand_of(output)]
            store_element(m, found[store.value.index], place, store.dtype, mask)

    def row_step(self, m: LlvmVocabulary, step: Step | Count, value: Any) -> Element:
        """A step on values that are the same along the reduced axes."""
        if isinstance(step, Count):
            return m.splat(self.elements, dtypes.int64)
        return emit_step(m, step, value)

    def row_steps(self, ready: int) -> Iterator[tuple[int, Step | Pick | Count]]:
        """The steps on such values that can be computed after some passes."""
        for index, step in self.plan.steps():
            is_step = not isinstance(step, Reduce) and self.plan.is_row[index]
            if is_step and self.plan.ready[index] == ready:
                yield index, step  # type: ignore[misc]


def _runs(nest: Nest) -> Iterator[tuple[int, int]]:
    """The first and last of neighbouring axes that are all reduced, or all kept."""
    first = 0
    for d in range(1, nest.rank + 1):
        ends = d == nest.rank or (d in nest.reduced) != (first in nest.reduced)
        if ends:
            yield first, d - 1
            first = d


# --- the last axis is reduced


class _Rowwise(_Reducing):
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
        with B.loop(b, begin, end):
            starts = [B.at(b, p, rows.offset(k)) for k, p in enumerate(self.pointers)]
            self._row(starts)
            rows.advance()

    def _row(self, starts: list[ll.Value]) -> None:
        self.rows: dict[int, Element] = dict(self.scalars)
        self.starts = starts
        for k, x in enumerate(self.nest.inputs):
            if x.is_row:
                self.rows[k] = load_scalar(self.b, None, starts[k], x.dtype)
        self._finish_values(0)
        for number in self.plan.passes:
            self._pass(number, starts)
            self._finish_values(number + 1)
        self._store_rows(starts)

    def _store_rows(self, starts: list[ll.Value]) -> None:
        """Write the outputs that have one element for each row."""
        m = LlvmVocabulary(self.b)
        for k, output in enumerate(self.nest.outputs):
            index = output.value.index
            if self.plan.is_row[index]:
                place = starts[self.operand_of(k)]
                store_element(m, self.rows[index], place, output.dtype, None)

    def _finish_values(self, ready: int) -> None:
        m = LlvmVocabulary(self.b)
        for index, step in self.row_steps(ready):
            if isinstance(step, Pick):
                self.rows[index] = self._picked(step)
                continue
            self.rows[index] = self.row_step(
                m, step, lambda r, d: converted(m, self.rows[r.index], d)
            )

    def _picked(self, step: Pick) -> Element:
        k = step.source
        (axis,) = self.nest.reduced
        place = self.b.mul(
            self.rows[step.place.index].value, self.axes.strides[k][axis]
        )
        dtype = self.nest.inputs[k].dtype
        return load_scalar(self.b, None, B.at(self.b, self.starts[k], place), dtype)

    def _row_value(self, m: LlvmVocabulary) -> Callable[[int, DType | None], Element]:
        scalar = LlvmVocabulary(self.b)

        def value(index: int, dtype: DType | None) -> Element:
            x = converted(scalar, self.rows[index], dtype)
            return m.splat(x.value, x.dtype)

        return value

    def _pass(self, number: int, starts: list[ll.Value]) -> None:
        b = self.b
        scalar = LlvmVocabulary(b)
        reductions = self.plan.reductions(number)
        read, written = self.operands_of(number)
        totals = {
            index: _Total(scalar, step, self._dtype_of(step))
            for index, step in reductions
        }
        axes = self.axes_of(number)
        inner = axes.sizes[-1]

        def row(rows: Rows, outer: ll.Value) -> None:
            base = b.mul(outer, inner)
            part = self._longest(inner)
            with B.loop(b, I64(0), inner, part) as position:
                count = B.smaller(b, part, b.sub(inner, position))
                here = {
                    k: B.at(b, starts[k], rows.offset(k)) for k in (*read, *written)
                }
                pointers = {
                    k: self._pointer(k, here[k], position, count, k in read)
                    for k in here
                }
                first = b.add(base, position)
                self._block(number, pointers, count, first, totals)
                for k in written:
                    self.lines.finish(k, here[k], position, count)

        self.each_reduced_row(axes, row)
        for index, total in totals.items():
            self.rows[index] = total.value()

    def _longest(self, inner: ll.Value) -> ll.Value:
        b = self.b
        dense = B.smaller(b, inner, I64(LONGEST))
        part = b.select(self.lines.all_dense, dense, I64(512))
        return B.larger(b, part, I64(1))

    def _pointer(
        self, k: int, start: ll.Value, position: ll.Value, count: ll.Value, reads: bool
    ) -> ll.Value:
        made = self.lines.pointer(k, start, position, count)
        if reads and self.lines.is_output[k]:
            # an output that holds a value for this pass
            b, size = self.b, self.lines.sizes[k]
            with b.if_then(b.not_(self.lines.is_dense[k]), likely=False):
                stride = self.lines.strides[k]
                place = B.at(b, start, b.mul(position, stride))
                copy = copy_function(b.module, size)
                b.call(copy, [made, I64(size), place, stride, count])
        return made

    def _dtype_of(self, step: Reduce) -> DType:
        return element_dtype(self.nest, step.value.index)

    def _block(
        self,
        number: int,
        pointers: dict[int, ll.Value],
        count: ll.Value,
        first: ll.Value,
        totals: dict[int, _Total],
    ) -> None:
        b = self.b
        m = LlvmVocabulary(b, self.lanes)
        unrolled = self.plan.unrolled(number)
        parts = {
            index: [_Lanes(m, t.kind, t.dtype) for _ in range(unrolled)]
            for index, t in totals.items()
        }

        def turn(indices: list[ll.Value], mask: ll.Value | None) -> None:
            computed = []
            for i in indices:
                places = {
                    k: B.at(b, p, b.mul(i, I64(self.dtypes[k].itemsize)))
                    for k, p in pointers.items()
                }
                row = self._row_value(m)
                values = self.element_values(m, number, places, mask, row)
                computed.append((places, values))
            for u, (places, values) in enumerate(computed):
                self.store_values(m, number, places, mask, values)
                for index, step in self.plan.reductions(number):
                    x = values.get(step.value.index)
                    if x is None:
                        x = row(step.value.index, None)
                    parts[index][u].take(x, mask)

        vector_loop(b, count, self.lanes, unrolled, turn)
        for index, step in self.plan.reductions(number):
            found = joined_lanes(parts[index])
            if step.kind.startswith("arg"):
                search = functools.partial(
                    self._find, number, step, found, pointers, count, first
                )
                totals[index].take_place(found, search)
            else:
                totals[index].take(found)

    def _find(
        self,
        number: int,
        step: Reduce,
        best: Element,
        pointers: dict[int, ll.Value],
        count: ll.Value,
        first: ll.Value,
    ) -> ll.Value:
        """The place of the first element of a block that equals its extreme, or is nan
        as that is."""
        b, m = self.b, LlvmVocabulary(self.b, self.lanes)
        wanted = m.splat(best.value, best.dtype)
        bits = ll.IntType(self.lanes)
        after = b.function.append_basic_block("found")

        def look(i: ll.Value, mask: ll.Value | None) -> tuple[ll.Value, ll.Block]:
            """Go to the end where a vector has it."""
            places = {
                k: B.at(b, p, b.mul(i, I64(self.dtypes[k].itemsize)))
                for k, p in pointers.items()
            }
            row = self._row_value(m)
            values = self.element_values(m, number, places, mask, row)
            x = values.get(step.value.index)
            x = row(step.value.index, None) if x is None else x
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
        return b.add(first, b.add(start, wide))


def element_dtype(nest: Nest, index: int) -> DType:
    """The dtype in which a value is computed."""
    if index < len(nest.inputs):
        return compute_dtype(nest.inputs[index].dtype)
    step = nest.steps[index - len(nest.inputs)]
    if isinstance(step, Step):
        return compute_dtype(step.result)
    if isinstance(step, Count):
        return dtypes.int64
    if isinstance(step, Pick):
        return compute_dtype(nest.inputs[step.source].dtype)
    return reduced_dtype(step.kind, element_dtype(nest, step.value.index))


class _Lanes:
    """The accumulators of a reduction in the lanes of one vector.

    Of a place only the extreme is kept: the place is looked for once it is known.
    """

    def __init__(self, m: LlvmVocabulary, kind: str, dtype: DType) -> None:
        self.m, self.kind, self.dtype = m, kind.removeprefix("arg"), dtype
        self.best = entry_alloca(m.b, m.type_of(dtype))
        self.start = identity(m, self.kind, dtype)
        m.b.store(self.start.value, self.best)

    def take(self, x: Element, mask: ll.Value | None) -> None:
        """Reduce neighbouring elements."""
        m, b = self.m, self.m.b
        best = m.element(b.load(self.best), self.dtype)
        if mask is not None:
            x = m.element(b.select(mask, x.value, self.start.value), self.dtype)
        b.store(join(m, self.kind, best, x).value, self.best)


def joined_lanes(parts: list[_Lanes]) -> Element:
    """The reduction of all lanes of several accumulators."""
    m = parts[0].m
    values = [m.element(m.b.load(p.best), p.dtype) for p in parts]
    while len(values) > 1:
        values = [
            join(m, parts[0].kind, values[k], values[k + 1])
            for k in range(0, len(values), 2)
        ]
    return across(m, parts[0].kind, values[0])


class _Total:
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


# --- all axes are reduced, in one pass


class _Whole(_Rowwise):
    """As rows, but cut into parts that threads can share."""

    def _walk(self, begin: ll.Value, end: ll.Value) -> None:
        b = self.b
        size = part_size(b, self.elements)
        with B.loop(b, begin, end) as part:
            first = b.mul(part, size)
            last = B.smaller(b, b.add(first, size), self.elements)
            self._part(part, first, last)

    def _part(self, part: ll.Value, begin: ll.Value, end: ll.Value) -> None:
        b, scalar = self.b, LlvmVocabulary(self.b)
        self.rows = dict(self.scalars)
        self._finish_values(0)
        totals = self._totals(scalar)
        inner = B.larger(b, self.axes.sizes[-1], I64(1))
        rows = Rows(b, self.axes, self.reduced, b.udiv(begin, inner))
        place = entry_alloca(b, I64)
        b.store(begin, place)

        def stretch(first: ll.Value, count: ll.Value) -> None:
            starts = [B.at(b, p, rows.offset(k)) for k, p in enumerate(self.pointers)]
            base = b.load(place)
            self._stretch(starts, first, count, base, totals)
            b.store(b.add(base, count), place)
            rows.advance()

        walk_span(b, (begin, end, b.urem(begin, inner), inner), stretch)
        for number, total in enumerate(totals.values()):
            total.save(self._saved(part, number))

    def _stretch(
        self,
        starts: list[ll.Value],
        first: ll.Value,
        count: ll.Value,
        base: ll.Value,
        totals: dict[int, _Total],
    ) -> None:
        b = self.b
        read, _ = self.operands_of(0)
        longest = self._longest(count)
        with B.loop(b, I64(0), count, longest) as position:
            here = B.smaller(b, longest, b.sub(count, position))
            place = b.add(first, position)
            pointers = {k: self._pointer(k, starts[k], place, here, True) for k in read}
            self._block(0, pointers, here, b.add(base, position), totals)

    def _totals(self, m: LlvmVocabulary) -> dict[int, _Total]:
        return {
            index: _Total(m, step, self._dtype_of(step))
            for index, step in self.plan.reductions(0)
        }

    def _saved(self, part: ll.Value, number: int) -> ll.Value:
        """Where a part keeps the total of a reduction."""
        words = self.b.mul(part, I64(part_words(self.nest)))
        place = self.b.mul(self.b.add(words, I64(2 * number)), I64(8))
        return B.at(self.b, self.memory, place)

    def emit_end(self) -> None:
        """Emit what joins the parts."""
        self._begin()
        b, scalar = self.b, LlvmVocabulary(self.b)
        self.rows = dict(self.scalars)
        self._finish_values(0)
        totals = self._totals(scalar)
        with B.loop(b, *self.function.args[3:]) as part:
            for number, total in enumerate(totals.values()):
                total.take_saved(self._saved(part, number))
        for index, total in totals.items():
            self.rows[index] = total.value()
        self._finish_values(1)
        self._store_rows(self.pointers)


# --- the last axis is kept


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


class _Columnwise(_Reducing):
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
                    k: self._pointer(k, p, position, count, k in read)
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

    _pointer = _Rowwise._pointer


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

"""What the kernels of all nests with reduced axes share, and how elements are reduced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.nests.emit_nest import (
    Axes,
    Lines,
    Rows,
    converted,
    copy_function,
    emit_step,
    join_axes,
    lanes_of,
    load_element,
    load_scalar,
    read_operands,
    store_element,
)
from jit.runtime.codegen.nests.nest import Count, Nest, Pick, Reduce, Ref, Step
from jit.runtime.codegen.nests.reduction_plan import is_whole, plan_of
from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary
from jit.runtime.codegen.values import I32, I64


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


def across(
    m: LlvmVocabulary,
    kind: str,
    x: Element,
    joins: Callable[[Element, Element], Element] | None = None,
) -> Element:
    """The reduction of all lanes of an element, as a scalar."""
    value, b = x.value, m.b
    while value.type.count > 1:
        low, high = halves(b, value)
        narrow = LlvmVocabulary(b, low.type.count)
        halves_of = narrow.element(low, x.dtype), narrow.element(high, x.dtype)
        joined = joins(*halves_of) if joins else join(narrow, kind, *halves_of)
        value = joined.value
    scalar = LlvmVocabulary(b)
    return scalar.element(b.extract_element(value, I32(0)), x.dtype)


class Reducing:
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

    def pointer_of(
        self, k: int, start: ll.Value, position: ll.Value, count: ll.Value, reads: bool
    ) -> ll.Value:
        """Where elements of an operand lie next to each other."""
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

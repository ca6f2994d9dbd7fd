"""From a loop nest to an LLVM function.

    void kernel(i8** data, i64* sizes, i64* strides, i64 begin, i64 end)

`data` points to the first elements, inputs before outputs. `sizes` are those of the axes
of the nest. `strides` are bytes, all axes of one operand after those of another; 0 where
an operand broadcasts. The elements `begin` up to `end`, counted row by row, are computed,
so threads can share a nest. An output may be the very memory of an input, element for
element, or else memory that no input touches.

Axes that follow each other in memory for all operands are joined when the kernel runs, so
contiguous operands are one long row. Rows are computed in whole vectors, the rest of a row
under a mask. An operand whose elements are apart (or the same, where it broadcasts) is
gathered into a small block on the stack first: there is one loop for every layout.

A result that the shared cache cannot hold is written past the caches, where the body is
so short that memory sets the pace: the lines need not be read before they are written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes as DTYPES
from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.nests.nest import AnyStep, Nest, Pick, Reduce, Ref, Step
from jit.runtime.codegen.nests.vocabulary import (
    Element,
    LlvmVocabulary,
    with_lanes,
)
from jit.runtime.codegen.values import ELEMENT, I1, I32, I64, POINTER
from jit.runtime.ops.pointwise_family import compute_dtype

BLOCK = 512
"""How many elements of an operand that is not contiguous are gathered at once."""

UNROLLED = 4
"""How many vectors of a short body are computed in one turn of the loop."""

SHORT_BODY = 12
"""The number of instructions up to which a body is short."""


def kernel_type() -> ll.FunctionType:
    """The type of the functions that nests become."""
    words = I64.as_pointer()
    arguments = [POINTER.as_pointer(), words, words, I64, I64]
    return ll.FunctionType(ll.VoidType(), arguments)


def row_values(nest: Nest) -> list[bool]:
    """For each value of a nest whether it is the same along the reduced axes."""
    found = [x.is_scalar or x.is_row for x in nest.inputs]
    for step in nest.steps:
        refs = [found[r.index] for r in refs_of(step)]
        found.append(not isinstance(step, Step) or (bool(refs) and all(refs)))
    return found if nest.reduced else [False] * len(found)


def refs_of(step: AnyStep) -> list[Ref]:
    """The values that a step reads."""
    if isinstance(step, Step):
        return [a for a in step.arguments if isinstance(a, Ref)]
    if isinstance(step, Pick):
        return [step.place]
    return [step.value] if isinstance(step, Reduce) else []


def lanes_of(nest: Nest) -> int:
    """How many neighbouring elements are computed at once."""
    is_row = row_values(nest)
    dtypes = [
        x.dtype
        for x, row in zip(nest.inputs, is_row, strict=False)
        if not (row or x.is_scalar)
    ]
    dtypes += [o.dtype for o in nest.outputs if not is_row[o.value.index]]
    for index, step in enumerate(nest.steps, len(nest.inputs)):
        if isinstance(step, Step) and not is_row[index]:
            dtypes += [step.result, *(d for d in step.converted if d is not None)]
    widest = max((_computed_size(d) for d in dtypes), default=8)
    return max(targets.host().vector_bytes // widest, 1)


def _computed_size(dtype: DType) -> int:
    return 4 if dtype.name in ("float16", "bfloat16") else dtype.itemsize


def emit_step(
    m: LlvmVocabulary, step: Step, value: Callable[[Ref, DType | None], Element]
) -> Element:
    """Compute a step; `value` gives an operand, converted if a dtype is given."""
    operands: list[Any] = []
    for given, dtype in zip(step.arguments, step.converted, strict=True):
        if isinstance(given, Ref):
            operands.append(value(given, dtype))
        elif dtype is None or given is None:
            operands.append(given)
        else:
            operands.append(converted(m, given, dtype))
    formula = step.card.formula
    assert formula is not None
    return m.rounded(formula(m, *operands), step.result)


def converted(m: LlvmVocabulary, x: Any, dtype: DType | None) -> Element:
    """An operand in the dtype to compute in; half types round it first, as in NumPy."""
    if dtype is None:
        return x  # type: ignore[no-any-return]
    return m.rounded(m.cast(x, compute_dtype(dtype)), dtype)


def reduced_dtype(kind: str, dtype: DType) -> DType:
    """The dtype of a reduction of elements that are computed in a dtype."""
    if kind.startswith("arg"):
        return DTYPES.int64
    return DTYPES.float64 if kind == "sum" and dtype.is_floating_point else dtype


def emit_body(
    m: LlvmVocabulary, steps: Sequence[AnyStep], values: list[Element]
) -> list[Element]:
    """Compute all steps of a nest; the values of inputs and steps come back.

    Reductions only convert, so that the length of the body can be told.
    """
    values = list(values)
    for step in steps:
        if isinstance(step, Step):
            made = emit_step(m, step, lambda r, d: converted(m, values[r.index], d))
        elif isinstance(step, Reduce):
            x = values[step.value.index]
            made = m.cast(x, reduced_dtype(step.kind, x.dtype))
        elif isinstance(step, Pick):
            made = values[step.source]
        else:
            made = m.number(1, DTYPES.int64)
        values.append(made)
    return values


@functools.lru_cache(4096)
def body_length(nest: Nest) -> int:
    """How many instructions compute one vector; Declined if a formula has no native
    form. Bodies with jumps count as very long."""
    scratch = ll.Module("scratch")
    dtypes = [compute_dtype(x.dtype) for x in nest.inputs]
    m = LlvmVocabulary(ll.IRBuilder(), lanes_of(nest))
    types = [m.type_of(d) for d in dtypes]
    kind = ll.FunctionType(ll.VoidType(), types)
    function = ll.Function(scratch, kind, "body")
    m.b.position_at_end(function.append_basic_block())
    values = [m.element(v, d) for v, d in zip(function.args, dtypes, strict=True)]
    emit_body(m, nest.steps, values)
    blocks = function.blocks
    return len(blocks[0].instructions) if len(blocks) == 1 else 1000


def cost_of(nest: Nest) -> str:
    """What a nest moves and computes for each element, as a line of text.

    Further passes along reduced axes find their elements in cache.
    """
    is_row = row_values(nest)
    operands = [
        x.dtype for k, x in enumerate(nest.inputs) if not (x.is_scalar or is_row[k])
    ]
    operands += [o.dtype for o in nest.outputs if not is_row[o.value.index]]
    moved = sum(dtype.itemsize for dtype in operands)
    steps = sum(isinstance(s, Step | Reduce) for s in nest.steps)
    length = body_length(nest)
    return (
        f"  each element: {moved} bytes moved, {steps} operators,"
        f" {length} instructions for {lanes_of(nest)} of them"
    )


def new_kernel(module: ll.Module, name: str) -> ll.Function:
    """A function of the type of all kernels, without a body."""
    function = ll.Function(module, kernel_type(), name)
    function.attributes.add("nounwind")
    for argument, text in zip(
        function.args, ("data", "sizes", "strides", "begin", "end"), strict=True
    ):
        argument.name = text
    for argument in function.args[:3]:
        argument.add_attribute("noalias")
    return function


def emit_nest(module: ll.Module, nest: Nest, name: str) -> ll.Function:
    """The kernel of a nest."""
    function = new_kernel(module, name)
    b = kernel_builder(function)
    if nest.reduced:
        from jit.runtime.codegen.nests.emit_reduction import emit_reduction

        emit_reduction(b, nest, function)
    else:
        _Pointwise(b, nest, function).emit()
    b.ret_void()
    return function


def kernel_builder(function: ll.Function) -> ll.IRBuilder:
    """A builder after the first block of a function, which is kept for its frame."""
    entry = ll.IRBuilder(function.append_basic_block("entry"))
    start = function.append_basic_block("start")
    entry.branch(start)
    return ll.IRBuilder(start)


@dataclass
class Axes:
    """Sizes of the axes and strides of the operands, after joining."""

    sizes: list[ll.Value]
    strides: list[list[ll.Value]]
    """By operand, then by axis."""


def read_operands(
    b: ll.IRBuilder, function: ll.Function, rank: int, count: int
) -> tuple[list[ll.Value], Axes]:
    """Pointers, sizes and strides from the arguments of a kernel."""
    data, sizes, strides = function.args[:3]
    pointers = [b.load(b.gep(data, [I64(k)])) for k in range(count)]
    found = [b.load(b.gep(sizes, [I64(d)])) for d in range(rank)]
    steps = [
        [b.load(b.gep(strides, [I64(k * rank + d)])) for d in range(rank)]
        for k in range(count)
    ]
    return pointers, Axes(found, steps)


def join_axes(b: ll.IRBuilder, axes: Axes, first: int, last: int) -> None:
    """Join the axes from `first` to `last` into the last one, as far as they allow.

    An axis that is joined has size 1 afterwards.
    """
    one = I64(1)
    alive: ll.Value = I1(1)
    for d in reversed(range(first, last)):
        inner, outer = axes.sizes[last], axes.sizes[d]
        follows: ll.Value = I1(1)
        for strides in axes.strides:
            next_row = b.mul(inner, strides[last])
            follows = b.and_(follows, b.icmp_signed("==", strides[d], next_row))
        inner_is_one = b.icmp_signed("==", inner, one)
        outer_is_one = b.icmp_signed("==", outer, one)
        joins = b.or_(b.or_(inner_is_one, outer_is_one), follows)
        joins = b.and_(alive, joins)
        moves = b.and_(joins, inner_is_one)
        for strides in axes.strides:
            strides[last] = b.select(moves, strides[d], strides[last])
        axes.sizes[last] = b.select(joins, b.mul(inner, outer), inner)
        axes.sizes[d] = b.select(joins, one, outer)
        alive = joins


class Rows:
    """A walk over the rows of some axes, in row-major order.

    `position` holds the index along each axis, `offsets` the bytes from the start of each
    operand to the current row.
    """

    def __init__(
        self, b: ll.IRBuilder, axes: Axes, dims: Sequence[int], row: ll.Value
    ) -> None:
        self.b = b
        self.axes = axes
        self.dims = list(dims)
        self.position = {d: entry_alloca(b, I64) for d in self.dims}
        self.offsets = [entry_alloca(b, I64) for _ in axes.strides]
        self._start(row)

    def _start(self, row: ll.Value) -> None:
        b = self.b
        for place in (*self.position.values(), *self.offsets):
            b.store(I64(0), place)
        if not self.dims:
            return
        # the first part of a nest starts at 0 and needs no divisions
        with b.if_then(b.icmp_signed("!=", row, I64(0))):
            rest = row
            for d in reversed(self.dims):
                size = self.axes.sizes[d]
                index = b.urem(rest, size)
                rest = b.udiv(rest, size)
                b.store(index, self.position[d])
                for place, strides in zip(self.offsets, self.axes.strides, strict=True):
                    moved = b.add(b.load(place), b.mul(index, strides[d]))
                    b.store(moved, place)

    def offset(self, operand: int) -> ll.Value:
        """Bytes from the start of an operand to the current row."""
        return self.b.load(self.offsets[operand])

    def advance(self) -> None:
        """Go to the next row."""
        self._advance(list(reversed(self.dims)))

    def _advance(self, dims: Sequence[int]) -> None:
        if not dims:
            return
        b, d = self.b, dims[0]
        place = self.position[d]
        index = b.add(b.load(place), I64(1))
        size = self.axes.sizes[d]
        ends = b.icmp_signed("==", index, size)
        b.store(b.select(ends, I64(0), index), place)
        back = b.sub(I64(1), size)
        for offset, strides in zip(self.offsets, self.axes.strides, strict=True):
            move = b.mul(b.select(ends, back, I64(1)), strides[d])
            b.store(b.add(b.load(offset), move), offset)
        if len(dims) > 1:
            with b.if_then(ends):
                self._advance(dims[1:])


def entry_alloca(b: ll.IRBuilder, type: ll.Type, count: int | None = None) -> ll.Value:
    """Room in the frame of the function, whatever loop the builder is in."""
    entry = b.function.entry_basic_block
    at = ll.IRBuilder(entry)
    at.position_before(entry.terminator)
    made = at.alloca(type, I64(count) if count is not None else None)
    made.align = 64
    return made


def copy_function(module: ll.Module, bytes: int) -> ll.Function:
    """Copy elements that are apart: `(to, to_stride, from, from_stride, count)`."""
    name = f"copy_strided_{bytes}"
    if name in module.globals:
        return module.globals[name]
    element = ll.IntType(8 * bytes)
    b, given = B.new_function(
        module, name,
        [("to", POINTER), ("to_stride", I64), ("source", POINTER),
         ("source_stride", I64), ("count", I64)],
    )  # fmt: skip
    b.function.attributes.add("noinline")
    to, source, count = given["to"], given["source"], given["count"]
    to.add_attribute("noalias")
    repeats = b.icmp_signed("==", given["source_stride"], I64(0))
    packed = b.icmp_signed("==", given["to_stride"], I64(bytes))
    fills = b.and_(repeats, packed)
    with b.if_else(fills) as (fill, copy):
        with fill:
            value = B.load(b, source, element)
            with B.loop(b, I64(0), count) as i:
                B.store(b, value, B.at(b, to, b.mul(i, I64(bytes))))
        with copy, B.loop(b, I64(0), count) as i:
            offset = b.mul(i, given["source_stride"])
            value = B.load(b, B.at(b, source, offset), element)
            B.store(b, value, B.at(b, to, b.mul(i, given["to_stride"])))
    b.ret_void()
    return b.function


class Lines:
    """Access to rows of several operands, whatever their strides along the row.

    Operands that are not contiguous along the row go through blocks on the stack.
    """

    def __init__(
        self, b: ll.IRBuilder, sizes: Sequence[int], strides: Sequence[ll.Value],
        is_output: Sequence[bool],
    ) -> None:  # fmt: skip
        self.b = b
        self.sizes = sizes
        self.strides = strides
        self.is_output = is_output
        self.is_dense = [
            b.icmp_signed("==", stride, I64(size))
            for size, stride in zip(sizes, strides, strict=True)
        ]
        self.all_dense: ll.Value = I1(1)
        for dense in self.is_dense:
            self.all_dense = b.and_(self.all_dense, dense)
        self.blocks = [entry_alloca(b, I64, BLOCK * size // 8 + 8) for size in sizes]

    def walk(
        self,
        starts: Sequence[ll.Value],
        count: ll.Value,
        line: Callable[[list[ll.Value], ll.Value, ll.Value], None],
        longest: int | None = None,
    ) -> None:
        """Call `line(pointers, position, count)` for contiguous stretches of a row."""
        b = self.b
        dense = count if longest is None else B.smaller(b, count, I64(longest))
        part = b.select(self.all_dense, dense, I64(BLOCK))
        part = B.larger(b, part, I64(1))
        with B.loop(b, I64(0), count, part) as position:
            here = B.smaller(b, part, b.sub(count, position))
            pointers = [
                self.pointer(k, start, position, here) for k, start in enumerate(starts)
            ]
            line(pointers, position, here)
            for k, start in enumerate(starts):
                self.finish(k, start, position, here)

    def pointer(
        self, k: int, start: ll.Value, position: ll.Value, count: ll.Value
    ) -> ll.Value:
        """Where elements of an operand lie next to each other."""
        b, size = self.b, self.sizes[k]
        place = B.at(b, start, b.mul(position, self.strides[k]))
        block = b.bitcast(self.blocks[k], POINTER)
        if not self.is_output[k]:
            with b.if_then(b.not_(self.is_dense[k]), likely=False):
                copy = copy_function(b.module, size)
                b.call(copy, [block, I64(size), place, self.strides[k], count])
        return b.select(self.is_dense[k], place, block)

    def finish(
        self, k: int, start: ll.Value, position: ll.Value, count: ll.Value
    ) -> None:
        """Copy elements of an output to where they belong."""
        if not self.is_output[k]:
            return
        b, size = self.b, self.sizes[k]
        with b.if_then(b.not_(self.is_dense[k]), likely=False):
            place = B.at(b, start, b.mul(position, self.strides[k]))
            block = b.bitcast(self.blocks[k], POINTER)
            copy = copy_function(b.module, size)
            b.call(copy, [place, self.strides[k], block, I64(size), count])


def vector_loop(
    b: ll.IRBuilder,
    count: ll.Value,
    lanes: int,
    unrolled: int,
    turn: Callable[[list[ll.Value], ll.Value | None], None],
) -> None:
    """`turn(indices, mask)` for whole vectors, several in a turn, then for the rest.

    The mask is None where all lanes count.
    """
    step = I64(lanes * unrolled)
    whole = b.mul(b.sdiv(count, step), step)
    with B.loop(b, I64(0), whole, step) as i:
        turn([b.add(i, I64(lanes * u)) for u in range(unrolled)], None)
    with B.loop(b, whole, count, lanes) as i:
        left = b.trunc(B.smaller(b, b.sub(count, i), I64(lanes)), I32)
        kind = ll.VectorType(I32, lanes)
        numbers = ll.Constant(kind, list(range(lanes)))
        turn([i], b.icmp_signed("<", numbers, B.splat(b, left, lanes)))


def load_element(
    m: LlvmVocabulary, pointer: ll.Value, dtype: DType, mask: ll.Value | None
) -> Element:
    """Neighbouring elements in memory; lanes outside of the mask are 0."""
    kind = with_lanes(ELEMENT[dtype], m.lanes)
    align = dtype.itemsize
    if mask is None:
        return m.loaded(B.load(m.b, pointer, kind, align), dtype)
    return m.loaded(B.masked_load(m.b, pointer, mask, kind, align), dtype)


def store_element(
    m: LlvmVocabulary, x: Element, pointer: ll.Value, dtype: DType,
    mask: ll.Value | None,
) -> None:  # fmt: skip
    """Write neighbouring elements."""
    value = m.stored(x, dtype)
    if mask is None:
        B.store(m.b, value, pointer, dtype.itemsize)
    else:
        B.masked_store(m.b, value, pointer, mask, dtype.itemsize)


def stream_element(
    m: LlvmVocabulary, x: Element, pointer: ll.Value, dtype: DType
) -> None:
    """Write a whole vector past the caches, to a multiple of its size."""
    b, value = m.b, m.stored(x, dtype)
    size = dtype.itemsize * (m.lanes or 1)
    store = b.store(value, b.bitcast(pointer, value.type.as_pointer()), align=size)
    store.set_metadata("nontemporal", b.module.add_metadata([I32(1)]))


def _finish_streams(b: ll.IRBuilder) -> None:
    """Let other threads see what was written past the caches."""
    if "x86_64" in targets.host().triple:
        kind = ll.FunctionType(ll.VoidType(), [])
        name = "llvm.x86.sse.sfence"
        known = b.module.globals.get(name)
        b.call(known or ll.Function(b.module, kind, name), [])
    else:
        b.fence("seq_cst")


def load_scalar(
    b: ll.IRBuilder, lanes: int | None, pointer: ll.Value, dtype: DType
) -> Element:
    """The one element of a scalar operand, in all lanes."""
    one = LlvmVocabulary(b)
    x = one.loaded(B.load(b, pointer, ELEMENT[dtype]), dtype)
    return LlvmVocabulary(b, lanes).splat(x.value, x.dtype)


def walk_span(
    b: ll.IRBuilder,
    span: tuple[ll.Value, ll.Value, ll.Value, ll.Value],
    stretch: Callable[[ll.Value, ll.Value], None],
) -> None:
    """Call `stretch(first, count)` for each row, or part of one, of a span of elements.

    The span is its begin and end, the place of its begin in a row, the length of rows.
    """
    begin, end, column, inner = span
    head, body, after = (
        b.function.append_basic_block(n) for n in ("rows", "row", "rows.end")
    )
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    done, first = b.phi(I64), b.phi(I64)
    done.add_incoming(begin, before)
    first.add_incoming(column, before)
    b.cbranch(b.icmp_signed("<", done, end), body, after)
    b.position_at_end(body)
    count = B.smaller(b, b.sub(inner, first), b.sub(end, done))
    stretch(first, count)
    done.add_incoming(b.add(done, count), b.block)
    first.add_incoming(I64(0), b.block)
    b.branch(head)
    b.position_at_end(after)


class _Pointwise:
    """Emits the kernel of a pointwise nest."""

    def __init__(self, b: ll.IRBuilder, nest: Nest, function: ll.Function) -> None:
        self.b = b
        self.nest = nest
        self.function = function
        self.lanes = lanes_of(nest)

    def emit(self) -> None:
        b, nest = self.b, self.nest
        begin, end = self.function.args[3:]
        count = len(nest.inputs) + len(nest.outputs)
        rank = max(nest.rank, 1)
        pointers, axes = read_operands(b, self.function, nest.rank, count)
        self.scalars = {
            k: load_scalar(b, self.lanes, pointers[k], x.dtype)
            for k, x in enumerate(nest.inputs)
            if x.is_scalar
        }
        self.moving = [k for k in range(count) if k not in self.scalars]
        dtypes = [x.dtype for x in (*nest.inputs, *nest.outputs)]
        if nest.rank == 0:
            axes = Axes([I64(1)], [[I64(d.itemsize)] for d in dtypes])
        pointers = [pointers[k] for k in self.moving]
        self.dtypes = [dtypes[k] for k in self.moving]
        axes.strides = [axes.strides[k] for k in self.moving]
        self.unrolled = UNROLLED if body_length(nest) <= SHORT_BODY else 1
        self.streams = self._streams(axes.sizes)
        join_axes(b, axes, 0, rank - 1)
        inner = axes.sizes[-1]
        steps = [strides[-1] for strides in axes.strides]
        outputs = [k >= len(nest.inputs) for k in self.moving]
        lines = Lines(b, [d.itemsize for d in self.dtypes], steps, outputs)
        self.dense_output = lines.is_dense[-1]
        with b.if_then(b.icmp_signed("<", begin, end)):
            row, column = b.udiv(begin, inner), b.urem(begin, inner)
            rows = Rows(b, axes, range(rank - 1), row)
            self._walk(lines, rows, pointers, (begin, end, column, inner))
            if self.streams is not None:
                _finish_streams(b)

    def _streams(self, sizes: list[ll.Value]) -> ll.Value | None:
        """Whether the result is too large for the caches; None if that does not matter."""
        if self.unrolled == 1 or len(self.nest.outputs) > 1:
            return None
        bytes: ll.Value = I64(self.dtypes[-1].itemsize)
        for size in sizes:
            bytes = self.b.mul(bytes, size)
        largest = targets.host().cache_bytes[2] // 2
        return self.b.icmp_unsigned(">", bytes, I64(largest))

    def _walk(
        self, lines: Lines, rows: Rows, pointers: list[ll.Value], span: Any
    ) -> None:
        b = self.b

        def stretch(first: ll.Value, count: ll.Value) -> None:
            starts = [
                B.at(b, p, rows.offset(k), b.mul(first, lines.strides[k]))
                for k, p in enumerate(pointers)
            ]
            lines.walk(starts, count, self._line)
            rows.advance()

        walk_span(b, span, stretch)

    def _line(
        self, pointers: list[ll.Value], position: ll.Value, count: ll.Value
    ) -> None:
        b, streams = self.b, self.streams
        if streams is not None:
            # threads begin at whole lines, and so does new memory
            width = self.lanes * self.dtypes[-1].itemsize
            place = b.and_(b.ptrtoint(pointers[-1], I64), I64(width - 1))
            starts = b.icmp_unsigned("==", place, I64(0))
            streams = b.and_(streams, b.and_(starts, self.dense_output))
        vector_loop(
            b, count, self.lanes, self.unrolled,
            lambda indices, mask: self._turn(pointers, indices, mask, streams),
        )  # fmt: skip

    def _turn(
        self,
        pointers: list[ll.Value],
        indices: list[ll.Value],
        mask: ll.Value | None,
        streams: ll.Value | None,
    ) -> None:
        b, nest = self.b, self.nest
        m = LlvmVocabulary(b, self.lanes)
        places = [
            [
                B.at(b, p, b.mul(i, I64(dtype.itemsize)))
                for p, dtype in zip(pointers, self.dtypes, strict=True)
            ]
            for i in indices
        ]
        # everything is read before anything is written
        computed = []
        for place in places:
            read = iter(zip(place, self.dtypes, strict=True))
            values = []
            for k, _ in enumerate(nest.inputs):
                if k in self.scalars:
                    x = self.scalars[k]
                    values.append(m.element(x.value, x.dtype))
                else:
                    values.append(load_element(m, *next(read), mask))
            computed.append(emit_body(m, nest.steps, values))
        first = len(self.dtypes) - len(nest.outputs)

        def write(past_caches: bool) -> None:
            for place, values in zip(places, computed, strict=True):
                for pointer, output in zip(place[first:], nest.outputs, strict=True):
                    x = values[output.value.index]
                    if past_caches:
                        stream_element(m, x, pointer, output.dtype)
                    else:
                        store_element(m, x, pointer, output.dtype, mask)

        if streams is None or mask is not None:
            write(past_caches=False)
            return
        with b.if_else(streams, likely=False) as (around, through):
            with around:
                write(past_caches=True)
            with through:
                write(past_caches=False)

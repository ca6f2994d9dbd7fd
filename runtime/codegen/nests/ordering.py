"""Lowerings of order along a dim: sort, argsort, topk, kthvalue.

Each line becomes numbers without sign that order as its elements do, with nan above all:
the upper half of a word is the element, the lower half its place. Words differ, so equal
elements keep their order in whatever way words are sorted.
Up to 64 wanted elements are kept in order while the line is read once; otherwise words
are dealt out by their digits, from the lowest to the highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen import building as B
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.emit_nest import (
    Axes,
    Rows,
    entry_alloca,
    kernel_builder,
    kernel_type,
    new_kernel,
)
from jit.runtime.codegen.nests.gathers import table_of
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.nests.vocabulary import LlvmVocabulary
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import dim_of
from jit.runtime.codegen.values import ELEMENT, I1, I64, POINTER, Buffer

GRAIN = 1 << 13
"""Elements that are worth another thread."""
FEW = 64
"""So many elements are kept in order while a line is read."""
BINS = 256
_BYTES = 8


@dataclass(frozen=True)
class Order:
    """What a kernel depends on."""

    dtype: DType
    rank: int
    descending: bool
    has_values: bool
    has_places: bool

    @property
    def bits(self) -> int:
        """The width of half a word."""
        return 64 if self.dtype.itemsize == 8 else 32

    @property
    def results(self) -> list[DType]:
        return [self.dtype] * self.has_values + [dtypes.int64] * self.has_places


class _Emitter:
    """Emits the kernel: `(data, words, strides, begin, end)`, the span counts lines.

    The ordered axis is the last one. The last of `data` is a word that is set where there
    is no memory; behind the sizes of the tensor, `words` tells how many elements of a line
    are wanted, and how many of these are not written.
    """

    def __init__(self, module: ll.Module, name: str, order: Order) -> None:
        self.function = new_kernel(module, name)
        self.b = kernel_builder(self.function)
        self.order = order
        self.word = ll.IntType(2 * order.bits)

    def emit(self) -> ll.Function:
        b, rank, count = self.b, self.order.rank, 1 + len(self.order.results)
        data, given, steps, begin, end = self.function.args
        pointers = [b.load(b.gep(data, [I64(k)])) for k in range(count + 1)]
        sizes = [b.load(b.gep(given, [I64(d)])) for d in range(rank)]
        self.size = sizes[-1]
        self.wanted, self.skipped = (
            b.load(b.gep(given, [I64(rank + k)])) for k in range(2)
        )
        strides = [
            [b.load(b.gep(steps, [I64(k * rank + d)])) for d in range(rank)]
            for k in range(count)
        ]
        self.steps = [s[-1] for s in strides]
        self.failed = pointers.pop()
        self.kept = entry_alloca(b, self.word, FEW)
        self.counts = entry_alloca(b, ll.ArrayType(I64, BINS * self.order.bits // 8))
        with b.if_then(b.icmp_signed("<", begin, end)):
            rows = Rows(b, Axes(sizes, strides), range(rank - 1), begin)
            few = b.icmp_signed("<=", self.wanted, I64(FEW))
            with b.if_else(few) as (short, long):
                with short:
                    self._lines(rows, begin, end, pointers, self._keep)
                with long:
                    self._with_memory(
                        lambda: self._lines(rows, begin, end, pointers, self._deal)
                    )
        b.ret_void()
        return self.function

    def _lines(
        self, rows: Rows, begin: ll.Value, end: ll.Value, pointers: list[ll.Value],
        ordered: Any,
    ) -> None:  # fmt: skip
        b = self.b
        with B.loop(b, begin, end):
            x, *made = (B.at(b, p, rows.offset(k)) for k, p in enumerate(pointers))
            self._write(x, made, ordered(x))
            rows.advance()

    def _with_memory(self, use: Any) -> None:
        """Room for the words of a line, twice."""
        b = self.b
        each = b.mul(self.size, I64(self.order.bits // 4))
        allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
        block = b.call(allocate, [b.mul(each, I64(2))])
        missing = b.icmp_unsigned("==", block, ll.Constant(POINTER, None))
        with b.if_else(missing) as (none, some):
            with none:
                B.store(b, I64(1), self.failed)
            with some:
                kind = self.word.as_pointer()
                self.first = b.bitcast(block, kind)
                self.second = b.bitcast(B.at(b, block, each), kind)
                use()
                release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
                given = [block, b.mul(each, I64(2))]
                b.call(host_function(b, "release", release), given)

    # words ----------------------------------------------------------------------------

    def _word(self, x: ll.Value, i: ll.Value) -> ll.Value:
        """An element and its place."""
        b, order = self.b, self.order
        where = B.at(b, x, b.mul(i, self.steps[0]))
        raw = B.load(b, where, ELEMENT[order.dtype], order.dtype.itemsize)
        half = self._half(raw)
        if order.descending:
            half = b.not_(half)
        high = b.shl(b.zext(half, self.word), self.word(order.bits))
        place = i if self.word.width == 64 else b.zext(i, self.word)
        return b.or_(high, place)

    def _half(self, raw: ll.Value) -> ll.Value:
        b, order = self.b, self.order
        kind = ll.IntType(order.bits)
        if not order.dtype.is_floating_point:
            signed = order.dtype not in (dtypes.bool_, dtypes.uint8)
            if raw.type != kind:
                raw = b.sext(raw, kind) if signed else b.zext(raw, kind)
            return b.xor(raw, kind(1 << (order.bits - 1))) if signed else raw
        x = LlvmVocabulary(b).loaded(raw, order.dtype).value
        is_nan = b.fcmp_unordered("uno", x, x)
        # of -0.0 and 0.0 none is less
        bits = b.bitcast(b.fadd(x, ll.Constant(x.type, 0.0)), kind)
        top = kind(1 << (order.bits - 1))
        flips = b.or_(b.ashr(bits, kind(order.bits - 1)), top)
        return b.select(is_nan, kind(-1), b.xor(bits, flips))

    def _place_of(self, word: ll.Value) -> ll.Value:
        b = self.b
        if self.order.bits == 64:
            return b.trunc(word, I64)
        return b.and_(word, I64((1 << 32) - 1))

    def _write(self, x: ll.Value, made: list[ll.Value], words: ll.Value) -> None:
        b, order = self.b, self.order
        item = ELEMENT[order.dtype]
        with B.loop(b, self.skipped, self.wanted) as i:
            place = self._place_of(b.load(b.gep(words, [i])))
            to = b.sub(i, self.skipped)
            targets = [
                B.at(b, m, b.mul(to, s))
                for m, s in zip(made, self.steps[1:], strict=True)
            ]
            if order.has_values:
                where = B.at(b, x, b.mul(place, self.steps[0]))
                B.store(b, B.load(b, where, item, order.dtype.itemsize), targets[0])
            if order.has_places:
                B.store(b, place, targets[-1])

    # few ------------------------------------------------------------------------------

    def _keep(self, x: ll.Value) -> ll.Value:
        """The first words of a line, each put where it belongs as it is read."""
        b, kept = self.b, self.kept
        last = b.gep(kept, [b.sub(self.wanted, I64(1))])
        # what is not there yet is larger than all words
        with B.loop(b, I64(0), self.wanted) as i:
            b.store(self.word(-1), b.gep(kept, [i]))
        some = b.icmp_signed(">", self.wanted, I64(0))
        with B.loop(b, I64(0), b.select(some, self.size, I64(0))) as i:
            word = self._word(x, i)
            with b.if_then(b.icmp_unsigned("<", word, b.load(last))):
                self._insert(word, B.smaller(b, i, b.sub(self.wanted, I64(1))))
        return kept

    def _insert(self, word: ll.Value, free: ll.Value) -> None:
        """Put a word into its place before `free`; what is larger moves up."""
        b, kept = self.b, self.kept
        before = b.block
        head, test, move, done = (
            b.function.append_basic_block(n) for n in ("head", "test", "move", "done")
        )
        b.branch(head)
        b.position_at_end(head)
        place = b.phi(I64)
        place.add_incoming(free, before)
        b.cbranch(b.icmp_signed(">", place, I64(0)), test, done)
        b.position_at_end(test)
        lower = b.sub(place, I64(1))
        other = b.load(b.gep(kept, [lower]))
        b.cbranch(b.icmp_unsigned("<", word, other), move, done)
        b.position_at_end(move)
        b.store(other, b.gep(kept, [place]))
        place.add_incoming(lower, move)
        b.branch(head)
        b.position_at_end(done)
        b.store(word, b.gep(kept, [place]))

    # many -----------------------------------------------------------------------------

    def _digit(self, word: ll.Value, shift: ll.Value) -> ll.Value:
        b = self.b
        digit = b.and_(b.lshr(word, shift), self.word(BINS - 1))
        return digit if self.word.width == 64 else b.trunc(digit, I64)

    def _count(self, digit: ll.Value, number: int | ll.Value) -> ll.Value:
        """Where words with a digit are counted, of the digits of one place."""
        b = self.b
        start = b.mul(number, I64(BINS)) if isinstance(number, ll.Value) else I64(
            number * BINS)  # fmt: skip
        return b.gep(self.counts, [I64(0), b.add(start, digit)])

    def _deal(self, x: ll.Value) -> ll.Value:
        """All words of a line in order."""
        b, bits = self.b, self.order.bits
        digits = bits // _BYTES
        clear = b.module.declare_intrinsic("llvm.memset", [POINTER, I64])
        room = b.bitcast(self.counts, POINTER)
        b.call(clear, [room, ll.IntType(8)(0), I64(8 * BINS * digits), I1(0)])
        with B.loop(b, I64(0), self.size) as i:
            word = self._word(x, i)
            b.store(word, b.gep(self.first, [i]))
            for number in range(digits):
                shift = self.word(bits + _BYTES * number)
                count = self._count(self._digit(word, shift), number)
                b.store(b.add(b.load(count), I64(1)), count)
        ways = B.carried_loop(
            b, I64(0), I64(digits), I64(1), [self.first, self.second],
            lambda number, ways: self._dealt(number, *ways),
        )  # fmt: skip
        return ways[0]

    def _dealt(
        self, number: ll.Value, source: ll.Value, target: ll.Value
    ) -> list[ll.Value]:
        """Words in the order of one digit, unless all have the same one."""
        b = self.b
        shift = b.add(I64(self.order.bits), b.mul(number, I64(_BYTES)))
        if self.word.width != 64:
            shift = b.zext(shift, self.word)
        first = self._count(self._digit(b.load(source), shift), number)
        same = b.icmp_signed("==", b.load(first), self.size)
        before = b.block
        with b.if_then(b.not_(same)):
            B.carried_loop(
                b, I64(0), I64(BINS), I64(1), [I64(0)],
                lambda digit, sums: [self._start(digit, number, sums[0])],
            )  # fmt: skip
            with B.loop(b, I64(0), self.size) as i:
                word = b.load(b.gep(source, [i]))
                place = self._count(self._digit(word, shift), number)
                to = b.load(place)
                b.store(word, b.gep(target, [to]))
                b.store(b.add(to, I64(1)), place)
            inside = b.block
        made = []
        for old, new in ((source, target), (target, source)):
            phi = b.phi(source.type)
            phi.add_incoming(old, before)
            phi.add_incoming(new, inside)
            made.append(phi)
        return made

    def _start(self, digit: ll.Value, number: ll.Value, sum: ll.Value) -> ll.Value:
        """The first place of the words with a digit, in place of their number."""
        b = self.b
        place = self._count(digit, number)
        count = b.load(place)
        b.store(sum, place)
        return b.add(sum, count)


def _emitter(order: Order) -> Build:
    return lambda module, name: _Emitter(module, name, order).emit()


@dataclass(frozen=True)
class Wanted:
    """Which elements of the order are wanted: those before the `last`, without the
    first `skipped`; and whether the dim stays."""

    last: ll.Value
    skipped: ll.Value
    keepdim: bool = True


def ordered(
    region: Region, x: Buffer, axis: int, order: Order, wanted: Wanted
) -> list[Buffer]:
    """Values, places, or both, of elements in order along an axis."""
    b, rank = region.b, x.rank
    sizes = list(x.sizes)
    if rank:
        sizes[axis] = b.sub(wanted.last, wanted.skipped)
    made = [region.allocate(dtype, sizes) for dtype in order.results]
    axes = [*(d for d in range(rank) if d != axis), axis] if rank else []
    strides: list[ll.Value] = []
    for buffer in (x, *made):
        strides += [buffer.strides[d] for d in axes] or [I64(0)]
    words = [x.sizes[d] for d in axes] or [I64(1)]
    total: ll.Value = I64(1)
    for size in words[:-1]:
        total = b.mul(total, size)
    failed = region.stack(I64)
    b.store(I64(0), failed)
    kernel = region.kernel(f"order {order!r}", kernel_type(), _emitter(order))
    data = [x.data, *(m.data for m in made), b.bitcast(failed, POINTER)]
    tables = [
        table_of(region, POINTER, data),
        table_of(region, I64, [*words, wanted.last, wanted.skipped]),
        table_of(region, I64, strides),
    ]
    if order.bits == 32:  # places have 32 bits
        region.need_room(b.icmp_unsigned("<", words[-1], I64(1 << 32)))
    grain = b.add(b.udiv(I64(GRAIN), B.larger(b, words[-1], I64(1))), I64(1))
    region.parallel(total, grain, kernel, tables)
    region.need_room(b.icmp_signed("==", b.load(failed), I64(0)))
    if rank and not wanted.keepdim:
        made = [_without(m, axis) for m in made]
    return made


def _without(x: Buffer, axis: int) -> Buffer:
    sizes, strides = (
        tuple(v for d, v in enumerate(values) if d != axis)
        for values in (x.sizes, x.strides)
    )
    return Buffer(x.dtype, x.data, sizes, strides, x.owner)


def _length(x: Buffer, axis: int) -> ll.Value:
    return x.sizes[axis] if x.rank else I64(1)


def _flag(value: Value) -> bool:
    found = static_value(value)
    if not isinstance(found, bool):
        raise Declined(f"{value!r} is not a constant")
    return found


def _source(region: Region, node: Node) -> Buffer:
    x = tensor_at(region, node.inputs[0])
    if x.dtype not in ELEMENT:
        raise Declined(f"{x.dtype.name} tensors stay on the interpreter")
    return x


def _whole(
    region: Region, node: Node, x: Buffer, dim: Value | int, descending: bool
) -> list[Buffer]:
    """The whole order; values and places as the name of the operator says."""
    axis = dim if isinstance(dim, int) else dim_of(dim, x.rank)
    is_places = "argsort" in node.kind
    both = node.kind == "aten::sort"
    order = Order(x.dtype, max(x.rank, 1), descending, not is_places, both or is_places)
    return ordered(region, x, axis, order, Wanted(_length(x, axis), I64(0)))


@lowering("aten::sort", "aten::argsort")
def sort(region: Region, node: Node) -> list[Buffer]:
    """All elements along a dim in order, and where they were."""
    x, (dim, descending) = _source(region, node), node.inputs[1:]
    return _whole(region, node, x, dim, _flag(descending))


@lowering("aten::sort.stable", "aten::argsort.stable")
def sort_stable(region: Region, node: Node) -> list[Buffer]:
    """The same; the order of equal elements is always kept."""
    x, (_, dim, descending) = _source(region, node), node.inputs[1:]
    return _whole(region, node, x, dim, _flag(descending))


@lowering("aten::msort")
def msort(region: Region, node: Node) -> list[Buffer]:
    """The elements along the first dim in order."""
    return _whole(region, node, _source(region, node), 0, False)


@lowering("np::sort", "np::argsort")
def np_sort(region: Region, node: Node) -> list[Buffer]:
    """An array in order, or where its elements are in order."""
    x = _source(region, node)
    if not x.rank or x.dtype is dtypes.bfloat16 or static_value(node.inputs[1]) is None:
        raise Declined("it is without dims, or of all dims at once")
    return _whole(region, node, x, node.inputs[1], False)


@lowering("aten::topk")
def topk(region: Region, node: Node) -> list[Buffer]:
    """The largest or smallest elements along a dim in order, and where they are."""
    b, x = region.b, _source(region, node)
    if x.dtype is dtypes.bool_:
        raise Declined("it always fails: bools")
    count, axis = region.number(node.inputs[1]), dim_of(node.inputs[2], x.rank)
    region.fail_unless(b.icmp_unsigned("<=", count, _length(x, axis)), node)
    if not x.rank:
        count = I64(1)  # the only one, wanted or not
    order = Order(x.dtype, max(x.rank, 1), _flag(node.inputs[3]), True, True)
    return ordered(region, x, axis, order, Wanted(count, I64(0)))


@lowering("aten::kthvalue")
def kthvalue(region: Region, node: Node) -> list[Buffer]:
    """The k-th smallest elements along a dim, and where they are."""
    b, x = region.b, _source(region, node)
    if x.dtype is dtypes.bool_:
        raise Declined("it always fails: bools")
    last, axis = region.number(node.inputs[1]), dim_of(node.inputs[2], x.rank)
    before = b.sub(last, I64(1))
    region.fail_unless(b.icmp_unsigned("<", before, _length(x, axis)), node)
    order = Order(x.dtype, max(x.rank, 1), False, True, True)
    wanted = Wanted(last, before, _flag(node.inputs[3]))
    return ordered(region, x, axis, order, wanted)

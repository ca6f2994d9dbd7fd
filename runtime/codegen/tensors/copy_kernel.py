"""The kernel of copies: elements of any strides, by all threads.

A copy is words in memory: where the elements are and go, the number of dims, then sizes
and the strides of both. Dims of one element are left out, and dims that follow each other
in both tensors are joined. Rows that lie together in both are copied whole; where another
dim lies together in the source, squares of elements are turned in registers; all else
goes element by element.
"""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products.packing import transposed
from jit.runtime.codegen.values import I1, I64, POINTER

RUN = ll.FunctionType(ll.VoidType(), [POINTER])
"""The type of the kernel: `(words)`, which it changes."""
SOURCE, TARGET, RANK, DIMS, UNITS, BLOCKS, SIZES = range(7)
"""What the words are; `SIZES` is the first of three for each dim. The kernel itself finds
`DIMS`, the number of dims that are left, and what is given to threads."""

_MOST_DIMS = 64
_GRAIN = 1 << 17
"""Bytes that are worth another thread."""
_SLOWER = 4
"""So many times as long does it take to copy bytes one by one, or to turn them."""
_SHORT = 16
"""Rows of fewer elements are not worth a call."""

Place = Callable[[ll.Value, ll.Value], None]


def emit_copy(module: ll.Module, name: str, item: int) -> ll.Function:
    """The kernel for elements of so many bytes."""
    b, given = B.new_function(module, name, [("words", POINTER)], internal=False)
    return _Copy(module, name, item, b, given["words"]).emit()


class _Words:
    """The words of a copy in one of its functions."""

    def __init__(self, b: ll.IRBuilder, base: ll.Value) -> None:
        self.b, self.base = b, b.bitcast(base, I64.as_pointer())
        self.rank = self[RANK]

    def __getitem__(self, place: int) -> ll.Value:
        return self.b.load(self.b.gep(self.base, [I64(place)]))

    def __setitem__(self, place: int, value: ll.Value) -> None:
        self.b.store(value, self.b.gep(self.base, [I64(place)]))

    def pointer(self, place: int) -> ll.Value:
        return self.b.inttoptr(self[place], POINTER)

    def _place(self, kind: int, dim: ll.Value) -> ll.Value:
        b = self.b
        start = b.add(b.mul(self.rank, I64(kind)), I64(SIZES))
        return b.gep(self.base, [b.add(start, dim)])

    def of(self, dim: ll.Value) -> list[ll.Value]:
        """Size and both strides of a dim."""
        return [self.b.load(self._place(kind, dim)) for kind in range(3)]

    def write(self, dim: ll.Value, values: list[ll.Value]) -> None:
        for kind, value in enumerate(values):
            self.b.store(value, self._place(kind, dim))


class _Copy:
    """The functions of the kernel, while they are made."""

    def __init__(
        self, module: ll.Module, name: str, item: int, b: ll.IRBuilder, base: ll.Value
    ) -> None:
        self.module, self.name, self.item = module, name, item
        self.b, self.words = b, _Words(b, base)
        self.element = ll.IntType(8 * item)
        self.lanes = min(16, targets.host().vector_bytes // item)

    def emit(self) -> ll.Function:
        b = self.b
        count, some = self._joined()
        with b.if_then(b.not_(some)):
            b.ret_void()
        self.words[DIMS] = count
        size, source, target = self.words.of(b.sub(count, I64(1)))
        item = I64(self.item)
        packed = b.icmp_signed("==", target, item)
        together = b.and_(packed, b.icmp_signed("==", source, item))
        with b.if_then(together):
            with b.if_then(b.icmp_signed("==", count, I64(1))):
                self._share(self._flat_task(), size, item)
                b.ret_void()
            self._share(self._row_task(True), self._outer(1), b.mul(size, item))
            b.ret_void()
        with b.if_then(packed):
            self._square()
        unit = b.mul(size, I64(self.item * _SLOWER))
        self._share(self._row_task(False), self._outer(1), unit)
        b.ret_void()
        return b.function

    # dims -----------------------------------------------------------------------------

    def _joined(self) -> tuple[ll.Value, ll.Value]:
        """How many dims are left, and whether there are elements."""
        b, words = self.b, self.words
        item = I64(self.item)

        def step(dim: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
            count, some = carried
            size, source, target = words.of(dim)
            some = b.and_(some, b.icmp_signed("!=", size, I64(0)))
            last = b.sub(count, I64(1))
            before = words.of(last)
            chained: ll.Value = I1(1)
            for step_, outer in ((source, before[1]), (target, before[2])):
                whole = b.mul(step_, size)
                chained = b.and_(chained, b.icmp_signed("==", outer, whole))
            # what has one element goes into any other
            alone = b.icmp_signed("==", before[0], I64(1))
            single = b.icmp_signed("==", size, I64(1))
            joins = b.or_(b.or_(chained, alone), single)
            place = b.select(joins, last, count)
            length = b.select(joins, b.mul(size, before[0]), size)
            steps = [
                b.select(single, old, new)
                for old, new in ((before[1], source), (before[2], target))
            ]
            words.write(place, [length, *steps])
            return [b.add(place, I64(1)), some]

        first, *_ = words.of(I64(0))
        some = b.icmp_signed("!=", first, I64(0))
        count, some = B.carried_loop(
            b, I64(1), words.rank, I64(1), [I64(1), some], step
        )
        # of one element no stride is ever used
        size, *steps = words.of(I64(0))
        single = b.icmp_signed("==", size, I64(1))
        words.write(I64(0), [size, *(b.select(single, item, s) for s in steps)])
        return count, some

    def _outer(self, inner: int) -> ll.Value:
        """How many places the dims have but for the last ones."""
        b, words = self.b, self.words
        end = b.sub(words[DIMS], I64(inner))
        (total,) = B.carried_loop(
            b, I64(0), end, I64(1), [I64(1)],
            lambda dim, carried: [b.mul(carried[0], words.of(dim)[0])],
        )  # fmt: skip
        return total

    def _square(self) -> None:
        """Turn squares, and return, if a dim lies together in the source."""
        b, words = self.b, self.words
        last = b.sub(words[DIMS], I64(1))
        (found,) = B.carried_loop(
            b, I64(0), last, I64(1), [I64(-1)],
            lambda dim, carried: [
                b.select(
                    b.icmp_signed("==", words.of(dim)[1], I64(self.item)),
                    dim, carried[0],
                )
            ],
        )  # fmt: skip
        with b.if_then(b.icmp_signed(">=", found, I64(0))):
            kept = words.of(found)
            with B.loop(b, found, b.sub(last, I64(1))) as dim:
                words.write(dim, words.of(b.add(dim, I64(1))))
            words.write(b.sub(last, I64(1)), kept)
            blocks = B.ceil_div(b, kept[0], self.lanes)
            words[BLOCKS] = blocks
            size, *_ = words.of(last)
            unit = b.mul(size, I64(self.lanes * self.item * _SLOWER))
            self._share(self._square_task(), b.mul(self._outer(2), blocks), unit)
            b.ret_void()

    # threads --------------------------------------------------------------------------

    def _share(self, task: ll.Function, total: ll.Value, unit: ll.Value) -> None:
        """Give units to threads, each of which takes as long as so many bytes."""
        b = self.b
        base = b.bitcast(self.words.base, POINTER)
        few = b.udiv(I64(_GRAIN), B.larger(b, unit, I64(1)))
        grain = B.larger(b, few, I64(1))
        with b.if_else(b.icmp_signed("<=", total, grain)) as (alone, several):
            with alone:
                b.call(task, [base, I64(0), total])
            with several:
                kind = ll.FunctionType(ll.VoidType(), [POINTER, POINTER, I64, I64])
                run = host_function(b, "parallel", kind)
                b.call(run, [b.bitcast(task, POINTER), base, total, grain])

    def _task(self, name: str) -> tuple[ll.IRBuilder, _Words, ll.Value, ll.Value]:
        arguments = [("words", POINTER), ("begin", I64), ("end", I64)]
        b, given = B.new_function(self.module, f"{self.name}.{name}", arguments)
        return b, _Words(b, given["words"]), given["begin"], given["end"]

    def _flat_task(self) -> ll.Function:
        b, words, begin, end = self._task("flat")
        item = I64(self.item)
        source, target = (
            B.at(b, words.pointer(p), b.mul(begin, item)) for p in (SOURCE, TARGET)
        )
        self._memcpy(b, target, source, b.mul(b.sub(end, begin), item))
        b.ret_void()
        return b.function

    def _memcpy(self, b: ll.IRBuilder, to: ll.Value, at: ll.Value, n: ll.Value) -> None:
        copy = self.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
        b.call(copy, [to, at, n, I1(0)])

    def _row_task(self, together: bool) -> ll.Function:
        """Rows, which lie together in both or not."""
        b, words, begin, end = self._task("rows" if together else "elements")
        dims = b.sub(words[DIMS], I64(1))
        size, source_step, target_step = words.of(dims)

        def from_on(source: ll.Value, target: ll.Value, done: ll.Value) -> None:
            with B.loop(b, done, size) as i:
                value = B.load(
                    b, B.at(b, source, b.mul(i, source_step)), self.element, self.item
                )
                to = B.at(b, target, b.mul(i, target_step))
                B.store(b, value, to, self.item)

        def one_by_one(source: ll.Value, target: ll.Value) -> None:
            from_on(source, target, I64(0))

        def by_vectors(source: ll.Value, target: ll.Value) -> None:
            done = self._vectors(b, source, target, size, source_step, target_step)
            from_on(source, target, done)

        def whole(source: ll.Value, target: ll.Value) -> None:
            is_short = b.icmp_signed("<", size, I64(_SHORT))
            with b.if_else(is_short) as (short, long):
                with short:
                    one_by_one(source, target)
                with long:
                    self._memcpy(b, target, source, b.mul(size, I64(self.item)))

        _walk(b, words, dims, begin, end, whole if together else by_vectors)
        b.ret_void()
        return b.function

    def _vectors(
        self, b: ll.IRBuilder, source: ll.Value, target: ll.Value, size: ll.Value,
        source_step: ll.Value, target_step: ll.Value,
    ) -> ll.Value:  # fmt: skip
        """Copy whole vectors of a row that is read backwards or is one element again and
        again; how many elements that are."""
        item, lanes = self.item, self.lanes
        packed = b.icmp_signed("==", target_step, I64(item))
        whole = b.select(packed, b.and_(size, I64(-lanes)), I64(0))
        back = b.icmp_signed("==", source_step, I64(-item))
        still = b.icmp_signed("==", source_step, I64(0))
        vector = ll.VectorType(self.element, lanes)
        with B.loop(b, I64(0), b.select(back, whole, I64(0)), lanes) as i:
            first = b.sub(I64(1 - lanes), i)
            row = B.load(b, B.at(b, source, b.mul(first, I64(item))), vector, item)
            row = B.shuffle(b, row, row, list(reversed(range(lanes))))
            B.store(b, row, B.at(b, target, b.mul(i, I64(item))), item)
        with b.if_then(still):
            row = B.splat(b, B.load(b, source, self.element, item), lanes)
            with B.loop(b, I64(0), whole, lanes) as i:
                B.store(b, row, B.at(b, target, b.mul(i, I64(item))), item)
        return b.select(b.or_(back, still), whole, I64(0))

    def _square_task(self) -> ll.Function:
        """Strips: so many places as a vector has lanes along the dim that lies together in
        the source, which is the last but one, and all along the last dim."""
        b, words, begin, end = self._task("squares")
        dims = b.sub(words[DIMS], I64(2))
        rows, _, row_step = words.of(dims)
        columns, column_step, _ = words.of(b.add(dims, I64(1)))
        blocks = words[BLOCKS]
        item, lanes = self.item, self.lanes
        first = b.udiv(begin, blocks)
        counter = b.alloca(I64)
        b.store(b.sub(begin, b.mul(first, blocks)), counter)
        left = b.alloca(I64)
        b.store(b.sub(end, begin), left)

        def strips(source: ll.Value, target: ll.Value) -> None:
            start = b.load(counter)
            stop = B.smaller(b, blocks, b.add(start, b.load(left)))
            with B.loop(b, start, stop) as block:
                row = b.mul(block, I64(lanes))
                at = B.at(b, source, b.mul(row, I64(item)))
                to = B.at(b, target, b.mul(row, row_step))
                high = B.smaller(b, b.sub(rows, row), I64(lanes))
                self._strip(b, at, to, high, columns, row_step, column_step)
            b.store(b.sub(b.load(left), b.sub(stop, start)), left)
            b.store(I64(0), counter)

        last = B.ceil_div(b, end, blocks)
        _walk(b, words, dims, first, last, strips)
        b.ret_void()
        return b.function

    def _strip(
        self, b: ll.IRBuilder, source: ll.Value, target: ll.Value, high: ll.Value,
        columns: ll.Value, row_step: ll.Value, column_step: ll.Value,
    ) -> None:  # fmt: skip
        item, lanes = self.item, self.lanes
        full = b.icmp_signed("==", high, I64(lanes))
        turned = b.select(full, b.and_(columns, I64(-lanes)), I64(0))
        vector = ll.VectorType(self.element, lanes)
        with B.loop(b, I64(0), turned, lanes) as j:
            at = B.at(b, source, b.mul(j, column_step))
            given = []
            for _ in range(lanes):
                given.append(B.load(b, at, vector, item))
                at = B.at(b, at, column_step)
            to = B.at(b, target, b.mul(j, I64(item)))
            for row in transposed(b, given):
                B.store(b, row, to, item)
                to = B.at(b, to, row_step)
        with B.loop(b, I64(0), high) as i:
            row = B.at(b, source, b.mul(i, I64(item)))
            to = B.at(b, target, b.mul(i, row_step))
            with B.loop(b, turned, columns) as j:
                value = B.load(
                    b, B.at(b, row, b.mul(j, column_step)), self.element, item
                )
                B.store(b, value, B.at(b, to, b.mul(j, I64(item))), item)


def _walk(
    b: ll.IRBuilder, words: _Words, dims: ll.Value, begin: ll.Value, end: ll.Value,
    visit: Place,
) -> None:  # fmt: skip
    """Visit places of the first dims, the last of these fastest."""
    room = b.alloca(ll.ArrayType(I64, _MOST_DIMS))
    source, target, rest = (b.alloca(I64) for _ in range(3))
    for cell, value in (
        (source, words[SOURCE]),
        (target, words[TARGET]),
        (rest, begin),
    ):
        b.store(value, cell)

    def position(dim: ll.Value) -> ll.Value:
        return b.gep(room, [I64(0), dim])

    def move(dim: ll.Value, count: ll.Value) -> None:
        for cell, step in zip((source, target), words.of(dim)[1:], strict=True):
            b.store(b.add(b.load(cell), b.mul(count, step)), cell)

    with B.loop(b, I64(0), dims) as turn:
        dim = b.sub(b.sub(dims, turn), I64(1))
        size, *_ = words.of(dim)
        index = b.urem(b.load(rest), size)
        b.store(b.udiv(b.load(rest), size), rest)
        b.store(index, position(dim))
        move(dim, index)
    with B.loop(b, begin, end):
        visit(*(b.inttoptr(b.load(cell), POINTER) for cell in (source, target)))
        _advance(b, words, dims, position, move)


def _advance(
    b: ll.IRBuilder, words: _Words, dims: ll.Value,
    position: Callable[[ll.Value], ll.Value],
    move: Callable[[ll.Value, ll.Value], None],
) -> None:  # fmt: skip
    """Go to the next place."""
    before, last = b.block, b.sub(dims, I64(1))
    head, inside, full, done = (
        b.function.append_basic_block(n) for n in ("head", "inside", "full", "done")
    )
    b.branch(head)
    b.position_at_end(head)
    dim = b.phi(I64)
    dim.add_incoming(last, before)
    b.cbranch(b.icmp_signed(">=", dim, I64(0)), inside, done)
    b.position_at_end(inside)
    size, *_ = words.of(dim)
    index = b.add(b.load(position(dim)), I64(1))
    move(dim, I64(1))
    b.store(index, position(dim))
    b.cbranch(b.icmp_signed("<", index, size), done, full)
    b.position_at_end(full)
    b.store(I64(0), position(dim))
    move(dim, b.sub(I64(0), size))
    outer = b.sub(dim, I64(1))
    dim.add_incoming(outer, b.block)
    b.branch(head)
    b.position_at_end(done)

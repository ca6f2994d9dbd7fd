"""How a product runs: cut into units that the threads of a process take.

A product is words in memory, `WORDS`: where the operands are, sizes and strides. One
function of the module, `emit_run`, reads them, cuts the work into units (a batch, and
some columns or rows of it) and gives these to the threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.making.emission import tidy_lightly
from jit.runtime.codegen.products.finishing import MOST_OPERANDS, OPERAND_WORDS
from jit.runtime.codegen.products.gemm import (
    Gemm,
    emit_few_rows,
    emit_pack_b,
    emit_product,
    is_given,
    work_bytes,
)
from jit.runtime.codegen.products.thin import ROWS
from jit.runtime.codegen.values import I64, POINTER

WORDS = [
    "a", "a_row", "a_column", "b", "b_row", "b_column", "packed",
    "c", "c_row", "c_item", "whole", "finish", "thin", "depth", "rows", "columns",
    "batches", "rank", "operands",
    # what `run` adds for the tasks
    "chunk", "chunks", "by_columns", "failed", "panel_bytes",
]  # fmt: skip
"""Then for each dim of the batches its size, and the bytes from one batch to the next in
A, B and C; then for each operand of the epilogue the words of its record, see `finishing`,
and the bytes from one batch to the next for each dim."""

_DIM_WORDS = 4

_LEAST_WORK = 1 << 19
"""Multiplications of a part that are worth another thread."""

_LEAST_TOGETHER = 384
"""Rows and columns from which on all threads pack B before any of them multiplies."""
_DEPTH_TOGETHER = 64
"""Rows of B that are packed at once."""
_ROWS_TOGETHER = 4
"""Rows of a unit where B is packed: units are given out by the hundred."""
_MOST_TOGETHER = 256 << 20
"""Most bytes of a B that is packed at once."""


class Words:
    """The words of a product, read and written by name."""

    def __init__(self, b: ll.IRBuilder, base: ll.Value, names: Sequence[str]) -> None:
        self.b, self.base, self.names = b, base, names

    def place(self, name: str) -> ll.Value:
        return B.at(self.b, self.base, 8 * self.names.index(name))

    def end(self) -> ll.Value:
        """The place behind the words that have names."""
        return B.at(self.b, self.base, 8 * len(self.names))

    def __getitem__(self, name: str) -> ll.Value:
        return B.load(self.b, self.place(name), I64)

    def pointer(self, name: str) -> ll.Value:
        return B.load(self.b, self.place(name), POINTER)

    def __setitem__(self, name: str, value: ll.Value) -> None:
        B.store(self.b, value, self.place(name), 8)


def _emit_task(module: ll.Module, name: str, gemm: Gemm) -> ll.Function:
    """`(words, first, last)`: makes some units of a product."""
    kernel = emit_product(module, gemm, thin_is_given=True)
    kernel.linkage = "internal"
    arguments = [("words", POINTER), ("first", I64), ("last", I64)]
    b, given = B.new_function(module, name, arguments)
    table = b.alloca(ll.ArrayType(I64, MOST_OPERANDS * OPERAND_WORDS), name="operands")
    table = b.bitcast(table, POINTER)
    words = Words(b, given["words"], WORDS)
    chunk, chunks = words["chunk"], words["chunks"]
    rows, columns, depth = words["rows"], words["columns"], words["depth"]
    by_columns = b.icmp_signed("!=", words["by_columns"], B.index(0))
    first, last = given["first"], given["last"]
    longest = b.mul(B.smaller(b, chunks, b.sub(last, first)), chunk)
    bytes = work_bytes(
        b,
        gemm,
        depth,
        b.select(by_columns, rows, B.smaller(b, rows, longest)),
        b.select(by_columns, B.smaller(b, columns, longest), columns),
        words.pointer("packed"),
        words["whole"],
    )
    allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
    work = b.call(allocate, [bytes])
    with b.if_then(b.icmp_unsigned("==", work, ll.Constant(POINTER, None))):
        # the region that called raises MemoryError
        words["failed"] = B.index(1)
        b.ret_void()
    start, end = b.udiv(first, chunks), B.ceil_div(b, last, chunks)
    with B.loop(b, start, end) as batch:
        before = b.mul(batch, chunks)
        begin = b.mul(b.sub(B.larger(b, first, before), before), chunk)
        past = B.smaller(b, b.sub(last, before), chunks)
        past = b.mul(past, chunk)
        zero = B.index(0)
        a_moved, b_moved, c_moved = _of_batch(b, words, batch, 1, 2, 3)
        _move_operands(b, words, batch, table)
        b.call(kernel, [
            rows,
            B.at(b, words.pointer("a"), a_moved),
            words["a_row"],
            words["a_column"],
            B.at(b, words.pointer("b"), b_moved),
            words["b_row"],
            words["b_column"],
            words.pointer("packed"),
            B.at(b, words.pointer("c"), c_moved),
            words["c_row"],
            words["c_item"],
            words["whole"],
            words.pointer("finish"),
            table,
            depth,
            b.select(by_columns, zero, begin),
            b.select(by_columns, rows, B.smaller(b, rows, past)),
            b.select(by_columns, begin, zero),
            b.select(by_columns, B.smaller(b, columns, past), columns),
            work,
            words.pointer("thin"),
        ])  # fmt: skip
    release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    b.call(host_function(b, "release", release), [work, bytes])
    b.ret_void()
    return b.function


def _along_batches(
    b: ll.IRBuilder,
    words: Words,
    batch: ll.Value,
    count: int,
    step: Callable[[ll.Value, ll.Value, int], ll.Value],
) -> list[ll.Value]:
    """The sums of `step(dim, place, k)` over the dims of a batch, for each k."""
    rank, zero, one = words["rank"], B.index(0), B.index(1)
    dims = words.end()

    def turn(done: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        rest, *sums = carried
        dim = b.sub(b.sub(rank, one), done)
        size = B.load(b, B.at(b, dims, b.mul(dim, B.index(8 * _DIM_WORDS))), I64)
        place = b.urem(rest, size)
        found = [b.add(x, step(dim, place, k)) for k, x in enumerate(sums)]
        return [b.udiv(rest, size), *found]

    return B.carried_loop(b, zero, rank, one, [batch, *[zero] * count], turn)[1:]


def _of_batch(
    b: ll.IRBuilder, words: Words, batch: ll.Value, *places: int
) -> list[ll.Value]:
    """How far a batch lies from the first one, by words of the dims."""
    dims = words.end()

    def step(dim: ll.Value, place: ll.Value, k: int) -> ll.Value:
        record = B.at(b, dims, b.mul(dim, B.index(8 * _DIM_WORDS)))
        return b.mul(place, B.load(b, B.at(b, record, 8 * places[k]), I64))

    return _along_batches(b, words, batch, len(places), step)


def _move_operands(
    b: ll.IRBuilder, words: Words, batch: ll.Value, table: ll.Value
) -> None:
    """Write the records of the operands as one batch needs them."""
    rank = words["rank"]
    records = B.at(b, words.end(), b.mul(rank, B.index(8 * _DIM_WORDS)))
    length = b.mul(b.add(rank, B.index(OPERAND_WORDS)), B.index(8))
    with B.loop(b, B.index(0), words["operands"]) as operand:
        record = B.at(b, records, b.mul(operand, length))
        made = B.at(b, table, b.mul(operand, B.index(8 * OPERAND_WORDS)))

        def step(dim: ll.Value, place: ll.Value, _: int) -> ll.Value:
            at = b.mul(b.add(dim, B.index(OPERAND_WORDS)), B.index(8))
            return b.mul(place, B.load(b, B.at(b, record, at), I64))

        (moved,) = _along_batches(b, words, batch, 1, step)
        B.store(b, B.at(b, B.load(b, record, POINTER), moved), made)
        for place in range(1, OPERAND_WORDS):
            B.store(b, B.load(b, B.at(b, record, 8 * place), I64),
                    B.at(b, made, 8 * place))  # fmt: skip


def _emit_pack_task(module: ll.Module, name: str, gemm: Gemm) -> ll.Function:
    """`(words, first, last)`: packs some panels of B into `packed`."""
    pack = emit_pack_b(module, gemm)
    arguments = [("words", POINTER), ("first", I64), ("last", I64)]
    b, given = B.new_function(module, name, arguments)
    words, width = Words(b, given["words"], WORDS), B.index(gemm.shape.width)
    first, bytes = b.mul(given["first"], width), words["panel_bytes"]
    past = B.smaller(b, b.mul(given["last"], width), words["columns"])
    source = B.at(b, words.pointer("b"), b.mul(first, words["b_column"]))
    out = B.at(b, words.pointer("packed"), b.mul(given["first"], bytes))
    row_bytes = B.index(gemm.shape.width * gemm.types.sum_bytes)
    depth = words["depth"]
    # a few rows of B for all panels, then the next ones: their lines and pages stay near
    with B.loop(b, B.index(0), depth, _DEPTH_TOGETHER) as k:
        b.call(pack, [
            B.at(b, source, b.mul(k, words["b_row"])),
            words["b_row"],
            words["b_column"],
            B.smaller(b, b.sub(depth, k), B.index(_DEPTH_TOGETHER)),
            b.sub(past, first),
            B.at(b, out, b.mul(k, row_bytes)),
            bytes,
            B.index(gemm.shape.vectors),
        ])  # fmt: skip
    b.ret_void()
    return b.function


def _emit_pack_together(
    module: ll.Module, name: str, gemm: Gemm, b: ll.IRBuilder, words: Words
) -> tuple[ll.Value, ll.Value]:
    """Let all threads pack the B of a large product: where it is, and its bytes.

    Each part of the product then packs its own rows of A alone. The pointer is null
    where the product is small, has batches, or there is no memory.
    """
    task = _emit_pack_task(module, f"{name}_pack", gemm)
    shape, null = gemm.shape, ll.Constant(POINTER, None)
    rows, columns, depth = words["rows"], words["columns"], words["depth"]
    panels = B.ceil_div(b, columns, shape.width)
    panel_bytes = b.mul(depth, B.index(shape.width * gemm.types.sum_bytes))
    bytes = b.mul(panels, panel_bytes)
    conditions = [
        b.icmp_unsigned("==", words.pointer("packed"), null),
        b.icmp_signed("==", words["batches"], B.index(1)),
        b.icmp_signed(">=", rows, B.index(_LEAST_TOGETHER)),
        b.icmp_signed(">=", columns, B.index(_LEAST_TOGETHER)),
        b.icmp_signed(">=", depth, B.index(_LEAST_TOGETHER // 2)),
        b.icmp_signed("<=", bytes, B.index(_MOST_TOGETHER)),
    ]
    large: ll.Value = conditions[0]
    for condition in conditions[1:]:
        large = b.and_(large, condition)
    before = b.block
    with b.if_then(large):
        allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
        made = b.call(allocate, [bytes])
        with b.if_then(is_given(b, made)):
            words["panel_bytes"] = panel_bytes
            B.store(b, made, words.place("packed"), 8)
            _in_parallel(b, task, words, panels, B.index(1))
        inside = b.block
    found = b.phi(POINTER)
    found.add_incoming(null, before)
    found.add_incoming(made, inside)
    return found, bytes


def _in_parallel(
    b: ll.IRBuilder, task: ll.Function, words: Words, total: ll.Value, grain: ll.Value
) -> None:
    kind = ll.FunctionType(ll.VoidType(), [POINTER, POINTER, I64, I64])
    parallel = host_function(b, "parallel", kind)
    b.call(parallel, [b.bitcast(task, POINTER), words.base, total, grain])


def emit_way_of_few_rows(module: ll.Module, name: str, gemm: Gemm) -> ll.Function:
    tidy_lightly(module)
    return emit_few_rows(module, name, gemm)


def emit_run(module: ll.Module, name: str, gemm: Gemm) -> ll.Function:
    """`(words)`: cuts a product into units and gives them to the threads."""
    tidy_lightly(module)
    task = _emit_task(module, f"{name}_task", gemm)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words, shape, one = Words(b, given["words"], WORDS), gemm.shape, 1
    own, own_bytes = _emit_pack_together(module, name, gemm, b, words)
    rows, columns, batches = words["rows"], words["columns"], words["batches"]
    # of what is packed already, a part of some rows needs nothing but its rows
    wide = b.icmp_signed(">=", columns, rows)
    together = b.and_(
        is_given(b, words.pointer("packed")),
        b.icmp_signed(">=", rows, B.index(_LEAST_TOGETHER)),
    )
    wide = b.and_(wide, b.not_(together))
    few = b.icmp_signed("<=", rows, B.index(ROWS))
    by_columns = b.or_(wide, few)
    # small chunks make parts of equal size, which end with tiles that are not so high
    height = b.select(together, B.index(_ROWS_TOGETHER), B.index(shape.height))
    chunk = b.select(by_columns, B.index(shape.width), height)
    along = b.select(by_columns, columns, rows)
    across = b.select(by_columns, rows, columns)
    chunks = B.larger(b, B.index(one), B.ceil_div(b, along, chunk))
    words["chunk"], words["chunks"] = chunk, chunks
    words["by_columns"] = b.zext(by_columns, I64)
    words["failed"] = B.index(0)
    unit = b.mul(b.mul(B.smaller(b, chunk, along), across), words["depth"])
    grain = B.ceil_div(b, B.index(_LEAST_WORK), B.larger(b, B.index(one), unit))
    # each part packs for itself: parts of one product should not be too narrow
    item = B.index(gemm.types.source.itemsize)
    near = b.and_(
        b.icmp_signed("<", words["b_row"], B.index(1024)),
        b.icmp_signed("==", words["b_column"], item),
    )
    packs_nothing = b.or_(b.or_(few, near), is_given(b, words.pointer("packed")))
    alone = b.and_(packs_nothing, b.not_(together))
    least = B.smaller(b, chunks, b.select(alone, B.index(1), B.index(4)))
    grain = B.larger(b, grain, least)
    total = b.mul(batches, chunks)
    empty = b.icmp_signed("==", b.mul(rows, columns), B.index(0))
    total = b.select(empty, B.index(0), total)
    with b.if_else(b.icmp_signed("<=", total, grain)) as (small, large):
        with small, b.if_then(b.icmp_signed(">", total, B.index(0))):
            b.call(task, [given["words"], B.index(0), total])
        with large:
            _in_parallel(b, task, words, total, grain)
    with b.if_then(is_given(b, own)):
        release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
        b.call(host_function(b, "release", release), [own, own_bytes])
    b.ret_void()
    return b.function

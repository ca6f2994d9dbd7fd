"""Memory order: which sizes the strides of a tensor can express, and copies."""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen import building
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import copy_kernel
from jit.runtime.codegen.values import I1, I64, POINTER, Buffer


def row_major(
    region: Region, dtype: DType, sizes: Sequence[ll.Value]
) -> list[ll.Value]:
    """The strides of contiguous elements."""
    strides: list[ll.Value] = []
    step: ll.Value = I64(dtype.itemsize)
    for size in reversed(sizes):
        strides.insert(0, step)
        step = region.b.mul(step, size)
    return strides


def same_order(region: Region, source: Buffer) -> list[ll.Value]:
    """The strides of a dense tensor whose dims lie in memory in the order that they have
    in another one."""
    b = region.b
    steps = []
    for stride in source.strides:
        negative = b.icmp_signed("<", stride, I64(0))
        steps.append(b.select(negative, b.sub(I64(0), stride), stride))
    strides: list[ll.Value] = []
    for dim, step in enumerate(steps):
        stride = I64(source.dtype.itemsize)
        for other, size in enumerate(source.sizes):
            if other != dim:
                symbol = "<" if other < dim else "<="
                is_inner = b.icmp_signed(symbol, steps[other], step)
                stride = b.mul(stride, b.select(is_inner, size, I64(1)))
        strides.append(stride)
    return strides


def is_contiguous(region: Region, source: Buffer) -> ll.Value:
    """Whether the elements follow each other, the last dim fastest."""
    b = region.b
    step: ll.Value = I64(source.dtype.itemsize)
    holds: ll.Value = I1(1)
    empty: ll.Value = I1(0)
    for size, stride in zip(
        reversed(source.sizes), reversed(source.strides), strict=True
    ):
        short = b.icmp_signed("<=", size, I64(1))
        holds = b.and_(holds, b.or_(short, b.icmp_signed("==", stride, step)))
        empty = b.or_(empty, b.icmp_signed("==", size, I64(0)))
        step = b.mul(step, size)
    return b.or_(holds, empty)


def contiguous_copy(region: Region, source: Buffer) -> Buffer:
    """The elements in new memory, contiguous."""
    made = region.allocate(source.dtype, source.sizes)
    copy_elements(region, source, made)
    return made


def copy_elements(region: Region, source: Buffer, target: Buffer) -> None:
    """Copy between tensors of one dtype and equal sizes, which do not overlap."""
    b, item = region.b, source.dtype.itemsize
    sizes, steps, to = source.sizes, source.strides, target.strides
    if not source.rank:
        sizes, steps, to = (I64(1),), (I64(item),), (I64(item),)
    given = [
        b.ptrtoint(source.data, I64), b.ptrtoint(target.data, I64), I64(len(sizes)),
        *[I64(0)] * (copy_kernel.SIZES - 3), *sizes, *steps, *to,
    ]  # fmt: skip
    memory = region.stack(ll.ArrayType(I64, len(given)), "copy")
    for place, value in enumerate(given):
        b.store(value, b.gep(memory, [I64(0), I64(place)], inbounds=True))
    run = region.kernel(
        f"copy_{item}", copy_kernel.RUN, lambda m, n: copy_kernel.emit_copy(m, n, item)
    )
    b.call(run, [b.bitcast(memory, POINTER)])


def view_strides(
    region: Region, source: Buffer, sizes: Sequence[ll.Value]
) -> tuple[ll.Value, list[ll.Value]]:
    """Whether strides can express the elements in the same order with other sizes of as
    many elements, and those strides."""
    b = region.b
    old, new = source.rank, len(sizes)
    steps = row_major(region, source.dtype, sizes)
    contiguous = is_contiguous(region, source)
    if not old or not new:
        return contiguous, steps
    find = region.function(
        f"view_strides.{old}.{new}", lambda m, n: _make_view_strides(m, n, old, new)
    )
    room = region.stack(ll.ArrayType(I64, new))
    result = b.bitcast(room, I64.as_pointer())
    before = b.block
    with b.if_then(b.not_(contiguous), likely=False):
        made = b.call(find, [*source.sizes, *source.strides, *sizes, result])
        inside = b.block
    fits = b.phi(I1)
    fits.add_incoming(made, inside)
    fits.add_incoming(I1(1), before)
    strides = []
    for index, step in enumerate(steps):
        found = b.load(b.gep(result, [I64(index)], inbounds=True))
        strides.append(b.select(contiguous, step, found))
    return fits, strides


def _make_view_strides(module: ll.Module, name: str, old: int, new: int) -> ll.Function:
    """Walks over runs of old dims that lie in memory as one dim would, last run first,
    and gives each as many new dims as fill it."""
    words = [*(f"size{d}" for d in range(old)), *(f"step{d}" for d in range(old)),
             *(f"new{d}" for d in range(new))]  # fmt: skip
    arguments = [*((w, I64) for w in words), ("result", I64.as_pointer())]
    b, a = building.new_function(module, name, arguments, I1)
    wanted = b.alloca(ll.ArrayType(I64, new))
    for d in range(new):
        b.store(a[f"new{d}"], b.gep(wanted, [I64(0), I64(d)]))
    place, filled, run = b.alloca(I64), b.alloca(I64), b.alloca(I64)
    b.store(I64(new - 1), place)
    b.store(I64(1), filled)
    b.store(I64(1), run)
    base = b.alloca(I64)
    b.store(a[f"step{old - 1}"], base)
    for d in reversed(range(old)):
        b.store(b.mul(b.load(run), a[f"size{d}"]), run)
        ends: ll.Value = I1(1)
        if d:
            apart = b.icmp_signed(
                "!=", a[f"step{d - 1}"], b.mul(b.load(run), b.load(base))
            )
            ends = b.and_(b.icmp_signed("!=", a[f"size{d - 1}"], I64(1)), apart)
        with b.if_then(ends):
            _fill_run(b, a["result"], wanted, place, filled, run, base)
            with b.if_then(b.icmp_signed("!=", b.load(filled), b.load(run))):
                b.ret(I1(0))
            if d:
                b.store(a[f"step{d - 1}"], base)
                b.store(I64(1), run)
                b.store(I64(1), filled)
    b.ret(b.icmp_signed("==", b.load(place), I64(-1)))
    return b.function


def _fill_run(
    b: ll.IRBuilder,
    result: ll.Value,
    wanted: ll.Value,
    place: ll.Value,
    filled: ll.Value,
    run: ll.Value,
    base: ll.Value,
) -> None:
    """Give new dims to a run while it has room, or while they have one element."""
    head, test, body, done = (
        b.function.append_basic_block(n) for n in ("head", "test", "fill", "filled")
    )
    b.branch(head)
    b.position_at_end(head)
    b.cbranch(b.icmp_signed(">=", b.load(place), I64(0)), test, done)
    b.position_at_end(test)
    size = b.load(b.gep(wanted, [I64(0), b.load(place)]))
    room = b.icmp_signed("<", b.load(filled), b.load(run))
    b.cbranch(b.or_(room, b.icmp_signed("==", size, I64(1))), body, done)
    b.position_at_end(body)
    b.store(b.mul(b.load(filled), b.load(base)), b.gep(result, [b.load(place)]))
    b.store(b.mul(b.load(filled), size), filled)
    b.store(b.sub(b.load(place), I64(1)), place)
    b.branch(head)
    b.position_at_end(done)

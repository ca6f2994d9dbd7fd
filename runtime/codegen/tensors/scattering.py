"""Lowerings that write to places: those that an index names, and one side of a diagonal.

They copy the tensor and write into the copy, place after place in the order of the
index, so that places which are named twice get what the reference gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers.scalars import constant_int
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import contiguous_copy
from jit.runtime.codegen.tensors.views import dim_of, tensor
from jit.runtime.codegen.values import ELEMENT, I1, I8, I64, Buffer

Words = Sequence[ll.Value]
_INDICES = (dtypes.int64, dtypes.int32)


@contextmanager
def each_place(region: Region, sizes: Words) -> Iterator[list[ll.Value]]:
    """Code for each place of a tensor, the last dim fastest."""
    with ExitStack() as loops:
        yield [loops.enter_context(region.loop(I64(0), size)) for size in sizes]


def place_of(region: Region, data: ll.Value, strides: Words, places: Words) -> ll.Value:
    """Where an element lies."""
    b = region.b
    offset: ll.Value = I64(0)
    for stride, place in zip(strides, places, strict=True):
        offset = b.add(offset, b.mul(place, stride))
    return at(b, data, offset)


def target_of(
    region: Region, node: Node, x: Buffer, *operands: Buffer
) -> tuple[Buffer, ...]:
    """What is written to, and operands that it shares no memory with: a copy of a tensor,
    or, in place, the tensor and copies of the operands, which may be part of it."""
    if not node.kind.endswith("_"):
        return contiguous_copy(region, x), *operands
    region.unit.writes = True
    return x, *(contiguous_copy(region, operand) for operand in operands)


# triangles ------------------------------------------------------------------------------


@lowering("aten::tril", "aten::triu")
def triangle(region: Region, node: Node) -> Buffer:
    """Matrices that are zero on one side of a diagonal."""
    b = region.b
    source = tensor(region, node.inputs[0])
    if source.rank < 2:
        raise Declined("it always fails: the tensor has less than two dims")
    diagonal = region.number(node.inputs[1])
    rows, columns = source.sizes[-2:]
    made = contiguous_copy(region, source)
    lowest = b.sub(I64(0), rows)
    diagonal = _between(b, lowest, diagonal, columns)
    size = I64(source.dtype.itemsize)
    clear = region.module.declare_intrinsic("llvm.memset", [made.data.type, I64])
    with each_place(region, made.sizes[:-1]) as places:
        row = place_of(region, made.data, made.strides[:-1], places)
        first = b.add(places[-1], diagonal)
        if node.kind == "aten::tril":
            begin = _between(b, I64(0), b.add(first, I64(1)), columns)
            count = b.sub(columns, begin)
        else:
            begin, count = I64(0), _between(b, I64(0), first, columns)
        start = at(b, row, b.mul(begin, size))
        b.call(clear, [start, I8(0), b.mul(count, size), I1(0)])
    return made


def _between(b: ll.IRBuilder, low: ll.Value, x: ll.Value, high: ll.Value) -> ll.Value:
    x = b.select(b.icmp_signed("<", x, low), low, x)
    return b.select(b.icmp_signed(">", x, high), high, x)


# indices --------------------------------------------------------------------------------


@lowering(
    "aten::scatter.src", "aten::scatter_add", "aten::scatter_.src", "aten::scatter_add_"
)
def scatter(region: Region, node: Node) -> Buffer:
    """`x[index[i][j]][j] = source[i][j]`, and so on, or the same added."""
    b = region.b
    x, index, source = (tensor(region, node.inputs[i]) for i in (0, 2, 3))
    if not x.rank or not x.rank == index.rank == source.rank:
        raise Declined("its tensors have other numbers of dims")
    adds = "add" in node.kind
    _check_dtypes(x, index, source, adds=adds)
    dim = dim_of(node.inputs[1], x.rank)
    fits: ll.Value = I1(1)
    empty: ll.Value = I1(0)
    for d, size in enumerate(index.sizes):
        empty = b.or_(empty, b.icmp_signed("==", size, I64(0)))
        fits = b.and_(fits, b.icmp_signed("<=", size, source.sizes[d]))
        if d != dim:
            fits = b.and_(fits, b.icmp_signed("<=", size, x.sizes[d]))
    region.fail_unless(b.or_(empty, fits), node)
    _check_inside(region, node, index, I64(0), x.sizes[dim])
    made, index, source = target_of(region, node, x, index, source)
    with each_place(region, index.sizes) as places:
        named = _named(region, index, places)
        target = [named if d == dim else p for d, p in enumerate(places)]
        _move(region, source, places, made, target, adds=adds)
    return made


@lowering(
    "aten::index_add", "aten::index_copy", "aten::index_add_", "aten::index_copy_"
)
def index_add(region: Region, node: Node) -> Buffer:
    """Slices of one tensor added or written to those of another that an index names."""
    b = region.b
    x, index, source = (tensor(region, node.inputs[i]) for i in (0, 2, 3))
    if not x.rank or x.rank != source.rank or index.rank != 1:
        raise Declined("its tensors have other numbers of dims")
    adds = "add" in node.kind
    if adds and constant_int(region.number(node.inputs[4])) != 1:
        raise Declined("what is added is scaled")
    _check_dtypes(x, index, source, adds=adds)
    dim = dim_of(node.inputs[1], x.rank)
    fits = b.icmp_signed("==", index.sizes[0], source.sizes[dim])
    for d, size in enumerate(source.sizes):
        if d != dim:
            fits = b.and_(fits, b.icmp_signed("==", size, x.sizes[d]))
    region.fail_unless(fits, node)
    size = x.sizes[dim]
    _check_inside(region, node, index, b.sub(I64(0), size), size)
    made, index, source = target_of(region, node, x, index, source)
    with each_place(region, source.sizes) as places:
        named = _named(region, index, [places[dim]])
        is_negative = b.icmp_signed("<", named, I64(0))
        named = b.select(is_negative, b.add(named, size), named)
        target = [named if d == dim else p for d, p in enumerate(places)]
        _move(region, source, places, made, target, adds=adds)
    return made


def _check_dtypes(x: Buffer, index: Buffer, source: Buffer, *, adds: bool) -> None:
    if index.dtype not in _INDICES:
        raise Declined(f"its index is of {index.dtype.name}")
    if x.dtype is not source.dtype:
        raise Declined("its tensors have several dtypes")
    if adds and x.dtype in (dtypes.bool_, dtypes.float16, dtypes.bfloat16):
        raise Declined(f"it adds elements of {x.dtype.name}")


def _named(region: Region, index: Buffer, places: Words) -> ll.Value:
    """The number at a place of an index."""
    return number_at(region, index, index.strides, places)


def number_at(region: Region, index: Buffer, strides: Words, places: Words) -> ll.Value:
    """The same with strides of one's own."""
    b = region.b
    found = load(b, place_of(region, index.data, strides, places), ELEMENT[index.dtype])
    return found if found.type == I64 else b.sext(found, I64)


def _check_inside(
    region: Region, node: Node, index: Buffer, low: ll.Value, high: ll.Value
) -> None:
    """Leave the region unless all numbers of an index lie in `low` … `high - 1`."""
    b = region.b
    outside = region.stack(I64)
    b.store(I64(0), outside)
    with each_place(region, index.sizes) as places:
        named = _named(region, index, places)
        is_out = b.or_(b.icmp_signed("<", named, low), b.icmp_signed(">=", named, high))
        b.store(b.or_(b.load(outside), b.zext(is_out, I64)), outside)
    region.fail_unless(b.icmp_signed("==", b.load(outside), I64(0)), node)


def _move(
    region: Region,
    source: Buffer,
    places: Words,
    made: Buffer,
    target: Words,
    *,
    adds: bool,
) -> None:
    """One element of a tensor to a place of another, written or added."""
    place = place_of(region, source.data, source.strides, places)
    value = load(region.b, place, ELEMENT[made.dtype])
    place = place_of(region, made.data, made.strides, target)
    add_or_write(region, made.dtype, value, place, adds=adds)


def add_or_write(
    region: Region, dtype: DType, value: ll.Value, place: ll.Value, *, adds: bool
) -> None:
    """An element added to what is in memory, or written there."""
    b = region.b
    if adds:
        old = load(b, place, ELEMENT[dtype])
        floats = dtype.is_floating_point
        value = b.fadd(old, value) if floats else b.add(old, value)
    store(b, value, place)

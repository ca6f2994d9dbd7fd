"""Lowerings that read by index: embedding, gather, take, `x[indices]`.

Every one is a walk over the elements of the result, along which the tensor moves by its
strides and each index by its own; what an index says is a further move of the tensor.
Where indices stay the same along the last axis, whole rows are copied.

Indices are checked before, in a pass over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.emit_nest import (
    Axes,
    Rows,
    copy_function,
    kernel_builder,
    kernel_type,
    new_kernel,
    walk_span,
)
from jit.runtime.codegen.nests.losses import numbers_of, whole_of
from jit.runtime.codegen.nests.normalizations import optional
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import masks
from jit.runtime.codegen.tensors.views import dim_of
from jit.runtime.codegen.values import ELEMENT, I1, I64, POINTER, Buffer
from jit.runtime.ops import facts as F

Words = Sequence[ll.Value]
GRAIN = 1 << 14


@dataclass
class Pick:
    """An index into one axis of a tensor."""

    index: Buffer
    strides: Words
    """Of the index, along the axes of the result."""
    step: ll.Value
    """Bytes from one place of the picked axis to the next."""
    size: ll.Value
    """How many places that axis has."""


def picked(
    region: Region, x: Buffer, strides: Words, sizes: Words, picks: Sequence[Pick]
) -> Buffer:
    """New memory of some sizes: x moves by its strides, and by what is picked."""
    b, rank = region.b, max(len(sizes), 1)
    made = region.allocate(x.dtype, sizes)
    own = list(made.strides)
    # a single element is a row of one
    wide = list(sizes) or [I64(1)]
    operands = [
        (x.data, list(strides)),
        *((p.index.data, list(p.strides)) for p in picks),
    ]
    operands.append((made.data, own))
    steps: list[ll.Value] = []
    for _, given in operands:
        steps += given or [I64(0)]
    words = [*wide, *(w for p in picks for w in (p.step, p.size))]
    total: ll.Value = I64(1)
    for size in wide:
        total = b.mul(total, size)
    kinds = [p.index.dtype for p in picks]
    key = f"gather {x.dtype.itemsize} {rank} {' '.join(k.name for k in kinds)}"
    kernel = region.kernel(key, kernel_type(), _emitter(x.dtype.itemsize, rank, kinds))
    tables = [
        table_of(region, POINTER, [data for data, _ in operands]),
        table_of(region, I64, words), table_of(region, I64, steps),
    ]  # fmt: skip
    region.parallel(total, I64(GRAIN), kernel, tables)
    return made


def table_of(region: Region, type: ll.Type, values: Words) -> ll.Value:
    b = region.b
    place = region.stack(ll.ArrayType(type, len(values)))
    for index, value in enumerate(values):
        b.store(value, b.gep(place, [I64(0), I64(index)], inbounds=True))
    return b.bitcast(place, type.as_pointer())


def _emitter(bytes: int, rank: int, kinds: Sequence[DType]) -> Build:
    return lambda module, name: _Gather(module, name, bytes, rank, kinds).emit()


class _Gather:
    """Emits the kernel of a gather."""

    def __init__(
        self, module: ll.Module, name: str, bytes: int, rank: int,
        kinds: Sequence[DType],
    ) -> None:  # fmt: skip
        self.function = new_kernel(module, name)
        self.b = kernel_builder(self.function)
        self.bytes, self.rank, self.kinds = bytes, rank, kinds

    def emit(self) -> ll.Function:
        """The kernel of the type of all kernels."""
        b, rank, count = self.b, self.rank, len(self.kinds) + 2
        data, words, steps, begin, end = self.function.args
        pointers = [b.load(b.gep(data, [I64(k)])) for k in range(count)]
        sizes = [b.load(b.gep(words, [I64(d)])) for d in range(rank)]
        strides = [
            [b.load(b.gep(steps, [I64(k * rank + d)])) for d in range(rank)]
            for k in range(count)
        ]
        self.picks = [
            [b.load(b.gep(words, [I64(rank + 2 * k + j)])) for j in range(2)]
            for k in range(len(self.kinds))
        ]
        axes = Axes(sizes, strides)
        inner = sizes[-1]
        self.inner = [s[-1] for s in strides]
        stays: ll.Value = I1(1)
        for step in self.inner[1:-1]:
            stays = b.and_(stays, b.icmp_signed("==", step, I64(0)))
        with b.if_then(b.icmp_signed("<", begin, end)):
            row, column = b.udiv(begin, inner), b.urem(begin, inner)
            rows = Rows(b, axes, range(rank - 1), row)

            def stretch(first: ll.Value, count: ll.Value) -> None:
                starts = [
                    B.at(b, p, rows.offset(k), b.mul(first, self.inner[k]))
                    for k, p in enumerate(pointers)
                ]
                with b.if_else(stays) as (whole, each):
                    with whole:
                        self._row(starts, count)
                    with each:
                        self._each(starts, count)
                rows.advance()

            walk_span(b, (begin, end, column, inner), stretch)
        b.ret_void()
        return self.function

    def _moved(self, table: ll.Value, places: Sequence[ll.Value]) -> ll.Value:
        """The place of the tensor that the indices say."""
        b = self.b
        for place, (step, size), kind in zip(
            places, self.picks, self.kinds, strict=True
        ):
            index = B.load(b, place, ELEMENT[kind])
            if index.type != I64:
                index = b.sext(index, I64) if kind.is_signed else b.zext(index, I64)
            below = b.icmp_signed("<", index, I64(0))
            index = b.select(below, b.add(index, size), index)
            table = B.at(b, table, b.mul(index, step))
        return table

    def _row(self, starts: list[ll.Value], count: ll.Value) -> None:
        b, bytes = self.b, I64(self.bytes)
        source = self._moved(starts[0], starts[1:-1])
        step, to_step = self.inner[0], self.inner[-1]
        dense = b.and_(
            b.icmp_signed("==", step, bytes), b.icmp_signed("==", to_step, bytes)
        )
        with b.if_else(dense, likely=True) as (block, apart):
            with block:
                kind = ll.FunctionType(ll.VoidType(), [POINTER, POINTER, I64, I1])
                name = "llvm.memcpy.p0.p0.i64"
                copy = b.module.globals.get(name) or ll.Function(b.module, kind, name)
                b.call(copy, [starts[-1], source, b.mul(count, bytes), I1(0)])
            with apart:
                copy = copy_function(b.module, self.bytes)
                b.call(copy, [starts[-1], to_step, source, step, count])

    def _each(self, starts: list[ll.Value], count: ll.Value) -> None:
        b, kind = self.b, ll.IntType(8 * self.bytes)
        with B.loop(b, I64(0), count) as i:
            places = [
                B.at(b, p, b.mul(i, step))
                for p, step in zip(starts, self.inner, strict=True)
            ]
            source = self._moved(places[0], places[1:-1])
            B.store(b, B.load(b, source, kind), places[-1])


def check_range(
    region: Region, node: Node, index: Buffer, size: ll.Value, *, wraps: bool
) -> None:
    """Leave the region unless an index is inside of an axis everywhere."""
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise Declined(f"its index is of {index.dtype.name}")
    b, group = region.b, whole_of(region, index)
    given = group.build.input(index.dtype, index.rank)
    wide = group.build.cast(given, dtypes.int64)
    extremes = [group.build.reduce(kind, wide) for kind in ("min", "max")]
    low, high = numbers_of(group, index, extremes)
    least = b.sub(I64(0), size) if wraps else I64(0)
    fits = b.and_(b.icmp_signed(">=", low, least), b.icmp_signed("<", high, size))
    empty: ll.Value = I1(0)
    for n in index.sizes:
        empty = b.or_(empty, b.icmp_signed("==", n, I64(0)))
    region.fail_unless(b.or_(empty, fits), node)


@lowering("aten::embedding")
def embedding(region: Region, node: Node) -> Buffer:
    """The rows of a table that numbers name."""
    table, index = (tensor_at(region, v) for v in node.inputs[:2])
    if table.rank != 2:
        raise Declined("it always fails: the table is no matrix")
    check_range(region, node, index, table.sizes[0], wraps=False)
    zeros = (I64(0),) * index.rank
    pick = Pick(index, (*index.strides, I64(0)), table.strides[0], table.sizes[0])
    strides = (*zeros, table.strides[1])
    return picked(region, table, strides, (*index.sizes, table.sizes[1]), [pick])


def _along(
    region: Region, node: Node, x: Buffer, dim: int, index: Buffer, *, wraps: bool
) -> Buffer:
    """The places of one dim that an index of any dims says, which take its place."""
    check_range(region, node, index, x.sizes[dim], wraps=wraps)
    none = (I64(0),) * index.rank
    before, after = I64(0), I64(0)
    strides = (*x.strides[:dim], *none, *x.strides[dim + 1 :])
    sizes = (*x.sizes[:dim], *index.sizes, *x.sizes[dim + 1 :])
    moves = (*(before,) * dim, *index.strides, *(after,) * (x.rank - dim - 1))
    pick = Pick(index, moves, x.strides[dim], x.sizes[dim])
    return picked(region, x, strides, sizes, [pick])


@lowering("aten::index_select")
def index_select(region: Region, node: Node) -> Buffer:
    """The places of a dim that an index says."""
    x, index = tensor_at(region, node.inputs[0]), tensor_at(region, node.inputs[2])
    if not x.rank or index.rank != 1:
        raise Declined("its tensor or its index is a 0-dim tensor")
    dim = dim_of(node.inputs[1], x.rank)
    return _along(region, node, x, dim, index, wraps=False)


@lowering("np::take")
def np_take(region: Region, node: Node) -> Buffer:
    """The slices at indices along an axis."""
    x, index = (tensor_at(region, v) for v in node.inputs[:2])
    axis = static_value(node.inputs[2])
    if axis is None or not x.rank or x.rank + index.rank < 2:
        raise Declined("it takes single elements")
    try:
        (dim,) = F.wrap_dims([axis], x.rank)
    except IndexError as e:
        raise Declined(str(e)) from None
    return _along(region, node, x, dim, index, wraps=True)


@lowering("aten::gather")
def gather(region: Region, node: Node) -> Buffer:
    """`x[index[i][j]][j]`, and so on."""
    b = region.b
    x, index = tensor_at(region, node.inputs[0]), tensor_at(region, node.inputs[2])
    if x.rank != index.rank or not x.rank:
        raise Declined("its index has another number of dims")
    if index.dtype is not dtypes.int64:
        raise Declined("its index is not int64")
    dim = dim_of(node.inputs[1], x.rank)
    fits: ll.Value = I1(1)
    empty: ll.Value = I1(0)
    for d in range(x.rank):
        empty = b.or_(empty, b.icmp_signed("==", index.sizes[d], I64(0)))
        if d != dim:
            smaller = b.icmp_signed("<=", index.sizes[d], x.sizes[d])
            fits = b.and_(fits, smaller)
    region.fail_unless(b.or_(fits, empty), node)
    check_range(region, node, index, x.sizes[dim], wraps=False)
    strides = [I64(0) if d == dim else s for d, s in enumerate(x.strides)]
    pick = Pick(index, index.strides, x.strides[dim], x.sizes[dim])
    return picked(region, x, strides, index.sizes, [pick])


@lowering("aten::index.Tensor", "np::index")
def index(region: Region, node: Node) -> Buffer:
    """The elements at tensors of indices, one for each dim or None."""
    x, given = tensor_at(region, node.inputs[0]), node.inputs[1]
    if given.node.kind != "prim::ListConstruct":
        raise Declined("its list of indices is not known")
    indices = [optional(region, v) for v in given.node.inputs]
    places = [d for d, i in enumerate(indices) if i is not None]
    found = [i for i in indices if i is not None]
    if not places or len(indices) > x.rank:
        raise Declined("it has no index, or too many")
    if len(indices) == 1 and found[0].dtype is dtypes.bool_:
        return masks.at_mask(region, node, x, found[0])
    if any(i.dtype not in (dtypes.int64, dtypes.int32) for i in found):
        raise Declined("its indices are masks and others")
    if node.kind.startswith("np::") and all(not i.rank for i in found):
        raise Declined("it takes single elements")
    common = broadcast_indices(region, node, [i.sizes for i in found])
    for d, i in zip(places, found, strict=True):
        check_range(region, node, i, x.sizes[d], wraps=True)
    together = places == list(range(places[0], places[-1] + 1))
    at = places[0] if together else 0
    rest = [d for d in range(x.rank) if d not in places]
    sizes = [x.sizes[d] for d in rest]
    strides = [x.strides[d] for d in rest]
    sizes[at:at] = common
    strides[at:at] = [I64(0)] * len(common)
    picks = []
    for d, i in zip(places, found, strict=True):
        moves: list[ll.Value] = [I64(0)] * len(sizes)
        first = at + len(common) - i.rank
        for k, (size, step) in enumerate(zip(i.sizes, i.strides, strict=True)):
            single = region.b.icmp_signed("==", size, I64(1))
            moves[first + k] = region.b.select(single, I64(0), step)
        picks.append(Pick(i, moves, x.strides[d], x.sizes[d]))
    return picked(region, x, strides, sizes, picks)


def broadcast_indices(
    region: Region, node: Node, operands: Sequence[Words]
) -> list[ll.Value]:
    """The sizes that indices share; the region is left where they do not."""
    b, rank = region.b, max(map(len, operands))
    fits: ll.Value = I1(1)
    made = []
    for d in range(rank):
        sizes = [s[d - rank] for s in operands if len(s) >= rank - d]
        common = sizes[0]
        for size in sizes[1:]:
            one = b.icmp_signed("==", common, I64(1))
            same = b.icmp_signed("==", common, size)
            other = b.icmp_signed("==", size, I64(1))
            fits = b.and_(fits, b.or_(same, b.or_(one, other)))
            common = b.select(one, size, common)
        made.append(common)
    region.fail_unless(fits, node)
    return made

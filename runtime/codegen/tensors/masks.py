"""Lowerings whose result is as long as a mask has true elements: they count, then write."""

from __future__ import annotations

import dataclasses

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import contiguous_copy, copy_elements
from jit.runtime.codegen.tensors.scattering import Words, each_place, place_of
from jit.runtime.codegen.tensors.views import count_of, tensor
from jit.runtime.codegen.values import ELEMENT, F32, F64, I1, I64, Buffer


def is_true(region: Region, mask: Buffer, places: Words) -> ll.Value:
    """Whether an element is not zero; nan is not."""
    b = region.b
    kind = ELEMENT[mask.dtype]
    found = load(b, place_of(region, mask.data, mask.strides, places), kind)
    if kind in (F32, F64):
        return b.fcmp_unordered("!=", found, ll.Constant(kind, 0.0))
    return b.icmp_signed("!=", found, ll.Constant(kind, 0))


def count_true(region: Region, mask: Buffer) -> ll.Value:
    """How many elements are not zero."""
    b = region.b
    cell = region.stack(I64)
    b.store(I64(0), cell)
    with each_place(region, mask.sizes) as places:
        more = b.zext(is_true(region, mask, places), I64)
        b.store(b.add(b.load(cell), more), cell)
    return b.load(cell)


def at_mask(region: Region, node: Node, x: Buffer, mask: Buffer) -> Buffer:
    """The elements, or slices, of a tensor at the true elements of a mask over its first
    dims."""
    b = region.b
    if not mask.rank or mask.rank > x.rank:
        raise Declined("its mask has no dims, or too many")
    fits: ll.Value = I1(1)
    for size, wanted in zip(mask.sizes, x.sizes, strict=False):
        fits = b.and_(fits, b.icmp_signed("==", size, wanted))
    region.fail_unless(fits, node)
    return _taken(region, x, mask)


def _taken(region: Region, x: Buffer, mask: Buffer) -> Buffer:
    b, rank = region.b, mask.rank
    made = region.allocate(x.dtype, [count_true(region, mask), *x.sizes[rank:]])
    kind = ELEMENT[x.dtype]
    cell, spare = region.stack(I64), region.stack(kind)
    spare = b.bitcast(spare, made.data.type)
    b.store(I64(0), cell)
    with each_place(region, mask.sizes) as places:
        is_set = is_true(region, mask, places)
        source = place_of(region, x.data, x.strides[:rank], places)
        number = b.load(cell)
        target = at(b, made.data, b.mul(number, made.strides[0]))
        if rank == x.rank:
            # what is not taken is written, too, where nobody reads it: no jump
            store(b, load(b, source, kind), b.select(is_set, target, spare))
        else:
            sizes, steps = x.sizes[rank:], x.strides[rank:]
            with b.if_then(is_set):
                part = dataclasses.replace(x, data=source, sizes=sizes, strides=steps)
                steps = made.strides[1:]
                copy_elements(
                    region, part, Buffer(x.dtype, target, sizes, steps, made.owner)
                )
        b.store(b.add(number, b.zext(is_set, I64)), cell)
    return made


@lowering("aten::masked_select")
def masked_select(region: Region, node: Node) -> Buffer:
    """The elements where a mask is true, both broadcast to common sizes."""
    x, mask = (tensor(region, v) for v in node.inputs)
    return _taken(region, *_broadcast(region, node, x, mask))


def _broadcast(
    region: Region, node: Node, x: Buffer, mask: Buffer
) -> tuple[Buffer, Buffer]:
    """A tensor and a mask, both repeated to their common sizes."""
    b = region.b
    if mask.dtype is not dtypes.bool_:
        raise Declined("it always fails: the mask is not of bools")
    rank = max(x.rank, mask.rank, 1)
    pairs = [_raised(operand, rank) for operand in (x, mask)]
    fits: ll.Value = I1(1)
    common: list[ll.Value] = []
    for first, second in zip(pairs[0].sizes, pairs[1].sizes, strict=True):
        is_one = b.icmp_signed("==", first, I64(1))
        other = b.icmp_signed("==", second, I64(1))
        same = b.icmp_signed("==", first, second)
        fits = b.and_(fits, b.or_(same, b.or_(is_one, other)))
        common.append(b.select(is_one, second, first))
    region.fail_unless(fits, node)
    wide = []
    for operand in pairs:
        strides = [
            b.select(b.icmp_signed("==", size, I64(1)), I64(0), stride)
            for size, stride in zip(operand.sizes, operand.strides, strict=True)
        ]
        wide.append(
            dataclasses.replace(operand, sizes=tuple(common), strides=tuple(strides))
        )
    return wide[0], wide[1]


def _raised(operand: Buffer, rank: int) -> Buffer:
    """New dims of one element in front."""
    new = rank - operand.rank
    return dataclasses.replace(
        operand,
        sizes=(*[I64(1)] * new, *operand.sizes),
        strides=(*[I64(0)] * new, *operand.strides),
    )


@lowering("aten::masked_scatter")
def masked_scatter(region: Region, node: Node) -> Buffer:
    """The elements of a tensor, in order, where a mask is true."""
    b = region.b
    x, mask, source = (tensor(region, v) for v in node.inputs)
    if x.dtype is not source.dtype:
        raise Declined("it always fails: its tensors have several dtypes")
    rank = max(x.rank, mask.rank)
    wide, mask = _broadcast(region, node, x, mask)
    enough = b.icmp_signed(
        "<=", count_true(region, mask), count_of(region, source.sizes)
    )
    region.fail_unless(enough, node)
    made = contiguous_copy(region, wide)
    source = contiguous_copy(region, source)
    cell = region.stack(I64)
    b.store(I64(0), cell)
    kind, item = ELEMENT[x.dtype], I64(x.dtype.itemsize)
    with each_place(region, mask.sizes) as places:
        number = b.load(cell)
        with b.if_then(is_true(region, mask, places)):
            value = load(b, at(b, source.data, b.mul(number, item)), kind)
            store(b, value, place_of(region, made.data, made.strides, places))
            b.store(b.add(number, I64(1)), cell)
    if not rank:
        made = dataclasses.replace(made, sizes=(), strides=())
    return made


@lowering("aten::nonzero")
def nonzero(region: Region, node: Node) -> Buffer:
    """The places of the elements that are not zero, one row each."""
    b = region.b
    x = tensor(region, node.inputs[0])
    if x.dtype in (dtypes.float16, dtypes.bfloat16):
        raise Declined(f"an element of {x.dtype.name} as a truth value")
    made = region.allocate(dtypes.int64, [count_true(region, x), I64(x.rank)])
    if not x.rank:
        return made
    cell = region.stack(I64)
    b.store(I64(0), cell)
    with each_place(region, x.sizes) as places, b.if_then(is_true(region, x, places)):
        number = b.load(cell)
        row = at(b, made.data, b.mul(number, made.strides[0]))
        for d, place in enumerate(places):
            store(b, place, at(b, row, I64(8 * d)))
        b.store(b.add(number, I64(1)), cell)
    return made

"""Lowerings that put tensors together in new memory: one after the other, repeated."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, Items, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import copy_elements
from jit.runtime.codegen.tensors.dims import given_dims, with_dim
from jit.runtime.codegen.tensors.views import dim_of, ints_of, viewed
from jit.runtime.codegen.values import I1, I64, Buffer


def tensors_of(region: Region, value: Value) -> list[Buffer]:
    """The tensors of a list whose length is known; Declined without any."""
    found = region.value(value)
    if not isinstance(found, Items) or not found.items:
        raise Declined("the length of the list of tensors is not known, or zero")
    if not all(isinstance(item, Buffer) for item in found.items):
        raise Declined("the list holds something that is no tensor")
    return list(found.items)


def _common_dtype(tensors: Sequence[Buffer]) -> DType:
    dtypes = {t.dtype for t in tensors}
    if len(dtypes) > 1:
        raise Declined("the tensors have several dtypes")
    return dtypes.pop()


def joined(region: Region, node: Node, parts: Sequence[Buffer], along: int) -> Buffer:
    """Tensors one after the other along a dim; the other sizes have to be equal."""
    b = region.b
    dtype, first = _common_dtype(parts), parts[0]
    if len({part.rank for part in parts}) > 1:
        raise Declined("the tensors have several ranks")
    holds: ll.Value = I1(1)
    total = first.sizes[along]
    for part in parts[1:]:
        for d, (size, wanted) in enumerate(zip(part.sizes, first.sizes, strict=True)):
            if d != along:
                holds = b.and_(holds, b.icmp_signed("==", size, wanted))
        total = b.add(total, part.sizes[along])
    region.fail_unless(holds, node)
    sizes = list(first.sizes)
    sizes[along] = total
    made = region.allocate(dtype, sizes)
    start: ll.Value = I64(0)
    for part in parts:
        place = b.gep(made.data, [b.mul(start, made.strides[along])])
        copy_elements(
            region, part, dataclasses.replace(made, data=place, sizes=part.sizes)
        )
        start = b.add(start, part.sizes[along])
    return made


@lowering("aten::cat", "aten::concat", "aten::concatenate", "np::concatenate")
def cat(region: Region, node: Node) -> Any:
    """Tensors one after the other along a dim."""
    parts = tensors_of(region, node.inputs[0])
    along = region.value(node.inputs[1])
    if isinstance(along, Static) or not all(part.rank for part in parts):
        raise Declined("the tensors have no such dim")
    # empty 1-dim tensors may stand beside others: their ranks differ
    return joined(region, node, parts, dim_of(node.inputs[1], parts[0].rank))


@lowering("aten::stack", "np::stack")
def stack(region: Region, node: Node) -> Any:
    """Tensors one after the other along a new dim."""
    b = region.b
    parts = tensors_of(region, node.inputs[0])
    first = parts[0]
    if len({part.rank for part in parts}) > 1:
        raise Declined("the tensors have several ranks")
    holds: ll.Value = I1(1)
    for part in parts[1:]:
        for size, wanted in zip(part.sizes, first.sizes, strict=True):
            holds = b.and_(holds, b.icmp_signed("==", size, wanted))
    region.fail_unless(holds, node)
    along = dim_of(node.inputs[1], first.rank + 1)
    raised = [with_dim(region, part, along) for part in parts]
    return joined(region, node, raised, along)


def _at_least(region: Region, part: Buffer, rank: int) -> Buffer:
    """New dims of one element, as `atleast_2d` and `atleast_3d` give them."""
    if rank == 3 and part.rank == 2:
        return with_dim(region, part, 2)
    while part.rank < min(rank, 2):
        part = with_dim(region, part, 0)
    return with_dim(region, part, 2) if part.rank < rank else part


@lowering("aten::hstack", "np::hstack")
def hstack(region: Region, node: Node) -> Any:
    """Tensors side by side: along the second dim, or the only one."""
    parts = tensors_of(region, node.inputs[0])
    parts = [_at_least(region, part, 1) if not part.rank else part for part in parts]
    parts = [with_dim(region, p, 0) if not p.rank else p for p in parts]
    return joined(region, node, parts, 0 if parts[0].rank == 1 else 1)


@lowering("aten::vstack", "aten::row_stack", "np::vstack")
def vstack(region: Region, node: Node) -> Any:
    """Tensors below each other, as rows."""
    parts = [_at_least(region, p, 2) for p in tensors_of(region, node.inputs[0])]
    return joined(region, node, parts, 0)


@lowering("aten::dstack")
def dstack(region: Region, node: Node) -> Any:
    """Tensors behind each other, along the third dim."""
    parts = [_at_least(region, p, 3) for p in tensors_of(region, node.inputs[0])]
    return joined(region, node, parts, 2)


@lowering("aten::column_stack", "np::column_stack")
def column_stack(region: Region, node: Node) -> Any:
    """Tensors side by side, those of one dim as columns."""
    parts = []
    for part in tensors_of(region, node.inputs[0]):
        while part.rank < 2:
            part = with_dim(region, part, part.rank)
        parts.append(part)
    return joined(region, node, parts, 1)


@lowering("aten::repeat", "aten::tile", "np::tile")
def repeat(region: Region, node: Node) -> Any:
    """A tensor beside itself, so many times along each dim."""
    b = region.b
    source = region.value(node.inputs[0])
    counts = ints_of(region, node.inputs[1])
    if not isinstance(source, Buffer):
        raise Declined("it repeats something that is no tensor")
    if len(counts) < source.rank:
        if node.kind == "aten::repeat":
            raise Declined("there are fewer counts than dims")
        counts = [I64(1)] * (source.rank - len(counts)) + counts
    while source.rank < len(counts):
        source = with_dim(region, source, 0)
    holds: ll.Value = I1(1)
    for count in counts:
        holds = b.and_(holds, b.icmp_signed(">=", count, I64(0)))
    region.fail_unless(holds, node)
    sizes = [b.mul(n, size) for n, size in zip(counts, source.sizes, strict=True)]
    made = region.allocate(source.dtype, sizes)
    # both as tensors of twice as many dims: the copies, then what is copied
    strides = [
        step
        for size, stride in zip(source.sizes, made.strides, strict=True)
        for step in (b.mul(stride, size), stride)
    ]
    pairs = zip(counts, source.sizes, strict=True)
    doubled = [size for pair in pairs for size in pair]
    still = [step for stride in source.strides for step in (I64(0), stride)]
    target = dataclasses.replace(made, sizes=tuple(doubled), strides=tuple(strides))
    copy_elements(region, viewed(region, source, doubled, still), target)
    return made


# places in another order --------------------------------------------------------------


@lowering("aten::flip", "aten::fliplr", "aten::flipud")
def flip(region: Region, node: Node) -> Any:
    """The places of some dims backwards, in new memory."""
    b = region.b
    source = region.value(node.inputs[0])
    if not isinstance(source, Buffer):
        raise Declined("it turns something that is no tensor")
    if node.kind == "aten::flip":
        dims = given_dims(region, node.inputs[1], source.rank) or []
    else:
        dims = [1 if node.kind == "aten::fliplr" else 0]
    if any(d >= source.rank for d in dims):
        raise Declined("a 0-dim tensor has no places")
    data, strides = source.data, list(source.strides)
    for d in dims:
        last = b.sub(source.sizes[d], I64(1))
        data = b.gep(data, [b.mul(last, strides[d])])
        strides[d] = b.sub(I64(0), strides[d])
    made = region.allocate(source.dtype, source.sizes)
    copy_elements(region, viewed(region, source, source.sizes, strides, data), made)
    return made


@lowering("aten::roll")
def roll(region: Region, node: Node) -> Any:
    """The places of dims moved around, what leaves at the end comes in at the start."""
    source = region.value(node.inputs[0])
    if not isinstance(source, Buffer) or not source.rank:
        raise Declined("it moves something that has no places")
    shifts = ints_of(region, node.inputs[1])
    dims = given_dims(region, node.inputs[2], source.rank)
    if not dims or len(dims) != len(shifts):
        raise Declined("there are not as many dims as shifts")
    for along, shift in zip(dims, shifts, strict=True):
        source = _rolled(region, source, along, shift)
    return source


def _rolled(region: Region, source: Buffer, along: int, shift: ll.Value) -> Buffer:
    b = region.b
    size = source.sizes[along]
    some = b.select(b.icmp_signed(">", size, I64(0)), size, I64(1))
    rest = b.srem(shift, some)
    rest = b.select(b.icmp_signed("<", rest, I64(0)), b.add(rest, some), rest)
    made = region.allocate(source.dtype, source.sizes)
    middle = b.sub(size, rest)
    for begin, count, to in ((I64(0), middle, rest), (middle, rest, I64(0))):
        sizes = list(source.sizes)
        sizes[along] = count
        places = [
            b.gep(buffer.data, [b.mul(at, buffer.strides[along])])
            for buffer, at in ((source, begin), (made, to))
        ]
        part = viewed(region, source, sizes, source.strides, places[0])
        target = dataclasses.replace(made, data=places[1], sizes=tuple(sizes))
        copy_elements(region, part, target)
    return made

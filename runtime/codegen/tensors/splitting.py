"""Lowerings that cut a tensor into a list of parts, which are views.

How many parts there are depends on sizes. The list is never made: whoever unpacks it, or
takes parts by constant places, gets views, and the number is checked there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node
from jit.runtime.codegen.kinds import Declined, Items, Repeated
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.dims import part_of
from jit.runtime.codegen.tensors.views import (
    constant_int,
    dim_of,
    ints_of,
    minimum,
    permuted,
    tensor,
)
from jit.runtime.codegen.values import I1, I64, Buffer

MakePart = Callable[[int], Buffer]


def _unpacked(node: Node) -> int:
    """How many variables a list of parts is unpacked into; all its users do that."""
    counts = {
        len(use.node.outputs) if use.node.kind == "prim::ListUnpack" else -1
        for use in node.output.uses
    }
    if len(counts) != 1 or -1 in counts:
        raise Declined("how many parts there are is known at run time only")
    return counts.pop()


def parts_of(region: Region, node: Node, count: ll.Value, make: MakePart) -> list[Any]:
    """The parts, if there are as many of them as variables for them."""
    wanted = _unpacked(node)
    if isinstance(count, ll.Constant):
        if count.constant != wanted:
            raise Declined("there are not as many parts as variables")
    else:
        unpack = next(iter(node.output.uses)).node
        equal = region.b.icmp_signed("==", count, I64(wanted))
        region.fail_unless(equal, unpack, [Repeated(count)])
    kind = node.output.type
    element = kind.element if isinstance(kind, T.ListType) else T.TENSOR
    return [Items(tuple(make(index) for index in range(wanted)), element)]


def _source(region: Region, node: Node, dim: int) -> tuple[Buffer, int, ll.Value]:
    """The tensor, the dim along which it is cut, and its size."""
    source = tensor(region, node.inputs[0])
    if not source.rank:
        raise Declined("a 0-dim tensor has no parts")
    along = dim_of(node.inputs[dim], source.rank)
    return source, along, source.sizes[along]


def _equal_parts(region: Region, node: Node, length: ll.Value) -> list[Any]:
    """Parts of one length, a positive number, the last one shorter."""
    b = region.b
    source, along, size = _source(region, node, 2)
    count = b.sdiv(b.add(size, b.sub(length, I64(1))), length)
    # of nothing there is one empty part
    count = b.select(b.icmp_signed(">", count, I64(0)), count, I64(1))

    def make(index: int) -> Buffer:
        first = b.mul(length, I64(index))
        rest = minimum(region, length, b.sub(size, first))
        return part_of(region, source, along, first, rest)

    return parts_of(region, node, count, make)


@lowering("aten::split.Tensor")
def split(region: Region, node: Node) -> Any:
    """Parts of a length."""
    length = region.number(node.inputs[1])
    region.fail_unless(region.b.icmp_signed(">", length, I64(0)), node)
    return _equal_parts(region, node, length)


@lowering("aten::chunk")
def chunk(region: Region, node: Node) -> Any:
    """So many equal parts, or fewer, the last one shorter."""
    b = region.b
    chunks = constant_int(node.inputs[1])
    if chunks <= 0:
        raise Declined("there is no part")
    source, along, size = _source(region, node, 2)
    length = b.sdiv(b.add(size, I64(chunks - 1)), I64(chunks))
    nothing = b.icmp_signed("==", size, I64(0))
    if chunks == 1:
        return parts_of(
            region, node, I64(1), lambda i: part_of(region, source, along, I64(0), size)
        )
    # an empty tensor has as many empty parts as were asked for
    some = b.select(nothing, I64(1), length)
    count = b.sdiv(b.add(size, b.sub(some, I64(1))), some)
    count = b.select(nothing, I64(chunks), count)

    def make(index: int) -> Buffer:
        first = b.mul(length, I64(index))
        rest = minimum(region, length, b.sub(size, first))
        return part_of(region, source, along, first, rest)

    return parts_of(region, node, count, make)


@lowering("aten::split.sizes", "aten::split_with_sizes")
def split_sizes(region: Region, node: Node) -> Any:
    """Parts of given lengths, which make up the whole."""
    b = region.b
    source, along, size = _source(region, node, 2)
    lengths = ints_of(region, node.inputs[1])
    holds: ll.Value = I1(1)
    starts: list[ll.Value] = []
    total: ll.Value = I64(0)
    for length in lengths:
        holds = b.and_(holds, b.icmp_unsigned("<=", length, size))
        starts.append(total)
        total = b.add(total, length)
    region.fail_unless(b.and_(holds, b.icmp_signed("==", total, size)), node)
    return parts_of(
        region,
        node,
        I64(len(lengths)),
        lambda i: part_of(region, source, along, starts[i], lengths[i]),
    )


@lowering("aten::tensor_split.sections")
def tensor_split(region: Region, node: Node) -> Any:
    """So many parts, the first ones longer by one."""
    b = region.b
    source, along, size = _source(region, node, 2)
    sections = constant_int(node.inputs[1])
    if sections <= 0:
        raise Declined("there is no part")
    short, longer = b.sdiv(size, I64(sections)), b.srem(size, I64(sections))

    def make(index: int) -> Buffer:
        before = minimum(region, longer, I64(index))
        first = b.add(b.mul(short, I64(index)), before)
        is_longer = b.icmp_signed("<", I64(index), longer)
        length = b.add(short, b.zext(is_longer, I64))
        return part_of(region, source, along, first, length)

    return parts_of(region, node, I64(sections), make)


@lowering("np::split")
def np_split(region: Region, node: Node) -> Any:
    """So many parts of one length."""
    b = region.b
    source, along, size = _source(region, node, 2)
    sections = constant_int(node.inputs[1])
    if sections <= 0:
        raise Declined("there is no part")
    rest = b.srem(size, I64(sections))
    region.fail_unless(b.icmp_signed("==", rest, I64(0)), node)
    length = b.sdiv(size, I64(sections))
    return parts_of(
        region,
        node,
        I64(sections),
        lambda i: part_of(region, source, along, b.mul(length, I64(i)), length),
    )


@lowering("aten::unbind.int")
def unbind(region: Region, node: Node) -> Any:
    """Every place along a dim."""
    b = region.b
    source, along, size = _source(region, node, 1)
    keep = [d for d in range(source.rank) if d != along]

    def make(index: int) -> Buffer:
        place = b.gep(source.data, [b.mul(I64(index), source.strides[along])])
        return dataclasses.replace(permuted(region, source, keep), data=place)

    return parts_of(region, node, size, make)

"""Lowerings of what reads or changes a whole list of numbers: sums, extremes, slices."""

from __future__ import annotations

import sys
from typing import Any

import llvmlite.ir as ll

from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, ListValue, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers.lists import (
    LENGTH,
    append_element,
    list_of,
    new_list,
    read_element,
    read_header,
    write_element,
    write_header,
)
from jit.runtime.codegen.numbers.scalars import as_int, compare, truth
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import constant_int, maximum, minimum
from jit.runtime.codegen.values import F64, I1, I64

I128 = ll.IntType(128)


def _folded(
    region: Region, source: ListValue, first: ll.Value, begin: ll.Value, step: Any
) -> ll.Value:
    """What `step(so far, element)` makes of the elements from a place on."""
    b = region.b
    end = read_header(region, source, LENGTH)
    before = b.block
    head, done = region.append_block("fold"), region.append_block("folded")
    b.cbranch(b.icmp_signed("<", begin, end), head, done)
    b.position_at_end(head)
    index, sofar = b.phi(I64), b.phi(first.type)
    index.add_incoming(begin, before)
    sofar.add_incoming(first, before)
    made = step(sofar, read_element(region, source, index))
    following = b.add(index, I64(1), flags=["nsw"])
    index.add_incoming(following, b.block)
    sofar.add_incoming(made, b.block)
    last = b.block
    b.cbranch(b.icmp_signed("<", following, end), head, done)
    b.position_at_end(done)
    result = b.phi(first.type)
    result.add_incoming(first, before)
    result.add_incoming(made, last)
    return result


@lowering("aten::sum.int", "aten::sum.bool")
def sum_ints(region: Region, node: Node) -> ll.Value:
    """The sum; only the whole of it has to fit."""
    b = region.b
    source = list_of(region, node.inputs[0])

    def step(sofar: ll.Value, item: ll.Value) -> ll.Value:
        return b.add(sofar, b.sext(as_int(region, item), I128))

    total = _folded(region, source, I128(0), I64(0), step)
    made: ll.Value = b.trunc(total, I64)
    region.fail_unless(b.icmp_signed("==", b.sext(made, I128), total), node, [source])
    return made


@lowering("aten::sum.float")
def sum_floats(region: Region, node: Node) -> ll.Value:
    """The sum, one after the other, as Python adds up to 3.11."""
    if sys.version_info >= (3, 12):
        raise Declined("this Python adds floats with more than their precision")
    b = region.b
    source = list_of(region, node.inputs[0])
    return _folded(region, source, ll.Constant(F64, 0.0), I64(0), b.fadd)


def _declare_extreme(kind: str, symbol: str) -> None:
    names = [f"prim::{kind}.self_{e}" for e in ("int", "float", "bool")]

    @lowering(*names)
    def lower(region: Region, node: Node) -> ll.Value:
        b = region.b
        source = list_of(region, node.inputs[0])
        length = read_header(region, source, LENGTH)
        region.fail_unless(b.icmp_signed(">", length, I64(0)), node, [source])

        def step(sofar: ll.Value, item: ll.Value) -> ll.Value:
            return b.select(compare(region, symbol, item, sofar), item, sofar)

        first = read_element(region, source, I64(0))
        return _folded(region, source, first, I64(1), step)


_declare_extreme("min", "<")
_declare_extreme("max", ">")


@lowering(*(f"aten::any.{e}" for e in ("int", "float", "bool")))
def any_(region: Region, node: Node) -> ll.Value:
    """Whether an element is not zero."""
    source = list_of(region, node.inputs[0])
    return _folded(
        region, source, I1(0), I64(0),
        lambda sofar, item: region.b.or_(sofar, truth(region, item)),
    )  # fmt: skip


@lowering(*(f"aten::all.{e}" for e in ("int", "float", "bool")))
def all_(region: Region, node: Node) -> ll.Value:
    """Whether no element is zero."""
    source = list_of(region, node.inputs[0])
    return _folded(
        region, source, I1(1), I64(0),
        lambda sofar, item: region.b.and_(sofar, truth(region, item)),
    )  # fmt: skip


@lowering(*(f"aten::__contains__.{e}_list" for e in ("int", "float", "bool")))
def contains(region: Region, node: Node) -> ll.Value:
    """Whether an element is equal to a number."""
    source, wanted = list_of(region, node.inputs[0]), region.number(node.inputs[1])

    def step(sofar: ll.Value, item: ll.Value) -> ll.Value:
        return region.b.or_(sofar, compare(region, "==", item, wanted))

    return _folded(region, source, I1(0), I64(0), step)


@lowering(*(f"aten::count.{e}" for e in ("int", "float", "bool")))
def count(region: Region, node: Node) -> ll.Value:
    """How many elements are equal to a number."""
    b = region.b
    source, wanted = list_of(region, node.inputs[0]), region.number(node.inputs[1])

    def step(sofar: ll.Value, item: ll.Value) -> ll.Value:
        return b.add(sofar, b.zext(compare(region, "==", item, wanted), I64))

    return _folded(region, source, I64(0), I64(0), step)


# whole lists ----------------------------------------------------------------------------


@lowering("aten::reverse.t")
def reverse(region: Region, node: Node) -> None:
    """The elements backwards."""
    b = region.b
    found = list_of(region, node.inputs[0])
    length = read_header(region, found, LENGTH)
    with region.loop(I64(0), b.sdiv(length, I64(2))) as i:
        other = b.sub(b.sub(length, I64(1)), i)
        first, last = (read_element(region, found, place) for place in (i, other))
        write_element(region, found, i, last)
        write_element(region, found, other, first)


@lowering("aten::extend.t")
def extend(region: Region, node: Node) -> None:
    """All elements of another list, or of the same, added at the end."""
    found, other = (list_of(region, v) for v in node.inputs)
    if found.element != other.element:
        raise Declined("lists of different elements")
    with region.loop(I64(0), read_header(region, other, LENGTH)) as i:
        append_element(region, found, read_element(region, other, i))


def _limit(region: Region, value: Value, size: ll.Value, default: ll.Value) -> ll.Value:
    """A limit of a slice, counted from the front, inside of the list."""
    b = region.b
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return default
    limit = region.number(value)
    counted = b.select(b.icmp_signed("<", limit, I64(0)), b.add(limit, size), limit)
    return minimum(region, maximum(region, counted, I64(0)), size)


@lowering("aten::slice.t")
def slice_(region: Region, node: Node) -> Any:
    """A new list of elements, some steps apart."""
    b = region.b
    source = list_of(region, node.inputs[0])
    step = constant_int(node.inputs[3])
    if step <= 0:
        raise Declined("the step of a slice is not positive")
    size = read_header(region, source, LENGTH)
    start = _limit(region, node.inputs[1], size, I64(0))
    end = maximum(region, _limit(region, node.inputs[2], size, size), start)
    length = b.sub(end, start)
    if step > 1:
        length = b.sdiv(b.add(length, I64(step - 1)), I64(step))
    found = new_list(region, source.element, length)
    with region.loop(I64(0), length) as i:
        place = b.add(start, b.mul(i, I64(step)))
        write_element(region, found, i, read_element(region, source, place))
    write_header(region, found, LENGTH, length)
    return [found]

"""Lowerings of lists of numbers that stay inside of machine code.

A list is the address of its header, a counted block that holds

    0 address of the elements     8 length     16 capacity

and to which the block of the elements is attached. Elements are i64, double or one byte.
A list that nobody changes, as those of sizes, is no memory at all but its items.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.passes.analysis.facts import card_of, is_never_changed
from jit.runtime.codegen import building
from jit.runtime.codegen.kinds import (
    Cell,
    Declined,
    Items,
    ListValue,
    Number,
    kind_of_type,
)
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers import ranges
from jit.runtime.codegen.objects import cells
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import F64, I1, I8, I64, POINTER

DATA, LENGTH, CAPACITY, HEADER = 0, 8, 16, 24
MANY = 1 << 21
"""From so many elements on, lists double when they grow."""
STORED = {I64: I64, F64: F64, I1: I8}
"""The types of elements in memory."""


def memory_type(element: Number) -> ll.Type:
    """The type of an element in memory."""
    stored: ll.Type = STORED[element.leaf_types()[0]]
    return stored


def item_size(element: Number) -> int:
    """Bytes of an element in memory."""
    return 1 if element.type == T.BOOL else 8


# header and elements ----------------------------------------------------------------


def tag_access(region: Region, access: ll.Value, name: str) -> ll.Value:
    """Say which memory an access touches: headers are never elements."""
    module = region.module
    root = module.add_metadata(["lists"])
    kind = module.add_metadata([name, root])
    access.set_metadata("tbaa", module.add_metadata([kind, kind, I64(0)]))
    return access


def read_header(region: Region, found: ListValue, offset: int) -> ll.Value:
    """A word of a header: DATA, LENGTH or CAPACITY."""
    type = POINTER if offset == DATA else I64
    place = building.at(region.b, found.header, offset)
    return tag_access(region, building.load(region.b, place, type), "header")


def write_header(
    region: Region, found: ListValue, offset: int, value: ll.Value
) -> None:
    """Change a word of a header."""
    place = building.at(region.b, found.header, offset)
    pointer = region.b.bitcast(place, value.type.as_pointer())
    tag_access(region, region.b.store(value, pointer), "header")


def _place(
    region: Region, found: ListValue, index: ll.Value, data: ll.Value | None = None
) -> ll.Value:
    if data is None:
        data = read_header(region, found, DATA)
    typed = region.b.bitcast(data, memory_type(found.element).as_pointer())
    return region.b.gep(typed, [index])


def read_element(region: Region, found: ListValue, index: ll.Value) -> ll.Value:
    """An element; the index is in range."""
    loaded = tag_access(region, region.b.load(_place(region, found, index)), "elements")
    return region.b.trunc(loaded, I1) if found.element.type == T.BOOL else loaded


def write_element(
    region: Region,
    found: ListValue,
    index: ll.Value,
    value: ll.Value,
    data: ll.Value | None = None,
) -> None:
    """Change an element; the index is in range. `data` is where the elements are."""
    if found.element.type == T.BOOL:
        value = region.b.zext(value, I8)
    place = _place(region, found, index, data)
    tag_access(region, region.b.store(value, place), "elements")


def new_list(region: Region, element: Number, capacity: ll.Value) -> ListValue:
    """An empty list with room for so many elements."""
    found = ListValue(element, region.new_block(I64(HEADER)))
    region.claim(found)
    write_header(region, found, LENGTH, I64(0))
    write_header(region, found, CAPACITY, I64(0))
    write_header(region, found, DATA, ll.Constant(POINTER, None))
    if isinstance(capacity, ll.Constant) and capacity.constant == 0:
        return found
    _resize(region, found, capacity)
    return found


def _resize(region: Region, found: ListValue, capacity: ll.Value) -> ll.Value:
    """Move the elements to a block for so many, whose address is given."""
    b = region.b
    size = I64(item_size(found.element))
    bytes = b.smul_with_overflow(capacity, size)
    region.need_room(b.not_(b.extract_value(bytes, 1)))
    used = b.mul(read_header(region, found, LENGTH), size)
    attach = region.unit.ownership("attach")
    data = b.call(attach, [found.header, b.extract_value(bytes, 0), used])
    tag_access(region, data, "elements")  # it does not touch what a header holds
    region.need_memory(data)
    write_header(region, found, DATA, data)
    write_header(region, found, CAPACITY, capacity)
    return data


def append_element(region: Region, found: ListValue, value: ll.Value) -> None:
    """Add an element at the end."""
    b = region.b
    length = read_header(region, found, LENGTH)
    data = read_header(region, found, DATA)
    full = b.icmp_signed("==", length, read_header(region, found, CAPACITY))
    before = b.block
    grow, go_on = region.append_block("grow"), region.append_block("append")
    b.cbranch(full, grow, go_on).set_weights((1, 1 << 10))
    b.position_at_end(grow)
    # elements of large lists are copied seldom; their rest is memory never touched
    few = b.icmp_signed("<", length, I64(MANY))
    more = b.shl(length, b.select(few, I64(2), I64(1)))
    moved = _resize(region, found, b.add(more, I64(8)))
    grown = b.block
    b.branch(go_on)
    b.position_at_end(go_on)
    place = b.phi(POINTER)
    place.add_incoming(data, before)
    place.add_incoming(moved, grown)
    write_element(region, found, length, value, place)
    write_header(region, found, LENGTH, b.add(length, I64(1)))


def list_of(region: Region, value: Value) -> ListValue:
    """A list in memory; Declined for anything else."""
    found = region.value(value)
    if isinstance(found, Items):
        return _in_memory(region, found)
    if not isinstance(found, ListValue):
        raise Declined(f"{value!r} is not held as a list")
    return found


def _in_memory(region: Region, items: Items) -> ListValue:
    kind = kind_of_type(items.type)
    if not isinstance(kind, Number):
        raise Declined(f"a list of `{items.type}` in memory")
    found = new_list(region, kind, I64(len(items.items)))
    for index, item in enumerate(items.items):
        write_element(region, found, I64(index), item)
    write_header(region, found, LENGTH, I64(len(items.items)))
    return found


# operators --------------------------------------------------------------------------


@lowering("prim::ListConstruct", objects=True)
def list_construct(region: Region, node: Node) -> Any:
    """A new list; its items alone, if nobody can change it."""
    element = node.output.type
    assert isinstance(element, T.ListType)
    items = Items(tuple(region.inputs(node)), element.element)
    if len(items.items) == 1 and cells.is_cell(node.output):
        return [cells.make(region, items.items[0])]
    from jit.runtime.codegen.objects import object_lists

    if region.slots is not None and object_lists.is_object(node):
        return [object_lists.construct(region, items, element)]
    returned = any(use.node.kind == "prim::Return" for use in node.output.uses)
    if is_never_changed(node.output) and not returned:
        return [items]
    return [_in_memory(region, items)]


@lowering("aten::len.t")
def len_(region: Region, node: Node) -> ll.Value:
    """The number of elements."""
    found = region.value(node.inputs[0])
    if isinstance(found, Items):
        return I64(len(found.items))
    return read_header(region, list_of(region, node.inputs[0]), LENGTH)


@lowering("aten::Bool.t")
def bool_(region: Region, node: Node) -> ll.Value:
    """Whether there is an element."""
    return region.b.icmp_signed("!=", len_(region, node), I64(0))


def _checked_index(
    region: Region, node: Node, found: ListValue, index: ll.Value
) -> ll.Value:
    """An index counted from the front; leaves the region if it is out of range."""
    b = region.b
    if _is_visited(node):
        return index
    length = read_header(region, found, LENGTH)
    if ranges.interval_of(node.inputs[1])[0] < 0:
        negative = b.icmp_signed("<", index, I64(0))
        index = b.select(negative, b.add(index, length), index)
    operands = [found, *region.inputs(node)[1:]]
    region.fail_unless(b.icmp_unsigned("<", index, length), node, operands)
    return index


_LENGTHENING = frozenset(
    {"aten::__getitem__.t", "aten::select.t", "aten::_set_item.t", "aten::append.t",
     "aten::len.t"}
)  # fmt: skip


def _is_visited(node: Node) -> bool:
    """Whether the index is that of a loop over the very list, which gets no shorter."""
    source, index = node.inputs[:2]
    loop = index.node.block.owner if index.node.kind == "prim::Param" else None
    if loop is None or loop.kind != "prim::Loop" or index.index != 0:
        return False
    length = loop.inputs[0].node
    if length.full_name != "aten::len.t" or length.inputs[0] is not source:
        return False
    if length.next is not loop:
        return False
    for inner in loop.blocks[0].all_nodes:
        card = card_of(inner)
        if inner.kind.startswith("prim::Call") or (
            card is None and inner.kind not in _STRUCTURE
        ):
            return False
        is_list = any(isinstance(v.type, T.ListType) for v in inner.inputs)
        if is_list and inner.full_name not in _LENGTHENING:
            return False
    return True


_STRUCTURE = (
    "prim::Constant", "prim::If", "prim::Loop", "prim::Uninitialized",
    "prim::TupleConstruct", "prim::TupleIndex", "prim::TupleUnpack",
)  # fmt: skip


@lowering("aten::__getitem__.t", "aten::select.t")
def getitem(region: Region, node: Node) -> Any:
    """One element."""
    items = region.value(node.inputs[0])
    if isinstance(items, Cell):
        return [region.b.load(items.place)]
    index = region.number(node.inputs[1])
    if isinstance(items, Items) and isinstance(index, ll.Constant):
        count = len(items.items)
        if -count <= index.constant < count:
            return [items.items[index.constant]]
    found = list_of(region, node.inputs[0])
    index = _checked_index(region, node, found, index)
    return read_element(region, found, index)


@lowering("aten::_set_item.t")
def set_item(region: Region, node: Node) -> Any:
    """Put a value in the place of an element."""
    cell = region.value(node.inputs[0])
    if isinstance(cell, Cell):
        region.b.store(region.number(node.inputs[2]), cell.place)
        return [cell]
    found = list_of(region, node.inputs[0])
    index = _checked_index(region, node, found, region.number(node.inputs[1]))
    write_element(region, found, index, region.number(node.inputs[2]))
    return [found]


@lowering("aten::append.t")
def append(region: Region, node: Node) -> Any:
    """Add an element at the end."""
    found = list_of(region, node.inputs[0])
    append_element(region, found, region.number(node.inputs[1]))
    return [found]


@lowering("aten::pop.t")
def pop(region: Region, node: Node) -> ll.Value:
    """Take the last element out."""
    b = region.b
    index = region.number(node.inputs[1])
    if not isinstance(index, ll.Constant) or index.constant != -1:
        raise Declined("an element that is not the last one is taken out")
    found = list_of(region, node.inputs[0])
    last = _checked_index(region, node, found, index)
    value = read_element(region, found, last)
    write_header(region, found, LENGTH, last)
    return b.add(value, I64(0)) if value.type == I64 else value


@lowering("aten::clear.t")
def clear(region: Region, node: Node) -> None:
    """Remove all elements."""
    write_header(region, list_of(region, node.inputs[0]), LENGTH, I64(0))


def _copy_elements(
    region: Region, source: ListValue, target: ListValue, first: ll.Value
) -> None:
    """All elements of one list into another, from a place on."""
    with region.loop(I64(0), read_header(region, source, LENGTH)) as i:
        place = region.b.add(first, i)
        write_element(region, target, place, read_element(region, source, i))


@lowering("aten::list.t", "aten::copy.t")
def copy(region: Region, node: Node) -> Any:
    """A new list of the same elements."""
    source = list_of(region, node.inputs[0])
    length = read_header(region, source, LENGTH)
    found = new_list(region, source.element, length)
    _copy_elements(region, source, found, I64(0))
    write_header(region, found, LENGTH, length)
    return [found]


@lowering("aten::add.t")
def add(region: Region, node: Node) -> Any:
    """The elements of one list, then those of another."""
    first, second = (list_of(region, v) for v in node.inputs)
    if first.element != second.element:
        raise Declined("lists of different elements")
    middle = read_header(region, first, LENGTH)
    length = region.b.add(middle, read_header(region, second, LENGTH))
    found = new_list(region, first.element, length)
    _copy_elements(region, first, found, I64(0))
    _copy_elements(region, second, found, middle)
    write_header(region, found, LENGTH, length)
    return [found]


@lowering("aten::mul.left_t", "aten::mul.right_")
def mul(region: Region, node: Node) -> Any:
    """Repeated elements."""
    b = region.b
    values = list(node.inputs)
    if node.overload == "right_":
        values.reverse()
    source, count = list_of(region, values[0]), region.number(values[1])
    count = b.select(b.icmp_signed(">", count, I64(0)), count, I64(0))
    once = read_header(region, source, LENGTH)
    product = b.smul_with_overflow(count, once)
    region.need_room(b.not_(b.extract_value(product, 1)))
    length = b.extract_value(product, 0)
    found = new_list(region, source.element, length)
    if isinstance(region.value(values[0]), Items) and (
        len(region.value(values[0]).items) == 1
    ):
        only = region.value(values[0]).items[0]
        with region.loop(I64(0), length) as i:
            write_element(region, found, i, only)
    else:
        with region.loop(I64(0), count) as i:
            _copy_elements(region, source, found, region.b.mul(i, once))
    write_header(region, found, LENGTH, length)
    return [found]

"""Lowerings of views by their dims: removed, joined, moved, cut into overlapping windows.

Where the rank of the result depends on sizes, as for `squeeze`, the type of the output
says it, or there is no machine code.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, Items, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import copying
from jit.runtime.codegen.tensors.views import (
    constant_int,
    constant_ints,
    count_of,
    dim_of,
    expanded,
    ints_of,
    maximum,
    minimum,
    permuted,
    reshaped,
    resolve_sizes,
    tensor,
    viewed,
)
from jit.runtime.codegen.values import I1, I64, Buffer


def output_rank(node: Node) -> int:
    """The rank of the output; Declined if its type does not say it."""
    sizes = getattr(node.output.type, "sizes", None)
    if sizes is None:
        raise Declined("the rank of the result is not known")
    return len(sizes)


def given_dims(region: Region, value: Value, rank: int) -> list[int] | None:
    """Constant dims counted from the front; None if None is given."""
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return None
    if isinstance(found, ll.Constant):
        dims = [constant_int(value)]
    else:
        dims = constant_ints(region, value)
    most = max(rank, 1)
    if not all(-most <= d < most for d in dims):
        raise Declined("a dim is out of range")
    made = [d % most for d in dims]
    if len(set(made)) != len(made):
        raise Declined("a dim is named twice")
    return made


# removed and added --------------------------------------------------------------------


def without(region: Region, source: Buffer, dims: list[int]) -> Buffer:
    """A tensor without dims of one element."""
    keep = [d for d in range(source.rank) if d not in dims]
    return permuted(region, source, keep)


@lowering("aten::squeeze.dim", "aten::squeeze.dims", "np::squeeze")
def squeeze(region: Region, node: Node) -> Any:
    """Without dims of one element, where the type of the result tells which."""
    source = tensor(region, node.inputs[0])
    dims = given_dims(region, node.inputs[1], source.rank)
    if dims is None:
        return squeeze_all(region, node)
    dims = dims if source.rank else []
    if output_rank(node) == source.rank:
        return permuted(region, source, range(source.rank))
    if output_rank(node) != source.rank - len(dims):
        raise Declined("which dims have one element is not known")
    for dim in dims:
        one = region.b.icmp_signed("==", source.sizes[dim], I64(1))
        region.fail_unless(one, node)
    return without(region, source, dims)


@lowering("aten::squeeze")
def squeeze_all(region: Region, node: Node) -> Any:
    """Without all dims of one element, where the types tell which."""
    source = tensor(region, node.inputs[0])
    sizes = getattr(node.inputs[0].type, "sizes", None) or ()
    dims = [d for d, size in enumerate(sizes) if size == 1]
    if len(sizes) != source.rank or output_rank(node) != source.rank - len(dims):
        raise Declined("which dims have one element is not known")
    return without(region, source, dims)


@lowering("np::expand_dims", "np::newaxis")
def expand_dims(region: Region, node: Node) -> Any:
    """A new dim of one element."""
    source = tensor(region, node.inputs[0])
    return with_dim(region, source, dim_of(node.inputs[1], source.rank + 1))


def with_dim(region: Region, source: Buffer, place: int) -> Buffer:
    """A new dim of one element at a place."""
    sizes, strides = list(source.sizes), list(source.strides)
    sizes.insert(place, I64(1))
    strides.insert(place, I64(0))
    return viewed(region, source, sizes, strides)


# moved ------------------------------------------------------------------------------


@lowering(
    "aten::movedim.int", "aten::moveaxis.int", "aten::movedim.intlist",
    "aten::moveaxis.intlist", "np::moveaxis",
)  # fmt: skip
def movedim(region: Region, node: Node) -> Any:
    """Some dims at other places, the others in their order."""
    source = tensor(region, node.inputs[0])
    first = given_dims(region, node.inputs[1], source.rank)
    last = given_dims(region, node.inputs[2], source.rank)
    if first is None or last is None or len(first) != len(last):
        raise Declined("the dims do not fit each other")
    order = [d for d in range(source.rank) if d not in first]
    for to, origin in sorted(zip(last, first, strict=True)):
        order.insert(to, origin)
    return permuted(region, source, order)


@lowering("np::transpose")
def np_transpose(region: Region, node: Node) -> Any:
    """Dims in another order, in the opposite one if none is given."""
    source = tensor(region, node.inputs[0])
    order = given_dims(region, node.inputs[1], source.rank)
    if order is None:
        order = list(reversed(range(source.rank)))
    if len(order) != source.rank:
        raise Declined("the dims are not those of the array")
    return permuted(region, source, order)


@lowering("np::swapaxes")
def np_swapaxes(region: Region, node: Node) -> Any:
    """Two dims exchanged."""
    source = tensor(region, node.inputs[0])
    if not source.rank:
        raise Declined("a 0-dim array has no dims")
    first, second = (dim_of(v, source.rank) for v in node.inputs[1:])
    order = list(range(source.rank))
    order[first], order[second] = second, first
    return permuted(region, source, order)


# joined and split -----------------------------------------------------------------------


@lowering("aten::view_as", "aten::reshape_as")
def view_as(region: Region, node: Node) -> Any:
    """The sizes of another tensor."""
    source, other = (tensor(region, v) for v in node.inputs)
    sizes = resolve_sizes(region, node, source, other.sizes)
    copies = node.kind == "aten::reshape_as"
    return reshaped(region, node, source, sizes, copies=copies)


@lowering("aten::expand_as")
def expand_as(region: Region, node: Node) -> Any:
    """Repeated to the sizes of another tensor, without a copy."""
    source, other = (tensor(region, v) for v in node.inputs)
    return expanded(region, node, source, other.sizes)


@lowering("aten::ravel", "np::ravel")
def ravel(region: Region, node: Node) -> Any:
    """All elements in one dim."""
    source = tensor(region, node.inputs[0])
    if node.kind == "aten::ravel" and source.rank == 1:
        return [source]
    sizes = [count_of(region, source.sizes)]
    return reshaped(region, node, source, sizes, copies=True)


@lowering("np::reshape")
def np_reshape(region: Region, node: Node) -> Any:
    """Other sizes, without a copy where possible."""
    source = tensor(region, node.inputs[0])
    sizes = resolve_sizes(region, node, source, ints_of(region, node.inputs[1]))
    return reshaped(region, node, source, sizes, copies=True)


@lowering("aten::unflatten.int")
def unflatten(region: Region, node: Node) -> Any:
    """One dim cut into several."""
    source = tensor(region, node.inputs[0])
    if not source.rank:
        raise Declined("a 0-dim tensor has no dims")
    along = dim_of(node.inputs[1], source.rank)
    wanted = ints_of(region, node.inputs[2])
    part = Buffer(source.dtype, source.data, (source.sizes[along],), (I64(0),))
    inner = resolve_sizes(region, node, part, wanted)
    step, strides = source.strides[along], list[ll.Value]()
    for size in reversed(inner):
        strides.insert(0, step)
        step = region.b.mul(step, size)
    sizes = [*source.sizes[:along], *inner, *source.sizes[along + 1 :]]
    steps = [*source.strides[:along], *strides, *source.strides[along + 1 :]]
    return viewed(region, source, sizes, steps)


# parts ------------------------------------------------------------------------------


@lowering("aten::narrow")
def narrow(region: Region, node: Node) -> Any:
    """So many places along a dim, from a start on."""
    b = region.b
    source = tensor(region, node.inputs[0])
    if not source.rank:
        raise Declined("a 0-dim tensor has no places")
    along = dim_of(node.inputs[1], source.rank)
    start, length = region.numbers_of(node.inputs[2:])
    size = source.sizes[along]
    first = b.select(b.icmp_signed("<", start, I64(0)), b.add(start, size), start)
    holds = b.and_(
        b.icmp_unsigned("<=", first, size), b.icmp_signed(">=", length, I64(0))
    )
    room = b.icmp_signed("<=", length, b.sub(size, first))
    region.fail_unless(b.and_(holds, room), node)
    return part_of(region, source, along, first, length)


def part_of(
    region: Region, source: Buffer, along: int, first: ll.Value, length: ll.Value
) -> Buffer:
    """Places of a dim, which are inside of it."""
    b = region.b
    some = b.icmp_signed(">", length, I64(0))
    moved = b.select(some, b.mul(first, source.strides[along]), I64(0))
    sizes = list(source.sizes)
    sizes[along] = length
    return viewed(region, source, sizes, source.strides, b.gep(source.data, [moved]))


@lowering("aten::diagonal")
def diagonal(region: Region, node: Node) -> Any:
    """The diagonal of two dims, which becomes the last dim."""
    b = region.b
    source = tensor(region, node.inputs[0])
    if source.rank < 2:
        raise Declined("the rank is wrong")
    offset = constant_int(node.inputs[1])
    first, second = (dim_of(v, source.rank) for v in node.inputs[2:])
    if first == second:
        raise Declined("the dims are equal")
    rows, columns = source.sizes[first], source.sizes[second]
    if offset >= 0:
        columns = b.sub(columns, I64(offset))
    else:
        rows = b.sub(rows, I64(-offset))
    length = maximum(region, minimum(region, rows, columns), I64(0))
    step = source.strides[second if offset >= 0 else first]
    some = b.icmp_signed(">", length, I64(0))
    moved = b.select(some, b.mul(step, I64(abs(offset))), I64(0))
    keep = [d for d in range(source.rank) if d not in (first, second)]
    strides = [source.strides[d] for d in keep]
    strides.append(b.add(source.strides[first], source.strides[second]))
    sizes = [*(source.sizes[d] for d in keep), length]
    return viewed(region, source, sizes, strides, b.gep(source.data, [moved]))


@lowering("aten::unfold")
def unfold(region: Region, node: Node) -> Any:
    """Overlapping windows along a dim; the places in a window become the last dim."""
    b = region.b
    source = tensor(region, node.inputs[0])
    if not source.rank:
        raise Declined("a 0-dim tensor has no windows")
    along = dim_of(node.inputs[1], source.rank)
    length, step = region.numbers_of(node.inputs[2:])
    size = source.sizes[along]
    holds = b.and_(
        b.icmp_unsigned("<=", length, size), b.icmp_signed(">", step, I64(0))
    )
    region.fail_unless(holds, node)
    sizes, strides = list(source.sizes), list(source.strides)
    sizes[along] = b.add(b.sdiv(b.sub(size, length), step), I64(1))
    strides[along] = b.mul(strides[along], step)
    sizes.append(length)
    strides.append(source.strides[along])
    return viewed(region, source, sizes, strides)


@lowering("np::select")
def np_select(region: Region, node: Node) -> Any:
    """One place along a dim, which vanishes."""
    b = region.b
    source = tensor(region, node.inputs[0])
    if source.rank < 2:
        raise Declined("the result is a number of NumPy")
    along = dim_of(node.inputs[1], source.rank)
    index, size = region.number(node.inputs[2]), source.sizes[along]
    counted = b.select(b.icmp_signed("<", index, I64(0)), b.add(index, size), index)
    region.fail_unless(b.icmp_unsigned("<", counted, size), node)
    data = b.gep(source.data, [b.mul(counted, source.strides[along])])
    keep = [d for d in range(source.rank) if d != along]
    return dataclasses.replace(permuted(region, source, keep), data=data)


# copies -----------------------------------------------------------------------------


@lowering("aten::clone", "np::copy")
def clone(region: Region, node: Node) -> Any:
    """The elements in memory of their own, the dims in the order that they had."""
    source = tensor(region, node.inputs[0])
    made = region.allocate(source.dtype, source.sizes)
    if source.rank > 1 and not _asks_for_rows(node):
        strides = copying.same_order(region, source)
        made = dataclasses.replace(made, strides=tuple(strides))
    copying.copy_elements(region, source, made)
    return made


def _asks_for_rows(node: Node) -> bool:
    """Whether `clone` is to give rows that follow each other: torch.contiguous_format."""
    return node.kind == "aten::clone" and node.inputs[1].constant == 0


@lowering("np::flatten")
def np_flatten(region: Region, node: Node) -> Any:
    """All elements in one dim of new memory."""
    source = tensor(region, node.inputs[0])
    made = copying.contiguous_copy(region, source)
    sizes = (count_of(region, source.sizes),)
    strides = (I64(source.dtype.itemsize),)
    return dataclasses.replace(made, sizes=sizes, strides=strides)


@lowering("aten::contiguous")
def contiguous(region: Region, node: Node) -> Any:
    """The tensor itself if its rows follow each other in memory, otherwise a copy."""
    b = region.b
    source = tensor(region, node.inputs[0])
    fits = copying.is_contiguous(region, source)
    if isinstance(fits, ll.Constant) and fits.constant:
        return [source]
    blocks = [region.append_block(n) for n in ("same", "copy", "contiguous")]
    b.cbranch(fits, *blocks[:2])
    b.position_at_end(blocks[0])
    region.retain(source)
    b.branch(blocks[2])
    b.position_at_end(blocks[1])
    fresh = copying.contiguous_copy(region, source)
    region.moved(fresh)
    copy_end = b.block
    b.branch(blocks[2])
    b.position_at_end(blocks[2])
    branches = [(blocks[0], [source]), (copy_end, [fresh])]
    (merged,) = region.merge(branches, [T.TENSOR])
    region.claim(merged)
    return [merged]


@lowering("aten::data")
def data(region: Region, node: Node) -> Any:
    """The same elements as another tensor."""
    source = tensor(region, node.inputs[0])
    return viewed(region, source, source.sizes, source.strides)


# questions --------------------------------------------------------------------------


@lowering("aten::stride.int", "aten::sym_stride.int")
def stride(region: Region, node: Node) -> ll.Value:
    """How many elements lie between neighbours along a dim."""
    found = tensor(region, node.inputs[0])
    if not found.rank:
        raise Declined("a 0-dim tensor has no strides")
    step = found.strides[dim_of(node.inputs[1], found.rank)]
    return region.b.sdiv(step, I64(found.dtype.itemsize))


@lowering("aten::is_contiguous", "aten::sym_is_contiguous")
def is_contiguous(region: Region, node: Node) -> ll.Value:
    """Whether rows follow each other in memory."""
    return copying.is_contiguous(region, tensor(region, node.inputs[0]))


@lowering("np::shape")
def np_shape(region: Region, node: Node) -> Any:
    """All sizes, as a list that nobody changes."""
    if any(use.node.kind == "prim::Return" for use in node.output.uses):
        raise Declined("the list of sizes is returned")
    return [Items(tensor(region, node.inputs[0]).sizes, T.INT)]


@lowering("np::ndim")
def np_ndim(region: Region, node: Node) -> ll.Value:
    """The number of dims."""
    return I64(tensor(region, node.inputs[0]).rank)


@lowering("np::size")
def np_size(region: Region, node: Node) -> ll.Value:
    """The number of elements."""
    return count_of(region, tensor(region, node.inputs[0]).sizes)


@lowering("np::size.axis")
def np_size_axis(region: Region, node: Node) -> ll.Value:
    """The size of one dim."""
    found = tensor(region, node.inputs[0])
    if not found.rank:
        raise Declined("a 0-dim array has no sizes")
    return found.sizes[dim_of(node.inputs[1], found.rank)]


@lowering("np::len", "aten::len.Array")
def np_len(region: Region, node: Node) -> ll.Value:
    """The size of the first dim."""
    found = tensor(region, node.inputs[0])
    if not found.rank:
        raise Declined("a 0-dim array has no length")
    return found.sizes[0]


@lowering("aten::is_floating_point", "aten::is_complex", "aten::is_signed")
def dtype_question(region: Region, node: Node) -> ll.Value:
    """What the dtype says."""
    dtype = tensor(region, node.inputs[0]).dtype
    return I1(int(getattr(dtype, node.kind.removeprefix("aten::"))))


@lowering("aten::element_size", "prim::itemsize")
def element_size(region: Region, node: Node) -> ll.Value:
    """Bytes of an element."""
    return I64(tensor(region, node.inputs[0]).dtype.itemsize)

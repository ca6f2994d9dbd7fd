"""Lowerings of views: arithmetic on pointers, sizes and strides, no element is touched.

A view shares the owner of what it views. Dims are constants; sizes, indices and limits
may be known at run time only. A `reshape` that no strides can express copies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, Items, Static, Tuple
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.process.ownership import VIEW
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import copying
from jit.runtime.codegen.values import I1, I64, POINTER, Buffer


def tensor(region: Region, value: Value) -> Buffer:
    """A tensor or array; Declined for anything else."""
    found = region.value(value)
    if not isinstance(found, Buffer):
        raise Declined(f"{value!r} is not held as a tensor")
    return found


def viewed(
    region: Region,
    source: Buffer,
    sizes: Sequence[ll.Value],
    strides: Sequence[ll.Value],
    data: ll.Value | None = None,
) -> Buffer:
    """A tensor that looks into the memory of another."""
    b = region.b
    owner = source.owner
    if owner is not None:
        owner = b.inttoptr(b.or_(b.ptrtoint(owner, I64), I64(VIEW)), POINTER)
    place = source.data if data is None else data
    return Buffer(source.dtype, place, tuple(sizes), tuple(strides), owner)


def constant_int(value: Value) -> int:
    """A number that is known when code is made."""
    found = value.constant
    if not isinstance(found, int):
        raise Declined(f"{value!r} is not a constant")
    return int(found)


def dim_of(value: Value, rank: int) -> int:
    """A dim counted from the front."""
    dim = constant_int(value)
    if not -max(rank, 1) <= dim < max(rank, 1):
        raise Declined("the dim is out of range")
    return dim % max(rank, 1)


def ints_of(region: Region, value: Value) -> list[ll.Value]:
    """The items of a list of ints whose length is known."""
    found = region.value(value)
    if isinstance(found, ll.Value) and found.type == I64:
        return [found]  # `int[1]`: one number stands for a list
    if isinstance(found, Items | Tuple) and all(
        isinstance(item, ll.Value) and item.type == I64 for item in found.items
    ):
        return list(found.items)
    raise Declined(f"the length of {value!r} is not known")


def constant_ints(region: Region, value: Value) -> list[int]:
    """The items of a list of constant ints."""
    items = ints_of(region, value)
    if not all(isinstance(item, ll.Constant) for item in items):
        raise Declined(f"the items of {value!r} are not constants")
    return [item.constant for item in items]


def count_of(region: Region, sizes: Sequence[ll.Value]) -> ll.Value:
    """How many elements there are."""
    count: ll.Value = I64(1)
    for size in sizes:
        count = region.b.mul(count, size)
    return count


def maximum(region: Region, x: ll.Value, y: ll.Value) -> ll.Value:
    """The greater of two ints."""
    return region.b.select(region.b.icmp_signed(">", x, y), x, y)


def minimum(region: Region, x: ll.Value, y: ll.Value) -> ll.Value:
    """The smaller of two ints."""
    return region.b.select(region.b.icmp_signed("<", x, y), x, y)


# questions --------------------------------------------------------------------------


@lowering("aten::size.int")
def size_int(region: Region, node: Node) -> ll.Value:
    """The size of one dim."""
    found = tensor(region, node.inputs[0])
    if not found.rank:
        raise Declined("a 0-dim tensor has no sizes")
    return found.sizes[dim_of(node.inputs[1], found.rank)]


@lowering("aten::size")
def size(region: Region, node: Node) -> Any:
    """All sizes, as a list that nobody changes."""
    found = tensor(region, node.inputs[0])
    for use in node.output.uses:
        if use.node.kind == "prim::Return":
            raise Declined("the list of sizes is returned")
    return [Items(found.sizes, T.INT)]


@lowering("prim::ListUnpack")
def list_unpack(region: Region, node: Node) -> Any:
    """The items of a list whose length is known."""
    found = region.value(node.inputs[0])
    if not isinstance(found, Items) or len(found.items) != len(node.outputs):
        raise Declined("the length of the list is not known")
    return list(found.items)


@lowering("aten::dim")
def dim(region: Region, node: Node) -> ll.Value:
    """The number of dims."""
    return I64(tensor(region, node.inputs[0]).rank)


@lowering("aten::numel")
def numel(region: Region, node: Node) -> ll.Value:
    """The number of elements."""
    return count_of(region, tensor(region, node.inputs[0]).sizes)


@lowering("aten::len.Tensor")
def len_tensor(region: Region, node: Node) -> ll.Value:
    """The size of the first dim."""
    found = tensor(region, node.inputs[0])
    if not found.rank:
        raise Declined("a 0-dim tensor has no length")
    return found.sizes[0]


# dims in another order --------------------------------------------------------------


def permuted(region: Region, source: Buffer, order: Sequence[int]) -> Buffer:
    """The dims of a tensor in another order."""
    return viewed(
        region,
        source,
        [source.sizes[d] for d in order],
        [source.strides[d] for d in order],
    )


@lowering("aten::transpose.int", "aten::swapaxes", "aten::swapdims")
def transpose(region: Region, node: Node) -> Any:
    """Two dims exchanged."""
    source = tensor(region, node.inputs[0])
    first, second = (dim_of(v, source.rank) for v in node.inputs[1:])
    order = list(range(source.rank))
    if order:
        order[first], order[second] = second, first
    return permuted(region, source, order)


@lowering("aten::t", "aten::mT", "aten::numpy_T")
def transposed(region: Region, node: Node) -> Any:
    """A matrix transposed."""
    source = tensor(region, node.inputs[0])
    order = list(range(source.rank))
    if node.kind == "aten::numpy_T":
        order.reverse()
    elif source.rank >= 2:
        order[-2:] = reversed(order[-2:])
    if (node.kind == "aten::t" and source.rank > 2) or (
        node.kind == "aten::mT" and source.rank < 2
    ):
        raise Declined("the rank is wrong")
    return permuted(region, source, order)


@lowering("aten::permute")
def permute(region: Region, node: Node) -> Any:
    """Dims in another order."""
    source = tensor(region, node.inputs[0])
    given = constant_ints(region, node.inputs[1])
    order = [d % max(source.rank, 1) for d in given]
    if sorted(order) != list(range(source.rank)):
        raise Declined("the dims are not those of the tensor")
    return permuted(region, source, order)


@lowering("aten::unsqueeze")
def unsqueeze(region: Region, node: Node) -> Any:
    """A new dim of one element."""
    source = tensor(region, node.inputs[0])
    at = dim_of(node.inputs[1], source.rank + 1)
    sizes, strides = list(source.sizes), list(source.strides)
    sizes.insert(at, I64(1))
    strides.insert(at, I64(0))
    return viewed(region, source, sizes, strides)


@lowering("aten::alias", "aten::detach")
def alias(region: Region, node: Node) -> Any:
    """The same elements as another tensor."""
    source = tensor(region, node.inputs[0])
    return viewed(region, source, source.sizes, source.strides)


# parts ------------------------------------------------------------------------------


@lowering("aten::select.int")
def select(region: Region, node: Node) -> Any:
    """One place along a dim, which vanishes."""
    source = tensor(region, node.inputs[0])
    return selected(region, node, source, *node.inputs[1:])


def selected(
    region: Region, node: Node, source: Buffer, dim: Value, place: Value
) -> Buffer:
    """The same of a tensor; leaves the region where there is no such place."""
    b = region.b
    if not source.rank:
        raise Declined("a 0-dim tensor has no places")
    along = dim_of(dim, source.rank)
    index = region.number(place)
    size = source.sizes[along]
    counted = b.select(b.icmp_signed("<", index, I64(0)), b.add(index, size), index)
    region.fail_unless(b.icmp_unsigned("<", counted, size), node)
    data = b.gep(source.data, [b.mul(counted, source.strides[along])])
    keep = [d for d in range(source.rank) if d != along]
    made = permuted(region, source, keep)
    return dataclasses.replace(made, data=data)


@lowering("aten::slice.Tensor", "np::slice")
def slice_(region: Region, node: Node) -> Any:
    """Places from a start before an end, some steps apart."""
    return sliced(region, tensor(region, node.inputs[0]), *node.inputs[1:])


def sliced(
    region: Region, source: Buffer, dim: Value, first: Value, last: Value, by: Value
) -> Buffer:
    """The same of a tensor."""
    b = region.b
    step = constant_int(by)
    if not source.rank or step <= 0:
        raise Declined("the dim or the step is wrong")
    along = dim_of(dim, source.rank)
    size = source.sizes[along]
    start = _limit(region, first, size, I64(0))
    end = maximum(region, _limit(region, last, size, size), start)
    length = b.sub(end, start)
    if step > 1:
        length = b.sdiv(b.add(length, I64(step - 1)), I64(step))
    sizes, strides = list(source.sizes), list(source.strides)
    # an empty part begins where the tensor does
    some = b.icmp_signed(">", length, I64(0))
    moved = b.select(some, b.mul(start, strides[along]), I64(0))
    data = b.gep(source.data, [moved])
    sizes[along] = length
    if step > 1:
        strides[along] = b.mul(strides[along], I64(step))
    return viewed(region, source, sizes, strides, data)


def _limit(region: Region, value: Value, size: ll.Value, default: ll.Value) -> ll.Value:
    """A limit of a slice, counted from the front, inside of the dim."""
    b = region.b
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return default
    limit = region.number(value)
    counted = b.select(b.icmp_signed("<", limit, I64(0)), b.add(limit, size), limit)
    return minimum(region, maximum(region, counted, I64(0)), size)


# other sizes ------------------------------------------------------------------------


@lowering("aten::expand", "aten::broadcast_to", "np::broadcast_to")
def expand(region: Region, node: Node) -> Any:
    """New dims and dims of one element repeated, without a copy."""
    source = tensor(region, node.inputs[0])
    return expanded(region, node, source, ints_of(region, node.inputs[1]))


def expanded(
    region: Region, node: Node, source: Buffer, wanted: Sequence[ll.Value]
) -> Buffer:
    """A tensor repeated to some sizes; leaves the region where it cannot be."""
    b = region.b
    new = len(wanted) - source.rank
    if new < 0:
        raise Declined("the sizes are fewer than the dims")
    holds: ll.Value = I1(1)
    sizes, strides = [], []
    for index, size in enumerate(wanted):
        if index < new:
            holds = b.and_(holds, b.icmp_signed(">=", size, I64(0)))
            sizes.append(size)
            strides.append(I64(0))
            continue
        old, step = source.sizes[index - new], source.strides[index - new]
        kept = b.icmp_signed("==", size, I64(-1))
        same = b.or_(kept, b.icmp_signed("==", size, old))
        one = b.icmp_signed("==", old, I64(1))
        repeated = b.and_(one, b.icmp_signed(">=", size, I64(0)))
        holds = b.and_(holds, b.or_(same, repeated))
        sizes.append(b.select(kept, old, size))
        strides.append(b.select(same, step, I64(0)))
    region.fail_unless(holds, node)
    return viewed(region, source, sizes, strides)


def resolve_sizes(
    region: Region, node: Node, source: Buffer, wanted: Sequence[ll.Value]
) -> list[ll.Value]:
    """The sizes of a view, of which one may be -1; leaves the region if they do not
    fit."""
    b = region.b
    total = count_of(region, source.sizes)
    given: ll.Value = I64(1)
    open_: ll.Value = I64(0)
    holds: ll.Value = I1(1)
    flags = []
    for size in wanted:
        is_open = b.icmp_signed("==", size, I64(-1))
        flags.append(is_open)
        holds = b.and_(holds, b.icmp_signed(">=", size, I64(-1)))
        given = b.mul(given, b.select(is_open, I64(1), size))
        open_ = b.add(open_, b.zext(is_open, I64))
    nothing = b.icmp_signed("==", given, I64(0))
    some = b.icmp_signed("==", open_, I64(1))
    divisor = b.select(nothing, I64(1), given)
    inferred = b.sdiv(total, divisor)
    product = b.select(some, b.mul(inferred, given), given)
    holds = b.and_(holds, b.icmp_signed("<=", open_, I64(1)))
    holds = b.and_(holds, b.icmp_signed("==", product, total))
    holds = b.and_(holds, b.not_(b.and_(some, nothing)))
    region.fail_unless(holds, node)
    return [b.select(f, inferred, s) for f, s in zip(flags, wanted, strict=True)]


def reshaped(
    region: Region, node: Node, source: Buffer, sizes: list[ll.Value], *, copies: bool
) -> Buffer:
    """The elements of a tensor in the same order with other sizes."""
    b = region.b
    fits, strides = copying.view_strides(region, source, sizes)
    if not copies:
        region.fail_unless(fits, node)
        return viewed(region, source, sizes, strides)
    blocks = [region.append_block(n) for n in ("view", "copy", "reshaped")]
    b.cbranch(fits, *blocks[:2])
    b.position_at_end(blocks[0])
    view = viewed(region, source, sizes, strides)
    region.retain(view)
    view_end = b.block
    b.branch(blocks[2])
    b.position_at_end(blocks[1])
    fresh = copying.contiguous_copy(region, source)
    region.moved(fresh)
    steps = copying.row_major(region, source.dtype, sizes)
    copy = Buffer(source.dtype, fresh.data, tuple(sizes), tuple(steps), fresh.owner)
    copy_end = b.block
    b.branch(blocks[2])
    b.position_at_end(blocks[2])
    branches = [(view_end, [view]), (copy_end, [copy])]
    (merged,) = region.merge(branches, [T.TENSOR])
    result: Buffer = region.claim(merged)
    return result


@lowering("aten::view")
def view(region: Region, node: Node) -> Any:
    """Other sizes, without a copy."""
    source = tensor(region, node.inputs[0])
    wanted = ints_of(region, node.inputs[1])
    sizes = resolve_sizes(region, node, source, wanted)
    return reshaped(region, node, source, sizes, copies=False)


@lowering("aten::reshape")
def reshape(region: Region, node: Node) -> Any:
    """Other sizes, without a copy where possible."""
    source = tensor(region, node.inputs[0])
    wanted = ints_of(region, node.inputs[1])
    sizes = resolve_sizes(region, node, source, wanted)
    return reshaped(region, node, source, sizes, copies=True)


@lowering("aten::flatten.using_ints")
def flatten(region: Region, node: Node) -> Any:
    """Neighbouring dims joined to one."""
    source = tensor(region, node.inputs[0])
    first, last = (dim_of(v, source.rank) for v in node.inputs[1:])
    if first > last:
        raise Declined("the first dim comes after the last")
    if source.rank and first == last:
        return [source]
    joined = count_of(region, source.sizes[first : last + 1])
    sizes = [*source.sizes[:first], joined, *source.sizes[last + 1 :]]
    return reshaped(region, node, source, sizes, copies=True)

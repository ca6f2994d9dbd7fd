"""Lowerings of `x[indices] = values`: tensors of indices, or a mask.

The region is left, with nothing written, where an index lies outside or sizes differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen.building import load
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.gathers import broadcast_indices, check_range
from jit.runtime.codegen.nests.normalizations import optional
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.masks import count_true, is_true
from jit.runtime.codegen.tensors.scattering import (
    Words,
    add_or_write,
    each_place,
    number_at,
    place_of,
    target_of,
)
from jit.runtime.codegen.tensors.views import tensor
from jit.runtime.codegen.values import ELEMENT, I1, I64, Buffer


@lowering("aten::index_put", "aten::index_put_")
def index_put(region: Region, node: Node) -> Buffer:
    """Elements written to a tensor, or added, at tensors of indices or at a mask."""
    x, values = tensor(region, node.inputs[0]), tensor(region, node.inputs[2])
    given = node.inputs[1]
    if given.node.kind != "prim::ListConstruct":
        raise Declined("its list of indices is not known")
    indices = [optional(region, v) for v in given.node.inputs]
    found = [i for i in indices if i is not None]
    if not found or len(indices) > x.rank:
        raise Declined("it has no index, or too many")
    adds = node.inputs[3].constant
    if not isinstance(adds, bool):
        raise Declined("whether it adds is not known")
    if x.dtype is not values.dtype:
        raise Declined("its tensors have several dtypes")
    if adds and x.dtype in (dtypes.bool_, dtypes.float16, dtypes.bfloat16):
        raise Declined(f"it adds elements of {x.dtype.name}")
    if len(indices) == 1 and found[0].dtype is dtypes.bool_:
        return _at_mask(region, node, x, found[0], values, adds=adds)
    if any(i.dtype not in (dtypes.int64, dtypes.int32) for i in found):
        raise Declined("its indices are masks and others")
    return _at_indices(region, node, x, indices, values, adds=adds)


def _at_mask(
    region: Region, node: Node, x: Buffer, mask: Buffer, values: Buffer, *, adds: bool
) -> Buffer:
    b = region.b
    if not mask.rank or mask.rank > x.rank:
        raise Declined("its mask has no dims, or too many")
    if values.rank > 1 or (values.rank and mask.rank < x.rank):
        raise Declined("it writes several values to slices")
    fits: ll.Value = I1(1)
    for size, wanted in zip(mask.sizes, x.sizes, strict=False):
        fits = b.and_(fits, b.icmp_signed("==", size, wanted))
    region.fail_unless(fits, node)
    if values.rank:
        is_one = b.icmp_signed("==", values.sizes[0], I64(1))
        same = b.icmp_signed("==", values.sizes[0], count_true(region, mask))
        region.fail_unless(b.or_(is_one, same), node)
    made, mask, values = target_of(region, node, x, mask, values)
    steps = _broadcast_strides(region, values)
    cell = region.stack(I64)
    b.store(I64(0), cell)
    kind = ELEMENT[x.dtype]
    with (
        each_place(region, mask.sizes) as places,
        b.if_then(is_true(region, mask, places)),
    ):
        number = b.load(cell)
        value = load(
            b, place_of(region, values.data, steps, [number] * values.rank), kind
        )
        with each_place(region, x.sizes[mask.rank :]) as rest:
            target = place_of(region, made.data, made.strides, [*places, *rest])
            add_or_write(region, made.dtype, value, target, adds=adds)
        b.store(b.add(number, I64(1)), cell)
    return made


def _at_indices(
    region: Region,
    node: Node,
    x: Buffer,
    indices: Sequence[Buffer | None],
    values: Buffer,
    *,
    adds: bool,
) -> Buffer:
    b = region.b
    picked = [d for d, i in enumerate(indices) if i is not None]
    found = [i for i in indices if i is not None]
    common = broadcast_indices(region, node, [i.sizes for i in found])
    for d, index in zip(picked, found, strict=True):
        check_range(region, node, index, x.sizes[d], wraps=True)
    together = picked == list(range(picked[0], picked[-1] + 1))
    start = picked[0] if together else 0
    rest = [d for d in range(x.rank) if d not in picked]
    sizes = [x.sizes[d] for d in rest]
    sizes[start:start] = common
    new = len(sizes) - values.rank
    if new < 0:
        raise Declined("its values have more dims than what they are written to")
    fits: ll.Value = I1(1)
    for size, wanted in zip(values.sizes, sizes[new:], strict=True):
        same = b.icmp_signed("==", size, wanted)
        fits = b.and_(fits, b.or_(same, b.icmp_signed("==", size, I64(1))))
    region.fail_unless(fits, node)
    made, values, *found = target_of(region, node, x, values, *found)
    moves = _broadcast_strides(region, values)
    kind = ELEMENT[x.dtype]
    end = start + len(common)
    with each_place(region, sizes[:end]) as outer:
        place = dict(zip(rest, outer[:start], strict=False))
        for d, index in zip(picked, found, strict=True):
            at = outer[end - index.rank :]
            named = number_at(region, index, _broadcast_strides(region, index), at)
            is_negative = b.icmp_signed("<", named, I64(0))
            place[d] = b.select(is_negative, b.add(named, x.sizes[d]), named)
        with each_place(region, sizes[end:]) as inner:
            place.update(zip(rest[start:], inner, strict=True))
            places = [*outer, *inner][new:]
            value = load(b, place_of(region, values.data, moves, places), kind)
            ordered = [place[d] for d in range(x.rank)]
            target = place_of(region, made.data, made.strides, ordered)
            add_or_write(region, made.dtype, value, target, adds=adds)
    return made


def _broadcast_strides(region: Region, given: Buffer) -> Words:
    """Dims of one element stay where they are."""
    b = region.b
    return [
        b.select(b.icmp_signed("==", size, I64(1)), I64(0), stride)
        for size, stride in zip(given.sizes, given.strides, strict=True)
    ]

"""Lowerings of copies of a tensor in which the elements that a view sees are others."""

from __future__ import annotations

import llvmlite.ir as ll

from jit.ir.graph import Node
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.casts import converted
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import contiguous_copy, copy_elements
from jit.runtime.codegen.tensors.views import expanded, selected, sliced, tensor
from jit.runtime.codegen.values import I1, Buffer


def _write(region: Region, node: Node, seen: Buffer, source: Buffer) -> None:
    """The elements of a tensor where a view sees them; leaves the region unless both have
    the same sizes."""
    b = region.b
    if seen.rank != source.rank:
        raise Declined("it always fails: the view has another rank")
    fits: ll.Value = I1(1)
    for size, wanted in zip(source.sizes, seen.sizes, strict=True):
        fits = b.and_(fits, b.icmp_signed("==", size, wanted))
    region.fail_unless(fits, node)
    if source.dtype is not seen.dtype:
        source = converted(region, source, seen.dtype)
    copy_elements(region, source, seen)


@lowering("aten::copy")
def copy(region: Region, node: Node) -> Buffer:
    """The elements of a tensor in the dtype and the sizes of another one."""
    x, source = (tensor(region, v) for v in node.inputs[:2])
    seen = expanded(region, node, source, x.sizes)
    if source.dtype is not x.dtype:
        return converted(region, seen, x.dtype)
    return contiguous_copy(region, seen)


@lowering("aten::select_scatter")
def select_scatter(region: Region, node: Node) -> Buffer:
    """A tensor at one place along a dim."""
    x, source = (tensor(region, v) for v in node.inputs[:2])
    made = contiguous_copy(region, x)
    _write(region, node, selected(region, node, made, *node.inputs[2:]), source)
    return made


@lowering("aten::slice_scatter")
def slice_scatter(region: Region, node: Node) -> Buffer:
    """A tensor at the places of a slice along a dim."""
    x, source = (tensor(region, v) for v in node.inputs[:2])
    made = contiguous_copy(region, x)
    _write(region, node, sliced(region, made, *node.inputs[2:]), source)
    return made

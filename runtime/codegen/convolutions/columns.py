"""Lowerings of windows as columns: `im2col`, and `col2im`, which adds them up again."""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen.building import load, store
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.creation import fill
from jit.runtime.codegen.tensors.scattering import (
    Words,
    add_or_write,
    each_place,
    place_of,
)
from jit.runtime.codegen.tensors.views import constant_ints, ints_of, tensor
from jit.runtime.codegen.values import ELEMENT, F32, F64, I1, I64, Buffer


@dataclass(frozen=True)
class _Windows:
    """Where windows lie in a plane, by axis."""

    space: Words
    kernel: list[int]
    dilation: list[int]
    padding: list[int]
    stride: list[int]
    counts: Words

    def places(self, region: Region, element: Words, window: Words) -> list[ll.Value]:
        """Where an element of a window lies in the plane."""
        b = region.b
        found = []
        for axis in range(2):
            first = b.mul(window[axis], I64(self.stride[axis]))
            moved = b.mul(element[axis], I64(self.dilation[axis]))
            found.append(b.sub(b.add(first, moved), I64(self.padding[axis])))
        return found

    def holds(self, region: Region, places: Words) -> ll.Value:
        """Whether a place lies in the plane, and not in its padding."""
        b = region.b
        inside: ll.Value = I1(1)
        for place, size in zip(places, self.space, strict=True):
            inside = b.and_(inside, b.icmp_unsigned("<", place, size))
        return inside


def _windows(region: Region, node: Node, space: Words, first: int) -> _Windows:
    """The windows of a call; leaves the region if there are none."""
    b = region.b
    given = [constant_ints(region, v) for v in node.inputs[first : first + 4]]
    if any(len(values) != 2 for values in (space, *given)):
        raise Declined("it has more or fewer than two axes")
    kernel, dilation, padding, stride = given
    if min(*kernel, *dilation, *stride) < 1 or min(padding) < 0:
        raise Declined("the arguments are not those of a window")
    fits: ll.Value = I1(1)
    counts = []
    for n, k, d, p, s in zip(space, kernel, dilation, padding, stride, strict=True):
        room = b.add(n, I64(2 * p - d * (k - 1) - 1))
        fits = b.and_(fits, b.icmp_signed(">=", room, I64(0)))
        fits = b.and_(fits, b.icmp_signed(">=", n, I64(0)))
        counts.append(b.add(b.sdiv(room, I64(s)), I64(1)))
    region.fail_unless(fits, node)
    return _Windows(space, kernel, dilation, padding, stride, counts)


def _columns(
    region: Region, x: Buffer, sizes: Words, windows: _Windows
) -> tuple[list[ll.Value], list[ll.Value]]:
    """Sizes and strides of columns, with dims for channels, for the place in the window
    and for the window, of those that have one dim for all three and one for windows."""
    b = region.b
    (high, wide), (_, across) = windows.kernel, windows.counts
    row, column = x.strides[-2:]
    block = b.mul(row, I64(high * wide))
    strides = [*x.strides[:-2], block, b.mul(row, I64(wide)), row]
    return (
        [*sizes, I64(high), I64(wide), *windows.counts],
        [*strides, b.mul(column, across), column],
    )


@lowering("aten::im2col")
def im2col(region: Region, node: Node) -> Buffer:
    """Each window of an image as a column."""
    b, x = region.b, tensor(region, node.inputs[0])
    if x.rank not in (3, 4):
        raise Declined("the input has another rank")
    windows = _windows(region, node, x.sizes[-2:], 1)
    rows = b.mul(x.sizes[-3], I64(windows.kernel[0] * windows.kernel[1]))
    length = b.mul(*windows.counts)
    made = region.allocate(x.dtype, [*x.sizes[:-3], rows, length])
    sizes, strides = _columns(region, made, x.sizes[:-2], windows)
    kind = ELEMENT[x.dtype]
    zero = kind(0.0) if kind in (F32, F64) else ll.Constant(kind, None)
    with each_place(region, sizes) as at:
        places = windows.places(region, at[-4:-2], at[-2:])
        target = place_of(region, made.data, strides, at)
        with b.if_else(windows.holds(region, places)) as (inside, outside):
            with inside:
                source = place_of(region, x.data, x.strides, [*at[:-4], *places])
                store(b, load(b, source, kind), target)
            with outside:
                store(b, zero, target)
    return made


@lowering("aten::col2im")
def col2im(region: Region, node: Node) -> Buffer:
    """Columns added up where their windows lie."""
    b, x = region.b, tensor(region, node.inputs[0])
    if x.rank not in (2, 3):
        raise Declined("the input has another rank")
    if x.dtype in (dtypes.bool_, dtypes.float16, dtypes.bfloat16):
        raise Declined(f"it adds elements of {x.dtype.name}")
    windows = _windows(region, node, ints_of(region, node.inputs[1]), 2)
    block = I64(windows.kernel[0] * windows.kernel[1])
    whole = b.icmp_signed("==", b.srem(x.sizes[-2], block), I64(0))
    same = b.icmp_signed("==", x.sizes[-1], b.mul(*windows.counts))
    region.fail_unless(b.and_(whole, same), node)
    channels = b.sdiv(x.sizes[-2], block)
    lead = [*x.sizes[:-2], channels]
    made = region.allocate(x.dtype, [*lead, *windows.space])
    fill(region, made, I64(0))
    sizes, strides = _columns(region, x, lead, windows)
    with each_place(region, sizes) as at:
        places = windows.places(region, at[-4:-2], at[-2:])
        with b.if_then(windows.holds(region, places)):
            value = load(b, place_of(region, x.data, strides, at), ELEMENT[x.dtype])
            to = place_of(region, made.data, made.strides, [*at[:-4], *places])
            add_or_write(region, x.dtype, value, to, adds=True)
    return made

"""Lowerings of images and volumes sampled where a grid says.

A point of the grid is a unit of work: which elements it sees, and with what weights, is
found once for all channels. The formulas are those of `jit.runtime.ops.sampling_grids`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.emit_nest import (
    entry_alloca,
    kernel_builder,
    kernel_type,
    new_kernel,
)
from jit.runtime.codegen.nests.gathers import table_of
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import count_of
from jit.runtime.codegen.values import ELEMENT, F64, I64, POINTER, Buffer
from jit.runtime.ops.sampling_grids import (
    BICUBIC,
    BILINEAR,
    BORDER,
    NEAREST,
    REFLECTION,
    ZEROS,
    cubic_weights,
)

GRAIN = 1 << 14
"""Elements of the result that are worth another thread."""


@dataclass(frozen=True)
class Sampling:
    """What a kernel depends on."""

    dtype: DType
    axes: int
    mode: int
    padding: int
    align_corners: bool


@dataclass(frozen=True)
class Pick:
    """An element that a point sees: bytes from the first one, whether it is there, and
    its weight, which is 1 if it is not told."""

    offset: ll.Value
    inside: ll.Value
    weight: Element | None


class _Emitter:
    """Emits the kernel: `(data, sizes, strides, begin, end)`, the span counts points.

    Data are image, grid and result; sizes are those of the image, then of the space of
    the result; strides follow each other.
    """

    def __init__(self, module: ll.Module, name: str, sampling: Sampling) -> None:
        self.function = new_kernel(module, name)
        self.b = kernel_builder(self.function)
        self.m: Any = LlvmVocabulary(self.b)
        self.sampling, self.axes = sampling, sampling.axes

    def emit(self) -> ll.Function:
        b, axes, rank = self.b, self.axes, self.axes + 2
        data, sizes, strides, begin, end = self.function.args
        image, grid, out = (b.load(b.gep(data, [I64(k)])) for k in range(3))
        known = [b.load(b.gep(sizes, [I64(k)])) for k in range(rank + axes)]
        steps = [
            [b.load(b.gep(strides, [I64(k * rank + d)])) for d in range(rank)]
            for k in range(3)
        ]
        self.space, self.steps = known[2:rank], steps[0][2:]
        total = entry_alloca(b, ELEMENT[self.sampling.dtype])
        with B.loop(b, begin, end) as point:
            place = self._place(point, known[rank:])
            at = B.at(b, grid, *self._moves(place, steps[1][:-1]))
            picks = self._picks(at, steps[1][-1])
            source = B.at(b, image, b.mul(place[0], steps[0][0]))
            to = [steps[2][0], *steps[2][2:]]
            target = B.at(b, out, *self._moves(place, to))
            with B.loop(b, I64(0), known[1]) as channel:
                self._sum(B.at(b, source, b.mul(channel, steps[0][1])), picks, total)
                here = B.at(b, target, b.mul(channel, steps[2][1]))
                B.store(b, b.load(total), here, self.sampling.dtype.itemsize)
        b.ret_void()
        return self.function

    def _place(self, point: ll.Value, sizes: Sequence[ll.Value]) -> list[ll.Value]:
        """The image that a point belongs to, and its place along each axis."""
        b = self.b
        found: list[ll.Value] = []
        for size in reversed(sizes):
            found.insert(0, b.urem(point, size))
            point = b.udiv(point, size)
        return [point, *found]

    def _moves(
        self, place: Sequence[ll.Value], steps: Sequence[ll.Value]
    ) -> list[ll.Value]:
        return [self.b.mul(p, s) for p, s in zip(place, steps, strict=True)]

    def _sum(self, source: ll.Value, picks: Sequence[Pick], total: ll.Value) -> None:
        b, m, dtype = self.b, self.m, self.sampling.dtype
        made: Element | None = None
        for pick in picks:
            found = B.load(b, B.at(b, source, pick.offset), ELEMENT[dtype])
            zero = ll.Constant(found.type, 0.0)
            part = m.element(b.select(pick.inside, found, zero), dtype)
            if pick.weight is not None:
                part = part * pick.weight
            made = part if made is None else made + part
        assert made is not None
        b.store(made.value, total)

    # numbers --------------------------------------------------------------------------

    def _size(self, axis: int) -> Any:
        """The size of an axis as a number."""
        kind = ELEMENT[self.sampling.dtype]
        number = self.b.sitofp(self.space[axis], kind)
        return self.m.element(number, self.sampling.dtype)

    def _exact(self, axis: int, made: Any) -> Element:
        """A formula of a size in float64, then rounded."""
        b, dtype = self.b, self.sampling.dtype
        wide = self.m.element(b.sitofp(self.space[axis], F64), dtypes.float64)
        found: Element = self.m.cast(made(wide), dtype)
        return found

    def _coordinate(self, at: ll.Value, step: ll.Value, axis: int) -> Element:
        b, dtype = self.b, self.sampling.dtype
        number = self.axes - 1 - axis
        found = B.load(b, B.at(b, at, b.mul(step, I64(number))), ELEMENT[dtype])
        place: Any = self.m.element(found, dtype)
        if self.sampling.align_corners:
            return (place + 1.0) * self._exact(axis, lambda n: (n - 1.0) / 2.0)
        return ((place + 1.0) * self._size(axis) - 1.0) / 2.0

    def _kept(self, place: Any, axis: int) -> Any:
        """The place, moved inside as the padding says."""
        m, padding = self.m, self.sampling.padding
        if padding == REFLECTION:
            place = self._reflected(place, axis)
        if padding in (BORDER, REFLECTION):
            last = self._size(axis) - 1.0
            place = m.where(place < 0.0, 0.0, place)
            place = m.where(place > last, last, place)
        return place

    def _reflected(self, place: Any, axis: int) -> Any:
        m, size = self.m, self._size(axis)
        low = 0.0 if self.sampling.align_corners else -0.5
        high = size - 1.0 if self.sampling.align_corners else size - 0.5
        span = high - low
        nothing = place * 0.0
        place = m.abs(place - low)
        turns = m.floor(place / span)
        extra = place - turns * span
        is_even = turns - m.floor(turns / 2.0) * 2.0 == 0.0
        made = m.where(is_even, extra + low, span - extra + low)
        return m.where(span <= 0.0, nothing, made)

    # picks ----------------------------------------------------------------------------

    def _picks(self, at: ll.Value, step: ll.Value) -> list[Pick]:
        m, mode = self.m, self.sampling.mode
        places: list[Any] = [self._coordinate(at, step, a) for a in range(self.axes)]
        if mode == BICUBIC:
            starts = [m.floor(p) for p in places]
            rows, columns = (
                cubic_weights(p - s) for p, s in zip(places, starts, strict=True)
            )
            return [
                self._pick(
                    [self._kept(starts[0] + (i - 1.0), 0),
                     self._kept(starts[1] + (j - 1.0), 1)],
                    rows[i] * columns[j],
                )
                for i in range(4) for j in range(4)
            ]  # fmt: skip
        places = [self._kept(p, a) for a, p in enumerate(places)]
        if mode == NEAREST:
            return [self._pick([m.round(p) for p in places], None)]
        starts = [m.floor(p) for p in places]
        gaps = [p - s for p, s in zip(places, starts, strict=True)]
        picks = []
        for corner in itertools.product((0, 1), repeat=self.axes):
            far = corner[::-1]  # the first axis goes fastest
            weight: Any = None
            for gap, is_far in zip(gaps, far, strict=True):
                share = gap if is_far else -gap + 1.0
                weight = share if weight is None else weight * share
            at_corner = [s + float(f) for s, f in zip(starts, far, strict=True)]
            picks.append(self._pick(at_corner, weight))
        return picks

    def _pick(self, places: Sequence[Any], weight: Element | None) -> Pick:
        """The element at a whole place; the first one stands for what is outside."""
        b = self.b
        offset: ll.Value = I64(0)
        inside: ll.Value = B.true()
        for axis, place in enumerate(places):
            last = self._size(axis) - 1.0
            fits = b.and_((place >= 0.0).value, (place <= last).value)
            zero = ll.Constant(place.value.type, 0.0)
            number = b.fptosi(b.select(fits, place.value, zero), I64)
            offset = b.add(offset, b.mul(number, self.steps[axis]))
            inside = b.and_(inside, fits)
        return Pick(offset, inside, weight)


def _emitter(sampling: Sampling) -> Build:
    return lambda module, name: _Emitter(module, name, sampling).emit()


@lowering("aten::grid_sampler", "aten::grid_sampler_2d", "aten::grid_sampler_3d")
def grid_sampler(region: Region, node: Node) -> Buffer:
    """The elements of images where a grid says, or what lies between them."""
    b = region.b
    x, grid = (tensor_at(region, v) for v in node.inputs[:2])
    mode, padding, corners = map(static_value, node.inputs[2:])
    axes = x.rank - 2
    is_taken = {"grid_sampler_2d": (2,), "grid_sampler_3d": (3,)}
    name = node.kind.removeprefix("aten::")
    if axes not in is_taken.get(name, (2, 3)) or grid.rank != x.rank:
        raise Declined("it always fails: other ranks")
    if x.dtype is not grid.dtype or x.dtype not in (dtypes.float32, dtypes.float64):
        raise Declined("its tensors are not both of float32 or float64")
    modes = (BILINEAR, NEAREST, BICUBIC) if axes == 2 else (BILINEAR, NEAREST)
    if mode not in modes or padding not in (ZEROS, BORDER, REFLECTION):
        raise Declined("there is no such mode")
    holds = b.icmp_signed("==", x.sizes[0], grid.sizes[0])
    holds = b.and_(holds, b.icmp_signed("==", grid.sizes[-1], I64(axes)))
    for size in x.sizes[2:]:
        holds = b.and_(holds, b.icmp_signed("!=", size, I64(0)))
    region.fail_unless(holds, node)
    space = grid.sizes[1:-1]
    made = region.allocate(x.dtype, [*x.sizes[:2], *space])
    sampling = Sampling(x.dtype, axes, mode, padding, corners)
    kernel = region.kernel(
        f"sample_grid {sampling!r}", kernel_type(), _emitter(sampling)
    )
    tables = [
        table_of(region, POINTER, [x.data, grid.data, made.data]),
        table_of(region, I64, [*x.sizes, *space]),
        table_of(region, I64, [*x.strides, *grid.strides, *made.strides]),
    ]
    points = b.mul(x.sizes[0], count_of(region, space))
    each = B.larger(b, x.sizes[1], I64(1))
    grain = b.add(b.udiv(I64(GRAIN), each), I64(1))
    region.parallel(points, grain, kernel, tables)
    return made

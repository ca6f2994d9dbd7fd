"""Convolutions as products whose rows are windows of the input.

The input is laid out once with its channels together and zeros around it. An element of
the window is then an offset that is the same for all windows, so that tiles read windows
where they are: a table of pointers has the first element of each, and the depth of the
product is cut into segments, one for each row of the window.

Results are made for a block of pixels and a panel of channels at a time. Where channels
are to lie together, tiles are finished one by one; otherwise the sums of a block are
turned on their way out, see `endings`. In a depthwise convolution a tile multiplies
vectors of channels by vectors of weights instead.

What a kernel has to know is a plan, words in memory: see `PLAN`. All kernels serve one
to three axes; missing ones have size 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.endings import END_AT, emit_end
from jit.runtime.codegen.convolutions.window_tile import emit_tile
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.tile import PLAIN, Epilogue, Numbers, Shape
from jit.runtime.codegen.values import I64, POINTER

AXES = ("d", "h", "w")


def along(name: str) -> list[str]:
    return [f"{name}_{axis}" for axis in AXES]


PLAN = [
    "images",
    "channels",
    "outer",  # channels of the result
    "groups",
    *along("in"),
    *along("pad"),  # zeros before the first element
    *along("full"),  # sizes with all zeros around
    *along("spread"),  # steps from one element to the next in the padded input
    *along("kernel"),
    *along("stride"),
    *along("dilation"),
    *along("out"),
    # strides of the operands, in bytes
    "x_image",
    "x_channel",
    *along("x"),
    "weight_group",
    "weight_outer",
    "weight_inner",
    *along("weight"),
    "out_image",
    "out_channel",
    "out_pixel",
]
"""The words of a plan, i64 each."""

_TILES = 16
"""Tiles of one block of pixels: weights are read that often from the second cache."""


@dataclass(frozen=True)
class Convolution:
    """Kernels to be generated."""

    target: Target
    types: Numbers
    epilogue: Epilogue = PLAIN
    """Rows are pixels, columns are channels."""
    depthwise: bool = False
    """Each channel by itself: as many groups as channels, and as results."""
    last: bool = False
    """Whether the channels of the result lie together, as its last axis."""
    per_channel: tuple[bool, ...] = ()
    """Of each operand of the epilogue, whether all pixels have the same numbers."""
    apart: bool = False
    """Whether the epilogue is a function that is given, of type `endings.END_AT`."""

    @property
    def shape(self) -> Shape:
        return T.shape_for(self.target, self.types.sums)

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        ending = f"_{self.epilogue.name}" if self.epilogue.name else ""
        ending += "_last" if self.last else ""
        ending += "_apart" if self.apart else ""
        if self.per_channel and not self.last:
            ending += "_" + "".join("cp"[not own] for own in self.per_channel)
        kind = "depthwise" if self.depthwise else "convolution"
        shape = f"{self.shape.height}x{self.shape.width}"
        dtypes = self.types.source.name
        if self.types.result is not self.types.source:
            dtypes += f"_{self.types.result.name}"
        return f"{kind}_{dtypes}_{shape}{ending}"

    @property
    def pixels(self) -> int:
        """Pixels of a block."""
        return self.shape.height * _TILES


class Plan:
    """The words of a plan, loaded where they are asked for."""

    def __init__(self, b: ll.IRBuilder, pointer: ll.Value) -> None:
        self.b, self.pointer = b, pointer

    def __getitem__(self, name: str) -> ll.Value:
        place = B.at(self.b, self.pointer, 8 * PLAN.index(name))
        return B.load(self.b, place, I64)


class Named(Protocol):
    """Words by name."""

    def __getitem__(self, name: str) -> ll.Value: ...


def product(b: ll.IRBuilder, plan: Named, *names: str) -> ll.Value:
    made = plan[names[0]]
    for name in names[1:]:
        made = b.mul(made, plan[name])
    return made


def group_count(conv: Convolution, plan: Named) -> ll.Value:
    """Groups as the panels see them: a depthwise convolution has one, of all channels."""
    return B.index(1) if conv.depthwise else plan["groups"]


def inner_channels(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """Channels that one element of the result sees."""
    if conv.depthwise:
        return B.index(1)
    return b.udiv(plan["channels"], plan["groups"])


def panel_count(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """Panels of one group."""
    outer = b.udiv(plan["outer"], group_count(conv, plan))
    return B.ceil_div(b, outer, conv.shape.width)


# What the caller has to provide.


def padded_bytes(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """The input with its channels together and zeros around it."""
    elements = product(b, plan, "images", *along("full"), "channels")
    # tiles read whole vectors of channels
    elements = b.add(elements, B.index(conv.shape.width))
    return b.mul(elements, B.index(conv.types.sum_bytes))


def packed_bytes(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """The weights in panels."""
    panels = b.mul(group_count(conv, plan), panel_count(b, conv, plan))
    depth = b.mul(product(b, plan, *along("kernel")), inner_channels(b, conv, plan))
    row = B.index(conv.shape.width * conv.types.sum_bytes)
    return b.mul(b.mul(panels, depth), row)


def units(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """Parts into which the work may be cut: blocks of pixels times panels."""
    blocks = B.ceil_div(b, product(b, plan, *along("out")), conv.pixels)
    panels = b.mul(group_count(conv, plan), panel_count(b, conv, plan))
    return b.mul(b.mul(plan["images"], blocks), panels)


def work_bytes(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """Scratch memory of one part: tables, and the results of a block."""
    rows = conv.pixels + conv.shape.height
    # a last tile may reach over the end of the block
    pixels = conv.pixels + conv.shape.height
    results = pixels * conv.shape.width * conv.types.sum_bytes
    taps = b.mul(product(b, plan, *along("kernel")), B.index(8))
    return b.add(taps, B.index(8 * rows + results + 128))


CONVOLVE_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("plan", POINTER),
    ("padded", POINTER),
    ("weights", POINTER),  # packed
    ("out", POINTER),
    ("first", I64),  # units to be made, see `Convolution.units`
    ("last", I64),
    ("work", POINTER),
]


def operand_arguments(epilogue: Epilogue) -> list[tuple[str, ll.Type]]:
    """Of each operand: where it is, and the bytes from one row, which is a pixel, column,
    which is a channel, and image to the next."""
    found: list[tuple[str, ll.Type]] = []
    for place in range(len(epilogue.operands)):
        name = f"operand{place}"
        steps = [(f"{name}_{along}", I64) for along in ("row", "column", "image")]
        found += [(name, POINTER), *steps]
    return found


def emit_convolve(module: ll.Module, conv: Convolution) -> ll.Function:
    """The kernel, see `CONVOLVE_ARGUMENTS` and `operand_arguments`."""
    found = module.globals.get(conv.name)
    if found is not None:
        return found
    return _Driver(module, conv).emit()


class _Driver:
    """The loops around the tiles, while they are generated."""

    def __init__(self, module: ll.Module, conv: Convolution) -> None:
        self.conv, self.shape, self.types = conv, conv.shape, conv.types
        self.tiles, self.narrow_tiles = (
            [
                emit_tile(
                    module, self.shape, h, self.types, depthwise=conv.depthwise,
                    vectors=vectors,
                )
                for h in self.shape.heights
            ]
            for vectors in (self.shape.vectors, 1)
        )  # fmt: skip
        arguments = CONVOLVE_ARGUMENTS + operand_arguments(conv.epilogue)
        if conv.apart:
            arguments.append(("end", END_AT.as_pointer()))
        elif conv.last:
            self.finish = T.emit_finish(module, self.shape, self.types, conv.epilogue)
        else:
            self.finish = emit_end(
                module, self.shape, self.types, conv.epilogue, conv.per_channel
            )
        self.b, self.given = B.new_function(
            module, conv.name, arguments, internal=False
        )
        self.plan = Plan(self.b, self.given["plan"])

    def emit(self) -> ll.Function:
        b, plan, width = self.b, self.plan, self.shape.width
        item = self.types.sum_bytes
        rows = self.conv.pixels + self.shape.height
        self.table = self.given["work"]
        self.offsets = B.at(b, self.table, 8 * rows)
        taps = product(b, plan, *along("kernel"))
        results = b.ptrtoint(B.at(b, self.offsets, b.mul(taps, B.index(8))), I64)
        results = b.and_(b.add(results, B.index(63)), B.index(-64))
        self.results = b.inttoptr(results, POINTER)
        self.pixel_bytes = b.mul(plan["channels"], B.index(item))
        self.line_bytes = b.mul(self.pixel_bytes, plan["full_w"])
        self.plane_bytes = b.mul(self.line_bytes, plan["full_h"])
        one = B.index(1)
        groups = one if self.conv.depthwise else plan["groups"]
        self.outer = b.udiv(plan["outer"], groups)
        self.inner = one
        if not self.conv.depthwise:
            self.inner = b.udiv(plan["channels"], groups)
        self.group_panels = B.ceil_div(b, self.outer, width)
        panels = b.mul(groups, self.group_panels)
        self.panel_bytes = b.mul(b.mul(taps, self.inner), B.index(width * item))
        self.pixels = product(b, plan, *along("out"))
        self.blocks = B.ceil_div(b, self.pixels, self.conv.pixels)
        self._choose_segments(groups)
        first, last = self.given["first"], self.given["last"]
        with B.loop(b, first, last) as unit:
            panel, block = b.urem(unit, panels), b.udiv(unit, panels)
            image, part = b.udiv(block, self.blocks), b.urem(block, self.blocks)
            pixel = b.mul(part, B.index(self.conv.pixels))
            count = B.smaller(b, b.sub(self.pixels, pixel), B.index(self.conv.pixels))
            is_new = b.or_(
                b.icmp_signed("==", panel, B.index(0)),
                b.icmp_signed("==", unit, first),
            )
            with b.if_then(is_new):
                self._fill_table(image, pixel, count)
            self._fill_offsets(panel)
            self._panel(image, pixel, count, panel)
        b.ret_void()
        return b.function

    def _choose_segments(self, groups: ll.Value) -> None:
        """A row of the window is one segment if its elements lie together."""
        b, plan = self.b, self.plan
        if self.conv.depthwise:
            self.merges = ll.Constant(ll.IntType(1), 0)
        else:
            close = b.icmp_signed("==", plan["dilation_w"], B.index(1))
            alone = b.icmp_signed("==", groups, B.index(1))
            self.merges = b.and_(close, alone)
        self.steps_w = b.select(self.merges, B.index(1), plan["kernel_w"])
        self.depth = b.select(
            self.merges, b.mul(plan["kernel_w"], self.inner), self.inner
        )
        lines = b.mul(plan["kernel_d"], plan["kernel_h"])
        self.segments = b.mul(lines, self.steps_w)
        row = B.index(self.shape.width * self.types.sum_bytes)
        self.segment_bytes = b.mul(self.depth, row)
        # tiles read the weights of a part of the depth again and again
        fitting = B.index(self.conv.target.cache_bytes[1] // 4)
        fitting = b.udiv(fitting, B.larger(b, self.segment_bytes, B.index(1)))
        self.part = B.larger(b, fitting, B.index(1))

    def _fill_table(self, image: ll.Value, pixel: ll.Value, count: ll.Value) -> None:
        """Where the window of each pixel begins; the last one again after the end."""
        b, plan = self.b, self.plan
        size = b.mul(self.plane_bytes, plan["full_d"])
        base = B.at(b, self.given["padded"], b.mul(image, size))
        w = b.urem(pixel, plan["out_w"])
        rest = b.udiv(pixel, plan["out_w"])
        h, d = b.urem(rest, plan["out_h"]), b.udiv(rest, plan["out_h"])
        step_w = b.mul(plan["stride_w"], self.pixel_bytes)
        step_h = b.mul(plan["stride_h"], self.line_bytes)
        step_d = b.mul(plan["stride_d"], self.plane_bytes)
        last_w = b.sub(plan["out_w"], B.index(1))
        last_h = b.sub(plan["out_h"], B.index(1))
        one, zero = B.index(1), B.index(0)

        def step(r: ll.Value, places: list[ll.Value]) -> list[ll.Value]:
            d, h, w = places
            pointer = B.at(
                b, base, b.mul(d, step_d), b.mul(h, step_h), b.mul(w, step_w)
            )
            B.store(b, pointer, B.at(b, self.table, b.mul(r, B.index(8))))
            goes_on = b.icmp_signed("<", r, b.sub(count, one))
            ends_line = b.and_(goes_on, b.icmp_signed("==", w, last_w))
            ends_plane = b.and_(ends_line, b.icmp_signed("==", h, last_h))
            next_w = b.select(ends_line, zero, b.add(w, b.zext(goes_on, I64)))
            next_h = b.select(ends_plane, zero, b.add(h, b.zext(ends_line, I64)))
            return [b.add(d, b.zext(ends_plane, I64)), next_h, next_w]

        rows = b.add(count, B.index(self.shape.height))
        B.carried_loop(b, zero, rows, one, [d, h, w], step)

    def _fill_offsets(self, panel: ll.Value) -> None:
        """Where the segments of a panel begin, from the start of a window."""
        b, plan, item = self.b, self.plan, self.types.sum_bytes
        if self.conv.depthwise:
            channel = b.mul(panel, B.index(self.shape.width))
        else:
            channel = b.mul(b.udiv(panel, self.group_panels), self.inner)
        start = b.mul(channel, B.index(item))
        with (
            B.loop(b, B.index(0), plan["kernel_d"]) as d,
            B.loop(b, B.index(0), plan["kernel_h"]) as h,
            B.loop(b, B.index(0), self.steps_w) as w,
        ):
            offset = start
            for place, axis, size in (
                (d, "d", self.plane_bytes),
                (h, "h", self.line_bytes),
                (w, "w", self.pixel_bytes),
            ):
                moved = b.mul(b.mul(place, plan[f"dilation_{axis}"]), size)
                offset = b.add(offset, moved)
            line = b.add(b.mul(d, plan["kernel_h"]), h)
            number = b.add(b.mul(line, self.steps_w), w)
            B.store(b, offset, B.at(b, self.offsets, b.mul(number, B.index(8))))

    def _panel(
        self, image: ll.Value, pixel: ll.Value, count: ll.Value, panel: ll.Value
    ) -> None:
        """All tiles of a block of pixels, for one panel of channels."""
        b, plan, given, width = self.b, self.plan, self.given, self.shape.width
        group = b.udiv(panel, self.group_panels)
        within = b.mul(b.urem(panel, self.group_panels), B.index(width))
        columns = B.smaller(b, b.sub(self.outer, within), B.index(width))
        channel = b.add(b.mul(group, self.outer), within)
        weights = B.at(b, given["weights"], b.mul(panel, self.panel_bytes))
        self._sum(weights, count, columns)
        if self.conv.apart:
            b.call(given["end"], [
                given["plan"], self.results, count, columns, image, pixel, channel,
            ])  # fmt: skip
            return
        image_at = B.at(b, given["out"], b.mul(image, plan["out_image"]))
        place = B.at(
            b,
            image_at,
            b.mul(pixel, plan["out_pixel"]),
            b.mul(channel, plan["out_channel"]),
        )
        operands = []
        for p in range(len(self.conv.epilogue.operands)):
            moves = [
                b.mul(index, given[f"operand{p}_{along}"])
                for along, index in (("image", image), ("row", pixel))
            ]
            moves.append(b.mul(channel, given[f"operand{p}_column"]))
            operands.append(B.at(b, given[f"operand{p}"], *moves))
        steps = []
        for p, operand in enumerate(operands):
            steps += [operand, given[f"operand{p}_row"]]
            if not self.conv.last or self.conv.epilogue.operands[p].along_columns:
                steps.append(given[f"operand{p}_column"])
        if self.conv.last:
            b.call(self.finish, [
                self.results, place, plan["out_pixel"], count, columns,
                ll.Constant(ll.IntType(1), 0), B.true(), *steps,
            ])  # fmt: skip
        else:
            b.call(self.finish, [
                self.results, count, columns, place, plan["out_channel"], *steps,
            ])  # fmt: skip

    def _sum(self, weights: ll.Value, count: ll.Value, columns: ll.Value) -> None:
        """The sums of a block of pixels, for the weights of a panel with some columns."""
        b, width, item = self.b, self.shape.width, self.types.sum_bytes
        tiles = B.ceil_div(b, count, self.shape.height)
        ahead_step = B.ceil_div(b, B.index(width * item), tiles)
        is_narrow = b.icmp_signed("<=", columns, B.index(self.shape.lanes))
        with B.loop(b, B.index(0), self.segments, self.part) as part:
            segments = B.smaller(b, self.part, b.sub(self.segments, part))
            bytes = b.mul(segments, self.segment_bytes)
            share = b.mul(ahead_step, b.mul(segments, self.depth))
            start = B.at(b, weights, b.mul(part, self.segment_bytes))
            offsets = B.at(b, self.offsets, b.mul(part, B.index(8)))
            adds = b.icmp_signed(">", part, B.index(0))

            def use(kind: int, at: ll.Value, left: ll.Value) -> None:
                number = b.udiv(at, B.index(self.shape.height))
                tile = b.select(is_narrow, self.narrow_tiles[kind], self.tiles[kind])
                b.call(tile, [
                    B.at(b, self.table, b.mul(at, B.index(8))), offsets, segments,
                    self.depth, start, B.at(b, start, bytes, b.mul(number, share)),
                    ahead_step, adds,
                    B.at(b, self.results, b.mul(at, B.index(width * item))),
                ])  # fmt: skip

            T.for_each_tile(b, self.shape, count, use)

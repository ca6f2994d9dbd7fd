"""Winograd's way for windows of 3 × 3 with stride 1: F(2 × 2, 3 × 3).

Four results that lie in a square take 16 multiplications instead of 36: a patch of 4 × 4
elements and the window are transformed, multiplied place by place, and what has been
summed over the channels is transformed back. Each of the 16 places is a product of
matrices, patches × channels × results, made by the tiles of other convolutions.

The factors of the transforms are 1 and 1/2, so little accuracy is lost. A block is some
rows of patches: its transformed input stays in the second cache for all panels of
weights. These are known, and transformed at their first use, see
`jit.runtime.codegen.convolutions.convolution_packing`.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import PLAN, Named
from jit.runtime.codegen.convolutions.endings import END_AT
from jit.runtime.codegen.convolutions.window_tile import emit_tile
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.tile import Numbers, Shape
from jit.runtime.codegen.values import I1, I64, POINTER

PLACES = 16
"""Elements of a transformed patch."""
_PATCHES = 56
"""Patches of a block, about: rows of patches stay whole."""


@dataclass(frozen=True)
class Winograd:
    """A kernel to be generated."""

    target: Target
    types: Numbers

    @property
    def shape(self) -> Shape:
        return T.shape_for(self.target, self.types.sums)

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        return f"winograd_{self.types.source.name}"


@dataclass
class _Sizes:
    """What follows from a plan."""

    across: ll.Value
    """Patches of a row, and rows of patches."""
    down: ll.Value
    rows: ll.Value
    """Rows of patches of a block."""
    blocks: ll.Value
    panels: ll.Value
    depth: ll.Value
    """Channels of the transformed input, whole vectors."""


def _sizes(b: ll.IRBuilder, winograd: Winograd, plan: Named) -> _Sizes:
    shape, lanes = winograd.shape, winograd.shape.lanes
    across = B.ceil_div(b, plan["out_w"], 2)
    down = B.ceil_div(b, plan["out_h"], 2)
    rows = B.larger(b, B.index(1), b.udiv(B.index(_PATCHES), across))
    depth = b.mul(B.ceil_div(b, plan["channels"], lanes), B.index(lanes))
    return _Sizes(
        across,
        down,
        rows,
        B.ceil_div(b, down, rows),
        B.ceil_div(b, plan["outer"], shape.width),
        depth,
    )


def padded_size(b: ll.IRBuilder, count: ll.Value) -> ll.Value:
    """How long an axis of the padded input is, for a number of results."""
    return b.mul(b.add(B.ceil_div(b, count, 2), B.index(1)), B.index(2))


def units(b: ll.IRBuilder, winograd: Winograd, plan: Named) -> ll.Value:
    """Parts into which the work may be cut: blocks times panels."""
    s = _sizes(b, winograd, plan)
    return b.mul(plan["images"], b.mul(s.blocks, s.panels))


def _memory(
    b: ll.IRBuilder, winograd: Winograd, s: _Sizes
) -> list[tuple[str, ll.Value]]:
    """Scratch memory of one part, by name: bytes that are multiples of 64."""
    shape, item = winograd.shape, winograd.types.sum_bytes
    patches = b.mul(s.rows, s.across)
    more = b.add(patches, B.index(shape.height))
    pixels = b.add(b.mul(s.across, B.index(2)), B.index(shape.lanes))
    row = B.index(shape.width * item)

    def whole(bytes: ll.Value) -> ll.Value:
        return b.and_(b.add(bytes, B.index(63)), B.index(-64))

    one = b.mul(patches, b.mul(s.depth, B.index(item)))
    return [
        ("table", whole(b.mul(more, B.index(8)))),
        ("offset", B.index(64)),
        ("input", whole(b.mul(one, B.index(PLACES)))),
        ("sums", whole(b.mul(b.mul(more, row), B.index(PLACES)))),
        ("pixels", whole(b.mul(b.mul(pixels, row), B.index(2)))),
    ]


def work_bytes(b: ll.IRBuilder, winograd: Winograd, plan: Named) -> ll.Value:
    """Scratch memory of one part."""
    total: ll.Value = B.index(64)
    for _, bytes in _memory(b, winograd, _sizes(b, winograd, plan)):
        total = b.add(total, bytes)
    return total


WINOGRAD_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("plan", POINTER),  # see `convolution.PLAN`
    ("padded", POINTER),  # see `convolution.emit_pad`; sizes are `padded_size`
    ("weights", POINTER),  # transformed: [panel][place][channel][width]
    ("out", POINTER),
    ("first", I64),  # units to be made
    ("last", I64),
    ("work", POINTER),
    ("end", END_AT.as_pointer()),  # see `jit.runtime.codegen.convolutions.endings`
]


def emit_winograd(module: ll.Module, winograd: Winograd) -> ll.Function:
    """The kernel, see `WINOGRAD_ARGUMENTS`."""
    return _Driver(module, winograd).emit()


Square = list[list[ll.Value]]


def _forward(b: ll.IRBuilder, x: Square) -> Square:
    """A patch, transformed along both axes."""

    def along(d: list[ll.Value]) -> list[ll.Value]:
        return [
            b.fsub(d[0], d[2]),
            b.fadd(d[1], d[2]),
            b.fsub(d[2], d[1]),
            b.fsub(d[1], d[3]),
        ]

    rows = [along(row) for row in x]
    columns = [along([row[j] for row in rows]) for j in range(4)]
    return [[columns[j][i] for j in range(4)] for i in range(4)]


def forward_of_weights(b: ll.IRBuilder, x: Square) -> Square:
    """A window of 3 × 3, transformed along both axes."""
    half = ll.Constant(x[0][0].type, 0.5)

    def along(d: list[ll.Value]) -> list[ll.Value]:
        first, second, third = (b.fmul(v, half) for v in d)
        return [
            d[0],
            b.fadd(b.fadd(first, second), third),
            b.fadd(b.fsub(first, second), third),
            d[2],
        ]

    columns = [along([row[j] for row in x]) for j in range(3)]
    return [along([columns[j][i] for j in range(3)]) for i in range(4)]


def _backward(b: ll.IRBuilder, m: Square) -> Square:
    """Four results out of the sums of the 16 places."""

    def along(d: list[ll.Value]) -> list[ll.Value]:
        return [
            b.fadd(b.fadd(d[0], d[1]), d[2]),
            b.fsub(b.fsub(d[1], d[2]), d[3]),
        ]

    rows = [along(row) for row in m]
    columns = [along([row[j] for row in rows]) for j in range(2)]
    return [[columns[j][i] for j in range(2)] for i in range(2)]


class _Driver:
    """The body of the kernel, while it is generated."""

    def __init__(self, module: ll.Module, winograd: Winograd) -> None:
        self.winograd, self.shape = winograd, winograd.shape
        self.types, self.item = winograd.types, winograd.types.sum_bytes
        self.vector = ll.VectorType(self.types.sums, self.shape.lanes)
        self.tiles = [
            emit_tile(module, self.shape, h, self.types, depthwise=False)
            for h in self.shape.heights
        ]
        self.b, self.given = B.new_function(module, winograd.name, WINOGRAD_ARGUMENTS)

    def emit(self) -> ll.Function:
        b, given = self.b, self.given
        self.plan = plan = {
            name: B.load(b, B.at(b, given["plan"], 8 * place), I64)
            for place, name in enumerate(PLAN)
        }
        self.s = s = _sizes(b, self.winograd, plan)
        place = b.add(b.ptrtoint(given["work"], I64), B.index(63))
        pointer = b.inttoptr(b.and_(place, B.index(-64)), POINTER)
        self.memory = {}
        for name, bytes in _memory(b, self.winograd, s):
            self.memory[name] = pointer
            pointer = B.at(b, pointer, bytes)
        self.pixel_bytes = b.mul(plan["channels"], B.index(self.item))
        self.line_bytes = b.mul(self.pixel_bytes, plan["full_w"])
        self.patch_bytes = b.mul(s.depth, B.index(self.item))
        self.panel_bytes = b.mul(
            plan["channels"], B.index(PLACES * self.shape.width * self.item)
        )
        first = given["first"]
        with B.loop(b, first, given["last"]) as unit:
            panel, block = b.urem(unit, s.panels), b.udiv(unit, s.panels)
            image, part = b.udiv(block, s.blocks), b.urem(block, s.blocks)
            top = b.mul(part, s.rows)
            rows = B.smaller(b, s.rows, b.sub(s.down, top))
            is_new = b.or_(
                b.icmp_signed("==", panel, B.index(0)),
                b.icmp_signed("==", unit, first),
            )
            with b.if_then(is_new):
                self._transform(image, top, rows)
            self._multiply(b.mul(rows, s.across), panel)
            self._finish(image, top, rows, panel)
        b.ret_void()
        return b.function

    def _transform(self, image: ll.Value, top: ll.Value, rows: ll.Value) -> None:
        """The patches of a block: [place][patch][channel], and where rows begin."""
        b, s, lanes = self.b, self.s, self.shape.lanes
        patches = b.mul(rows, s.across)
        place_bytes = b.mul(patches, self.patch_bytes)
        image_bytes = b.mul(self.line_bytes, self.plan["full_h"])
        base = B.at(b, self.given["padded"], b.mul(image, image_bytes))
        with (
            B.loop(b, B.index(0), rows) as row,
            B.loop(b, B.index(0), s.across) as column,
        ):
            patch = b.add(b.mul(row, s.across), column)
            line = b.mul(b.add(top, row), B.index(2))
            source = B.at(
                b,
                base,
                b.mul(line, self.line_bytes),
                b.mul(b.mul(column, B.index(2)), self.pixel_bytes),
            )
            target = B.at(b, self.memory["input"], b.mul(patch, self.patch_bytes))
            with B.loop(b, B.index(0), s.depth, lanes) as channel:
                moved = b.mul(channel, B.index(self.item))
                x = []
                for i in range(4):
                    at = B.at(b, source, moved, b.mul(B.index(i), self.line_bytes))
                    x.append([
                        B.load(
                            b, B.at(b, at, b.mul(B.index(j), self.pixel_bytes)),
                            self.vector, self.item,
                        )
                        for j in range(4)
                    ])  # fmt: skip
                out = B.at(b, target, moved)
                for made in (v for line in _forward(b, x) for v in line):
                    B.store(b, made, out, self.item)
                    out = B.at(b, out, place_bytes)
        # the last patch again for tiles that reach over the end
        count = b.add(patches, B.index(self.shape.height))
        last = b.sub(patches, B.index(1))
        with B.loop(b, B.index(0), count) as r:
            kept = B.smaller(b, r, last)
            pointer = B.at(b, self.memory["input"], b.mul(kept, self.patch_bytes))
            B.store(b, pointer, B.at(b, self.memory["table"], b.mul(r, B.index(8))))

    def _multiply(self, patches: ll.Value, panel: ll.Value) -> None:
        """The sums of a block for one panel of weights: [place][patch][width]."""
        b, shape, memory = self.b, self.shape, self.memory
        row = shape.width * self.item
        depth = self.plan["channels"]
        place_bytes = b.mul(depth, B.index(row))
        weights = B.at(b, self.given["weights"], b.mul(panel, self.panel_bytes))
        tiles = B.ceil_div(b, patches, shape.height)
        ahead_step = B.ceil_div(b, B.index(row), tiles)
        share = b.mul(ahead_step, depth)
        more = b.add(patches, B.index(shape.height))
        with B.loop(b, B.index(0), B.index(PLACES)) as place:
            offset = b.mul(place, b.mul(patches, self.patch_bytes))
            B.store(b, offset, memory["offset"])
            start = B.at(b, weights, b.mul(place, place_bytes))
            after = B.at(b, start, place_bytes)
            sums = B.at(b, memory["sums"], b.mul(place, b.mul(more, B.index(row))))

            def use(kind: int, at: ll.Value, left: ll.Value) -> None:
                number = b.udiv(at, B.index(shape.height))
                b.call(self.tiles[kind], [
                    B.at(b, memory["table"], b.mul(at, B.index(8))),
                    memory["offset"], B.index(1), depth, start,
                    B.at(b, after, b.mul(number, share)), ahead_step, I1(0),
                    B.at(b, sums, b.mul(at, B.index(row))),
                ])  # fmt: skip

            T.for_each_tile(b, shape, patches, use)

    def _finish(
        self, image: ll.Value, top: ll.Value, rows: ll.Value, panel: ll.Value
    ) -> None:
        """Transform back, two rows of pixels for each row of patches."""
        b, s, shape, plan = self.b, self.s, self.shape, self.plan
        width_bytes = shape.width * self.item
        patches = b.add(b.mul(rows, s.across), B.index(shape.height))
        place_bytes = b.mul(patches, B.index(width_bytes))
        room = b.add(b.mul(s.across, B.index(2)), B.index(shape.lanes))
        line_bytes = b.mul(room, B.index(width_bytes))
        with B.loop(b, B.index(0), rows) as row:
            with B.loop(b, B.index(0), s.across) as column:
                patch = b.add(b.mul(row, s.across), column)
                start = B.at(b, self.memory["sums"], b.mul(patch, B.index(width_bytes)))
                target = B.at(
                    b,
                    self.memory["pixels"],
                    b.mul(b.mul(column, B.index(2)), B.index(width_bytes)),
                )
                for v in range(shape.vectors):
                    moved = v * shape.lanes * self.item
                    self._back(
                        B.at(b, start, moved), place_bytes, B.at(b, target, moved),
                        line_bytes,
                    )  # fmt: skip
            line = b.mul(b.add(top, row), B.index(2))
            for half in range(2):
                own = b.add(line, B.index(half))
                with b.if_then(b.icmp_signed("<", own, plan["out_h"])):
                    source = B.at(
                        b, self.memory["pixels"], b.mul(B.index(half), line_bytes)
                    )
                    self._end_line(image, own, panel, source)

    def _back(
        self, source: ll.Value, step: ll.Value, target: ll.Value, line: ll.Value
    ) -> None:
        b = self.b
        m: Square = []
        for _ in range(4):
            found = []
            for _ in range(4):
                found.append(B.load(b, source, self.vector, self.item))
                source = B.at(b, source, step)
            m.append(found)
        for i, made in enumerate(_backward(b, m)):
            for j, value in enumerate(made):
                place = B.at(b, target, b.mul(B.index(i), line))
                place = B.at(b, place, j * self.shape.width * self.item)
                B.store(b, value, place, self.item)

    def _end_line(
        self, image: ll.Value, line: ll.Value, panel: ll.Value, source: ll.Value
    ) -> None:
        b, plan, given, width = self.b, self.plan, self.given, self.shape.width
        channel = b.mul(panel, B.index(width))
        columns = B.smaller(b, b.sub(plan["outer"], channel), B.index(width))
        pixel = b.mul(line, plan["out_w"])
        b.call(given["end"], [
            given["plan"], source, plan["out_w"], columns, image, pixel, channel,
        ])  # fmt: skip

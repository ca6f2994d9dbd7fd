"""Convolutions of few channels: planes stay planes, and vectors are pixels of a row.

With few channels, as in the first layer of a network, windows hold too little to be the
rows of products. Here weights are what is spread over vectors: a tile makes some channels
of two vectors of pixels. The input is copied with zeros around it; with stride 2 the even
and the odd elements of a row come apart, so that the pixels of a vector lie together.

The kernel is for weights that are known, packed by `packed`.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import PLAN, Named, operand_arguments
from jit.runtime.codegen.convolutions.endings import write_pixels
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.tile import PLAIN, Epilogue, Numbers, Shape
from jit.runtime.codegen.values import I32, I64, POINTER

MOST_CHANNELS = 4
"""Of the input."""
STRIDES = (1, 2)
"""Along rows; any others along the other axes."""
_LEAST_VECTOR_BYTES = 32


@dataclass(frozen=True)
class Planar:
    """Kernels to be generated."""

    target: Target
    types: Numbers
    stride: int
    """Along rows."""
    epilogue: Epilogue = PLAIN
    per_channel: tuple[bool, ...] = ()

    @property
    def shape(self) -> Shape:
        """Of tiles: rows are channels, columns pixels."""
        return T.shape_for(self.target, self.types.sums)

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        own = "".join("cp"[not alone] for alone in self.per_channel)
        ending = f"_{self.epilogue.name}{own}" if self.epilogue.name else ""
        kind = self.types.source.name
        if self.types.result is not self.types.source:
            kind += f"_{self.types.result.name}"
        return f"planar_{kind}_s{self.stride}{ending}"


def is_usable(target: Target, types: Numbers) -> bool:
    """Whether there are such kernels at all."""
    return types.is_direct and target.vector_bytes >= _LEAST_VECTOR_BYTES


def _pitch(b: ll.IRBuilder, planar: Planar, plan: Named) -> ll.Value:
    """Elements of one phase of a padded row, with room for a vector behind."""
    used = B.ceil_div(b, plan["full_w"], planar.stride)
    return b.add(used, B.index(planar.shape.lanes))


def lines(b: ll.IRBuilder, plan: Named) -> ll.Value:
    """Rows of the padded input."""
    made = b.mul(plan["images"], plan["channels"])
    return b.mul(made, b.mul(plan["full_d"], plan["full_h"]))


def padded_bytes(b: ll.IRBuilder, planar: Planar, plan: Named) -> ll.Value:
    """The size of the padded input."""
    row = b.mul(_pitch(b, planar, plan), B.index(planar.stride))
    row = b.add(b.mul(lines(b, plan), row), B.index(2 * planar.shape.lanes))
    return b.mul(row, B.index(planar.types.sum_bytes))


def depth_of(b: ll.IRBuilder, plan: Named) -> ll.Value:
    """Elements of a window, in all channels."""
    taps = b.mul(plan["kernel_d"], b.mul(plan["kernel_h"], plan["kernel_w"]))
    return b.mul(plan["channels"], taps)


def _vectors(b: ll.IRBuilder, planar: Planar, plan: Named) -> ll.Value:
    """Vectors of pixels of one image."""
    row = B.ceil_div(b, plan["out_w"], planar.shape.lanes)
    return b.mul(b.mul(plan["out_d"], plan["out_h"]), row)


def units(b: ll.IRBuilder, planar: Planar, plan: Named) -> ll.Value:
    """Parts into which the work may be cut: pairs of vectors."""
    return b.mul(plan["images"], B.ceil_div(b, _vectors(b, planar, plan), 2))


def work_bytes(b: ll.IRBuilder, plan: Named) -> ll.Value:
    """Scratch memory of one part: where the elements of a window are."""
    return b.mul(depth_of(b, plan), B.index(8))


def _loaded(b: ll.IRBuilder, pointer: ll.Value) -> dict[str, ll.Value]:
    return {
        name: B.load(b, B.at(b, pointer, 8 * place), I64)
        for place, name in enumerate(PLAN)
    }


def emit_pad(module: ll.Module, planar: Planar) -> ll.Function:
    """A function (plan, x, out, first, last) that makes some rows of the padded input."""
    name = f"pad_planes_{planar.types.source.name}_s{planar.stride}"
    b, given = B.new_function(
        module,
        name,
        [("plan", POINTER), ("x", POINTER), ("out", POINTER), ("first", I64),
         ("last", I64)],
    )  # fmt: skip
    plan, lanes, stride = _loaded(b, given["plan"]), planar.shape.lanes, planar.stride
    item = planar.types.sum_bytes
    vector = ll.VectorType(planar.types.sums, lanes)
    pitch = _pitch(b, planar, plan)
    row_bytes = b.mul(pitch, B.index(stride * item))
    numbers = ll.Constant(ll.VectorType(I32, lanes), list(range(lanes)))
    width = B.splat(b, b.trunc(plan["in_w"], I32), lanes)
    with B.loop(b, given["first"], given["last"]) as line:
        h, rest = b.urem(line, plan["full_h"]), b.udiv(line, plan["full_h"])
        d, rest = b.urem(rest, plan["full_d"]), b.udiv(rest, plan["full_d"])
        channel, image = (
            b.urem(rest, plan["channels"]),
            b.udiv(rest, plan["channels"]),
        )
        h, d = b.sub(h, plan["pad_h"]), b.sub(d, plan["pad_d"])
        exists = b.and_(
            b.icmp_unsigned("<", h, plan["in_h"]),
            b.icmp_unsigned("<", d, plan["in_d"]),
        )
        x = B.at(
            b,
            given["x"],
            b.mul(image, plan["x_image"]),
            b.mul(channel, plan["x_channel"]),
            b.select(exists, b.mul(d, plan["x_d"]), B.index(0)),
            b.select(exists, b.mul(h, plan["x_h"]), B.index(0)),
        )
        out = B.at(b, given["out"], b.mul(line, row_bytes))
        for phase in range(stride):
            with B.loop(b, B.index(0), pitch, lanes) as column:
                start = b.sub(b.mul(column, B.index(stride)), plan["pad_w"])
                start = b.add(start, B.index(phase))
                found = []
                for place in range(stride):
                    at = b.add(start, B.index(place * lanes))
                    first = B.splat(b, b.trunc(at, I32), lanes)
                    mask = b.icmp_unsigned("<", b.add(numbers, first), width)
                    source = B.at(b, x, b.mul(at, B.index(item)))
                    mask = B.both(b, exists, mask)
                    found.append(B.masked_load(b, source, mask, vector, item))
                made = found[0]
                if stride == 2:
                    made = B.shuffle(b, found[0], found[1], range(0, 2 * lanes, 2))
                place = b.add(b.mul(pitch, B.index(phase)), column)
                target = B.at(b, out, b.mul(place, B.index(item)))
                inside = B.lanes_below(b, b.sub(pitch, column), lanes)
                B.masked_store(b, made, target, inside, item)
    b.ret_void()
    return b.function


PLANAR_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("plan", POINTER),  # see `convolution.PLAN`
    ("padded", POINTER),
    ("weights", POINTER),  # see `packed`
    ("out", POINTER),
    ("first", I64),  # units to be made
    ("last", I64),
    ("work", POINTER),
]

_TILE_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("left", POINTER),  # where the windows of the first pixels of both vectors begin
    ("right", POINTER),
    ("offsets", POINTER),
    ("depth", I64),
    ("weights", POINTER),
    ("out", POINTER),
]


def _emit_tile(module: ll.Module, planar: Planar, height: int) -> ll.Function:
    shape, types = planar.shape, planar.types
    b, given = B.new_function(module, f"planar_tile_{height}", _TILE_ARGUMENTS)
    b.function.attributes.add("noinline")
    item, lanes = types.sum_bytes, shape.lanes
    vector = ll.VectorType(types.sums, lanes)
    bases = (given["left"], given["right"])

    def step(k: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        weights, *before = carried
        offset = B.load(b, B.at(b, given["offsets"], b.mul(k, B.index(8))), I64)
        pixels = [B.load(b, B.at(b, base, offset), vector, item) for base in bases]
        after = []
        for r in range(height):
            number = B.load(b, B.at(b, weights, r * item), types.sums)
            spread = B.splat(b, number, lanes)
            for v, x in enumerate(pixels):
                old = before[2 * r + v]
                after.append(B.multiply_add(b, spread, x, old, fused=shape.fused))
        return [B.at(b, weights, height * item), *after]

    zero = ll.Constant(vector, None)
    start = [given["weights"], *[zero] * (2 * height)]
    one, none = B.index(1), B.index(0)
    _, *sums = B.carried_loop(b, none, given["depth"], one, start, step)
    for place, made in enumerate(sums):
        B.store(b, made, B.at(b, given["out"], place * lanes * item), lanes * item)
    b.ret_void()
    return b.function


def emit_planar(module: ll.Module, planar: Planar) -> ll.Function:
    """The kernel, see `PLANAR_ARGUMENTS`; operands follow as in a convolution."""
    return _Driver(module, planar).emit()


@dataclass
class _Pixels:
    """A vector of pixels: where its windows begin, and where results go."""

    source: ll.Value
    pixel: ll.Value
    left: ll.Value
    """How many exist, from the first of the vector on."""


class _Driver:
    """The body of the kernel, while it is generated."""

    def __init__(self, module: ll.Module, planar: Planar) -> None:
        self.planar, self.shape, self.types = planar, planar.shape, planar.types
        self.tiles = [_emit_tile(module, planar, h) for h in self.shape.heights]
        arguments = PLANAR_ARGUMENTS + operand_arguments(planar.epilogue)
        self.b, self.given = B.new_function(module, planar.name, arguments)
        self.plan = _loaded(self.b, self.given["plan"])

    def emit(self) -> ll.Function:
        b, plan, given = self.b, self.plan, self.given
        item = self.types.sum_bytes
        vector = ll.VectorType(self.types.sums, self.shape.lanes)
        sums = b.alloca(ll.ArrayType(vector, 2 * self.shape.height), name="sums")
        sums.align = self.shape.lanes * item
        self.sums = b.bitcast(sums, POINTER)
        pitch = b.mul(_pitch(b, self.planar, plan), B.index(item))
        self.row = b.mul(pitch, B.index(self.planar.stride))
        self.plane = b.mul(self.row, plan["full_h"])
        self.volume = b.mul(self.plane, plan["full_d"])
        self.depth = depth_of(b, plan)
        self._fill_offsets(pitch)
        vectors = _vectors(b, self.planar, plan)
        pairs = B.ceil_div(b, vectors, 2)
        with B.loop(b, given["first"], given["last"]) as unit:
            image, pair = b.udiv(unit, pairs), b.urem(unit, pairs)
            first = b.mul(pair, B.index(2))
            second = b.add(first, B.index(1))
            exists = b.icmp_signed("<", second, vectors)
            left = self._pixels(image, first)
            right = self._pixels(image, b.select(exists, second, first))
            right.left = b.select(exists, right.left, B.index(0))
            self._channels(image, left, right)
        b.ret_void()
        return b.function

    def _fill_offsets(self, pitch: ll.Value) -> None:
        """Where the elements of a window are, from the place of its first one."""
        b, plan, stride = self.b, self.plan, B.index(self.planar.stride)
        with (
            B.loop(b, B.index(0), plan["channels"]) as c,
            B.loop(b, B.index(0), plan["kernel_d"]) as d,
            B.loop(b, B.index(0), plan["kernel_h"]) as h,
            B.loop(b, B.index(0), plan["kernel_w"]) as w,
        ):
            along = b.mul(w, plan["dilation_w"])
            offset = b.mul(c, self.volume)
            for move in (
                b.mul(b.mul(d, plan["dilation_d"]), self.plane),
                b.mul(b.mul(h, plan["dilation_h"]), self.row),
                b.mul(b.urem(along, stride), pitch),
                b.mul(b.udiv(along, stride), B.index(self.types.sum_bytes)),
            ):
                offset = b.add(offset, move)
            place = b.add(b.mul(c, plan["kernel_d"]), d)
            place = b.add(b.mul(place, plan["kernel_h"]), h)
            place = b.add(b.mul(place, plan["kernel_w"]), w)
            B.store(b, offset, B.at(b, self.given["work"], b.mul(place, B.index(8))))

    def _pixels(self, image: ll.Value, number: ll.Value) -> _Pixels:
        b, plan, lanes = self.b, self.plan, self.shape.lanes
        blocks = B.ceil_div(b, plan["out_w"], lanes)
        column = b.mul(b.urem(number, blocks), B.index(lanes))
        line = b.udiv(number, blocks)
        h, d = b.urem(line, plan["out_h"]), b.udiv(line, plan["out_h"])
        source = B.at(
            b,
            self.given["padded"],
            b.mul(b.mul(image, plan["channels"]), self.volume),
            b.mul(b.mul(d, plan["stride_d"]), self.plane),
            b.mul(b.mul(h, plan["stride_h"]), self.row),
            b.mul(column, B.index(self.types.sum_bytes)),
        )
        pixel = b.add(b.mul(line, plan["out_w"]), column)
        return _Pixels(source, pixel, b.sub(plan["out_w"], column))

    def _channels(self, image: ll.Value, left: _Pixels, right: _Pixels) -> None:
        """All channels of two vectors of pixels."""
        b, plan, given = self.b, self.plan, self.given
        item, lanes = self.types.sum_bytes, self.shape.lanes
        depth_bytes = b.mul(self.depth, B.index(item))
        out_image = b.mul(image, plan["out_image"])

        def use(kind: int, at: ll.Value, rest: ll.Value) -> None:
            weights = B.at(b, given["weights"], b.mul(at, depth_bytes))
            b.call(self.tiles[kind], [
                left.source, right.source, given["work"], self.depth, weights,
                self.sums,
            ])  # fmt: skip
            count = B.smaller(b, rest, B.index(self.shape.heights[kind]))
            with B.loop(b, B.index(0), count) as r:
                channel = b.add(at, r)
                own = b.mul(channel, plan["out_channel"])
                for v, pixels in enumerate((left, right)):
                    place = b.add(b.mul(r, B.index(2)), B.index(v))
                    place = b.mul(place, B.index(lanes * item))
                    vector = ll.VectorType(self.types.sums, lanes)
                    sums = B.load(b, B.at(b, self.sums, place), vector)
                    moved = b.mul(pixels.pixel, B.index(self.types.result.itemsize))
                    out = B.at(b, given["out"], out_image, own, moved)
                    operands = self._operands(image, channel, pixels.pixel)
                    write_pixels(
                        b, self.shape, self.types, self.planar.epilogue,
                        self.planar.per_channel, sums, out, pixels.left, operands,
                    )  # fmt: skip

        T.for_each_tile(b, self.shape, plan["outer"], use)

    def _operands(
        self, image: ll.Value, channel: ll.Value, pixel: ll.Value
    ) -> list[tuple[ll.Value, ll.Value]]:
        b, given, found = self.b, self.given, []
        for p, alone in enumerate(self.planar.per_channel):
            step = given[f"operand{p}_row"]
            place = B.at(
                b,
                given[f"operand{p}"],
                b.mul(image, given[f"operand{p}_image"]),
                b.mul(channel, given[f"operand{p}_column"]),
                *(() if alone else (b.mul(pixel, step),)),
            )
            found.append((place, step))
        return found

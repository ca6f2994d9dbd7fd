"""Depthwise convolutions of two axes where the input lies, plane by plane.

Vectors are pixels of a row. A step makes several rows of the result, so that a row of the
input that several windows share is loaded once; elements outside of the input are masked
out. With stride 2 every other lane of two vectors is taken. Other strides and dilations
go through `jit.runtime.codegen.convolutions.convolution`.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import PLAN, operand_arguments
from jit.runtime.codegen.convolutions.endings import write_pixels
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.tile import PLAIN, Epilogue, Numbers, Shape
from jit.runtime.codegen.values import I32, I64, POINTER

LEAST_VECTOR_BYTES = 32
"""Machines with narrower vectors have no loads of some lanes."""
KERNELS = ((3, 3), (5, 5))
"""Windows that get code of their own."""


@dataclass(frozen=True)
class Planes:
    """A kernel to be generated; the same stride holds for both axes."""

    target: Target
    types: Numbers
    kernel: tuple[int, int]
    stride: int
    epilogue: Epilogue = PLAIN
    per_channel: tuple[bool, ...] = ()

    @property
    def shape(self) -> Shape:
        return T.shape_for(self.target, self.types.sums)

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        high, wide = self.kernel
        own = "".join("cp"[not alone] for alone in self.per_channel)
        ending = f"_{self.epilogue.name}{own}" if self.epilogue.name else ""
        kind = self.types.source.name
        if self.types.result is not self.types.source:
            kind += f"_{self.types.result.name}"
        return f"planes_{kind}_{high}x{wide}s{self.stride}{ending}"

    @property
    def rows(self) -> int:
        """Rows of the result that one step makes."""
        return 4 if self.stride == 1 else 2


PLANES_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("plan", POINTER),  # see `convolution.PLAN`
    ("x", POINTER),
    ("weights", POINTER),
    ("out", POINTER),
    ("first", I64),  # planes to be made: the channels of all images
    ("last", I64),
]


def is_usable(target: Target, types: Numbers) -> bool:
    """Whether there is such a kernel at all."""
    return types.is_direct and target.vector_bytes >= LEAST_VECTOR_BYTES


def emit_planes(module: ll.Module, planes: Planes) -> ll.Function:
    """The kernel, see `PLANES_ARGUMENTS`; operands follow as in a convolution."""
    found = module.globals.get(planes.name)
    if found is not None:
        return found
    return _Driver(module, planes).emit()


class _Driver:
    """The body of the kernel, while it is generated."""

    def __init__(self, module: ll.Module, planes: Planes) -> None:
        self.planes, self.shape, self.types = planes, planes.shape, planes.types
        arguments = PLANES_ARGUMENTS + operand_arguments(planes.epilogue)
        self.b, self.given = B.new_function(
            module, planes.name, arguments, internal=False
        )
        self.item = self.types.sum_bytes
        self.vector = ll.VectorType(self.types.sums, self.shape.lanes)
        self.plan = {
            name: B.load(self.b, B.at(self.b, self.given["plan"], 8 * place), I64)
            for place, name in enumerate(PLAN)
            if name.endswith(("_h", "_w", "_image", "_channel", "_outer"))
            or name == "channels"
        }

    def emit(self) -> ll.Function:
        b, plan, given = self.b, self.plan, self.given
        with B.loop(b, given["first"], given["last"]) as plane:
            image = b.udiv(plane, plan["channels"])
            channel = b.urem(plane, plan["channels"])
            self.x = B.at(
                b,
                given["x"],
                b.mul(image, plan["x_image"]),
                b.mul(channel, plan["x_channel"]),
            )
            self.out = B.at(
                b,
                given["out"],
                b.mul(image, plan["out_image"]),
                b.mul(channel, plan["out_channel"]),
            )
            self.operands = []
            for p in range(len(self.planes.epilogue.operands)):
                operand = given[f"operand{p}"]
                moves = [
                    b.mul(image, given[f"operand{p}_image"]),
                    b.mul(channel, given[f"operand{p}_column"]),
                ]
                self.operands.append(B.at(b, operand, *moves))
            weights = B.at(b, given["weights"], b.mul(channel, plan["weight_outer"]))
            self.weights = self._splat_weights(weights)
            reach = b.sub(plan["out_w"], B.index(1))
            reach = b.mul(reach, B.index(self.planes.stride))
            reach = b.add(reach, B.index(self.planes.kernel[1]))
            short = b.icmp_signed("<=", reach, B.index(self.shape.lanes))
            with b.if_else(short) as (one, several):
                with one:
                    self._one_column()
                with several:
                    self._many_columns()
        b.ret_void()
        return b.function

    def _one_column(self) -> None:
        """Rows so short that one load reaches over all that a vector needs."""
        b, start = self.b, B.index(0)
        self._choose_masks(start)
        with B.loop(b, start, self.plan["out_h"], self.planes.rows) as row:
            self._rows(row, start, short=True)

    def _many_columns(self) -> None:
        """Longer rows, in the order in which they lie in memory."""
        b, plan, start = self.b, self.plan, B.index(0)
        with (
            B.loop(b, start, plan["out_h"], self.planes.rows) as row,
            B.loop(b, start, plan["out_w"], self.shape.lanes) as column,
        ):
            self._choose_masks(column)
            self._rows(row, column, short=False)

    def _splat_weights(self, weights: ll.Value) -> list[list[ll.Value]]:
        b, plan = self.b, self.plan
        made = []
        for h in range(self.planes.kernel[0]):
            line = []
            for w in range(self.planes.kernel[1]):
                at = B.at(
                    b,
                    weights,
                    b.mul(B.index(h), plan["weight_h"]),
                    b.mul(B.index(w), plan["weight_w"]),
                )
                number = B.load(b, at, self.types.sums)
                line.append(B.splat(b, number, self.shape.lanes))
            made.append(line)
        return made

    def _choose_masks(self, column: ll.Value) -> None:
        """The vectors that a row needs, and which of their lanes exist."""
        b, plan, stride = self.b, self.plan, self.planes.stride
        lanes, wide = self.shape.lanes, self.planes.kernel[1]
        start = b.sub(b.mul(column, B.index(stride)), plan["pad_w"])
        self.column = b.mul(start, B.index(self.item))
        # elements from the start at which vectors begin
        if stride == 1:
            self.places = list(range(wide))
        else:
            self.places = [
                2 * pair + half * lanes
                for pair in range((wide + 1) // 2)
                for half in range(2)
            ]
        kind = ll.VectorType(I32, lanes)
        numbers = ll.Constant(kind, list(range(lanes)))
        width = B.splat(b, b.trunc(plan["in_w"], I32), lanes)
        first = b.trunc(start, I32)
        self.masks = []
        for place in self.places:
            at = B.splat(b, b.add(first, I32(place)), lanes)
            self.masks.append(b.icmp_unsigned("<", b.add(numbers, at), width))

    def _rows(self, row: ll.Value, column: ll.Value, *, short: bool) -> None:
        """Some rows of the result, a vector of each."""
        b, plan, planes = self.b, self.plan, self.planes
        zero = ll.Constant(self.vector, None)
        sums = [zero] * planes.rows
        top = b.sub(b.mul(row, B.index(planes.stride)), plan["pad_h"])
        high, wide = planes.kernel
        for i in range((planes.rows - 1) * planes.stride + high):
            taps = self._taps(b.add(top, B.index(i)), short=short)
            for r in range(planes.rows):
                h = i - r * planes.stride
                if not 0 <= h < high:
                    continue
                for w in range(wide):
                    sums[r] = B.multiply_add(
                        b, taps[w], self.weights[h][w], sums[r],
                        fused=self.shape.fused,
                    )  # fmt: skip
        left = b.sub(plan["out_w"], column)
        for r, made in enumerate(sums):
            line = b.add(row, B.index(r))
            with b.if_then(b.icmp_signed("<", line, plan["out_h"]), likely=True):
                pixel = b.add(b.mul(line, plan["out_w"]), column)
                moved = b.mul(pixel, B.index(self.types.result.itemsize))
                operands = []
                for p, operand in enumerate(self.operands):
                    step = self.given[f"operand{p}_row"]
                    if not planes.per_channel[p]:
                        operand = B.at(b, operand, b.mul(pixel, step))
                    operands.append((operand, step))
                write_pixels(
                    b, self.shape, self.types, planes.epilogue, planes.per_channel,
                    made, B.at(b, self.out, moved), left, operands,
                )  # fmt: skip

    def _taps(self, line: ll.Value, *, short: bool) -> list[ll.Value]:
        """What each column of the window sees of a row of the input."""
        b, plan, lanes = self.b, self.plan, self.shape.lanes
        exists = b.icmp_unsigned("<", line, plan["in_h"])
        # loads without lanes are slow where there is no memory
        line = b.select(exists, line, B.index(0))
        start = B.at(b, self.x, b.mul(line, plan["x_h"]), self.column)
        found = [
            B.masked_load(
                b, B.at(b, start, place * self.item), B.both(b, exists, mask),
                self.vector, self.item,
            )
            for place, mask in list(zip(self.places, self.masks, strict=True))[
                : 1 if short else None
            ]
        ]  # fmt: skip
        if short:
            stride = self.planes.stride
            return [
                B.shuffle(
                    b, found[0], found[0], [(w + stride * n) % lanes for n in range(lanes)]
                )
                for w in range(self.planes.kernel[1])
            ]  # fmt: skip
        if self.planes.stride == 1:
            return found
        taps = []
        for w in range(self.planes.kernel[1]):
            low, high = found[w // 2 * 2 : w // 2 * 2 + 2]
            order = range(w % 2, 2 * lanes, 2)
            taps.append(B.shuffle(b, low, high, order))
        return taps

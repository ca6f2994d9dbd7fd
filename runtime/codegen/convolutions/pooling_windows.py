"""Maxima and means of small windows, a vector of windows at a time.

For images whose rows lie together in memory, windows with a known size, and stride 1 or 2
along rows. The rows of a window are combined first, then its columns: with stride 2 every
other lane of two vectors. Elements outside of the input are masked out.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.pooling_plan import (
    PLAN,
    Pooling,
    combine,
    part_of,
    start_of,
)
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.values import I32, I64, POINTER

MOST_ELEMENTS = 49
"""Of a window: more would be too much code."""
STRIDES = (1, 2)
_LEAST_VECTOR_BYTES = 32


@dataclass(frozen=True)
class Windows:
    """A kernel to be generated, for two axes."""

    pool: Pooling
    size: tuple[int, int]
    stride: tuple[int, int]

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        (high, wide), (down, across) = self.size, self.stride
        return f"{self.pool.name}_{high}x{wide}s{down}x{across}"


def is_usable(windows: Windows) -> bool:
    """Whether there is such a kernel."""
    high, wide = windows.size
    return (
        windows.pool.types.is_direct
        and windows.pool.target.vector_bytes >= _LEAST_VECTOR_BYTES
        and windows.stride[1] in STRIDES
        and high * wide <= MOST_ELEMENTS
    )


def emit_windows(module: ll.Module, windows: Windows) -> ll.Function:
    """`(plan, first, last)`: some planes."""
    return _Driver(module, windows).emit()


class _Driver:
    """The body of the kernel, while it is generated."""

    def __init__(self, module: ll.Module, windows: Windows) -> None:
        self.windows, self.pool = windows, windows.pool
        self.types, self.item = self.pool.types, self.pool.types.sum_bytes
        self.lanes = self.pool.lanes
        self.vector = ll.VectorType(self.types.sums, self.lanes)
        arguments = [("plan", POINTER), ("first", I64), ("last", I64)]
        self.b, self.given = B.new_function(module, windows.name, arguments)
        words = Words(self.b, self.given["plan"], PLAN)
        self.words, self.plan = words, {name: words[name] for name in PLAN}

    def emit(self) -> ll.Function:
        b, plan = self.b, self.plan
        plane = b.mul(plan["out_h"], plan["out_w"])
        with B.loop(b, self.given["first"], self.given["last"]) as unit:
            self.x = B.at(
                b,
                self.words.pointer("x"),
                b.mul(b.udiv(unit, plan["channels"]), plan["x_image"]),
                b.mul(b.urem(unit, plan["channels"]), plan["x_channel"]),
            )
            done = b.mul(b.mul(unit, plane), B.index(self.item))
            self.out = B.at(b, self.words.pointer("out"), done)
            with B.loop(b, B.index(0), plan["out_w"], self.lanes) as column:
                self._choose_masks(column)
                with B.loop(b, B.index(0), plan["out_h"]) as row:
                    self._row(row, column)
        b.ret_void()
        return b.function

    def _choose_masks(self, column: ll.Value) -> None:
        """The vectors that a row needs, which of their lanes exist, and counts."""
        b, plan, lanes = self.b, self.plan, self.lanes
        stride, wide = self.windows.stride[1], self.windows.size[1]
        start = b.sub(b.mul(column, B.index(stride)), plan["padding_w"])
        self.column = b.mul(start, B.index(self.item))
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

        def spread(value: ll.Value) -> ll.Value:
            return B.splat(b, b.trunc(value, I32), lanes)

        width = spread(plan["in_w"])
        self.masks = []
        for place in self.places:
            at = spread(b.add(start, B.index(place)))
            self.masks.append(b.icmp_unsigned("<", b.add(numbers, at), width))
        if self.pool.kind == "max":
            return
        # how many elements of a row each window counts
        step = ll.Constant(kind, [stride] * lanes)
        first = b.add(spread(start), b.mul(numbers, step))
        last = b.add(first, ll.Constant(kind, [wide] * lanes))
        zero = ll.Constant(kind, None)
        end = b.add(width, spread(plan["padding_w"]))
        padded = b.sub(B.smaller(b, last, end), first)
        inside = b.sub(B.smaller(b, last, width), B.larger(b, first, zero))
        counts = b.icmp_signed("!=", plan["counts_padding"], B.index(0))
        self.counts = b.select(counts, padded, inside)

    def _row(self, row: ll.Value, column: ll.Value) -> None:
        b, plan, windows = self.b, self.plan, self.windows
        top = b.mul(row, B.index(windows.stride[0]))
        top = b.sub(top, plan["padding_h"])
        start = start_of(self.pool, self.vector)
        found: list[ll.Value] = [start] * len(self.places)
        for h in range(windows.size[0]):
            line = b.add(top, B.index(h))
            exists = b.icmp_unsigned("<", line, plan["in_h"])
            # loads without lanes are slow where there is no memory
            line = b.select(exists, line, B.index(0))
            x = B.at(b, self.x, b.mul(line, plan["x_h"]), self.column)
            for n, (place, mask) in enumerate(
                zip(self.places, self.masks, strict=True)
            ):
                mask = B.both(b, exists, mask)
                at = B.at(b, x, place * self.item)
                value = B.masked_load(b, at, mask, self.vector, self.item)
                if self.pool.kind == "max":
                    value = b.select(mask, value, start)
                found[n] = combine(b, self.pool, found[n], value)
        made: ll.Value = start
        for w in range(windows.size[1]):
            if windows.stride[1] == 1:
                tap = found[w]
            else:
                low, high = found[w // 2 * 2 : w // 2 * 2 + 2]
                tap = B.shuffle(b, low, high, range(w % 2, 2 * self.lanes, 2))
            made = combine(b, self.pool, made, tap)
        if self.pool.kind != "max":
            made = b.fdiv(made, self._divisors(row))
        pixel = b.add(b.mul(row, plan["out_w"]), column)
        out = B.at(b, self.out, b.mul(pixel, B.index(self.item)))
        inside = B.lanes_below(b, b.sub(plan["out_w"], column), self.lanes)
        made = T.narrow(b, made, self.types.result)
        B.masked_store(b, made, out, inside, self.item)

    def _divisors(self, row: ll.Value) -> ll.Value:
        b, plan = self.b, self.plan
        rows = part_of(b, self.pool, plan, "h", row).count
        counts = b.mul(self.counts, B.splat(b, b.trunc(rows, I32), self.lanes))
        own = plan["divisor"]
        is_own = b.icmp_signed("!=", own, B.index(0))
        given = B.splat(b, b.trunc(own, I32), self.lanes)
        return b.sitofp(b.select(is_own, given, counts), self.vector)

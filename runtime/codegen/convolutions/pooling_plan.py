"""What kernels of pooling know: windows and bins, and how elements are combined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import AXES, Named
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T


def _along(name: str) -> list[str]:
    return [f"{name}_{axis}" for axis in AXES]


PLAN = [
    "x", "out", "failed", "images", "channels",
    *_along("in"), *_along("out"),
    # of windows; bins follow from the sizes
    *_along("size"), *_along("stride"), *_along("padding"), *_along("dilation"),
    "counts_padding",  # whether a mean counts elements of the padding
    "divisor",  # what a mean is divided by, 0 for the number of elements
    "x_image", "x_channel", *_along("x"),
]  # fmt: skip
"""The words of a plan; strides are bytes, the result is contiguous."""


@dataclass(frozen=True)
class Pooling:
    """A kernel to be generated."""

    target: Target
    types: T.Numbers
    kind: Literal["max", "mean", "bins"]
    """Maxima of windows, means of windows, means of bins."""

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        return f"pool_{self.kind}_{self.types.source.name}"

    @property
    def lanes(self) -> int:
        return self.target.lanes(self.types.sum_bytes)


@dataclass
class Part:
    """Where a window or bin lies along an axis."""

    start: ll.Value
    end: ll.Value
    step: ll.Value
    count: ll.Value
    """What a mean counts."""


def part_of(
    b: ll.IRBuilder, pool: Pooling, plan: Named, axis: str, place: ll.Value
) -> Part:
    """Where a window or bin lies along an axis."""
    size, one = plan[f"in_{axis}"], B.index(1)
    if pool.kind == "bins":
        bins = plan[f"out_{axis}"]
        start = b.udiv(b.mul(place, size), bins)
        end = B.ceil_div(b, b.mul(b.add(place, one), size), bins)
        return Part(start, end, one, b.sub(end, start))
    step, padding = plan[f"dilation_{axis}"], plan[f"padding_{axis}"]
    first = b.sub(b.mul(place, plan[f"stride_{axis}"]), padding)
    last = b.add(first, b.mul(plan[f"size_{axis}"], step))
    # steps over the elements before the input
    missing = B.larger(b, B.index(0), b.sub(B.index(0), first))
    start = b.add(first, b.mul(b.udiv(b.add(missing, b.sub(step, one)), step), step))
    end = B.smaller(b, last, size)
    padded = b.sub(B.smaller(b, last, b.add(size, padding)), first)
    counts = b.icmp_signed("!=", plan["counts_padding"], B.index(0))
    return Part(start, end, step, b.select(counts, padded, b.sub(end, start)))


def inside_part_of(
    b: ll.IRBuilder, pool: Pooling, plan: Named, axis: str, place: ll.Value
) -> Part:
    """The same for windows of which none reaches past the input."""
    step = plan[f"dilation_{axis}"]
    start = b.mul(place, plan[f"stride_{axis}"])
    count = plan[f"size_{axis}"]
    return Part(start, b.add(start, b.mul(count, step), flags=["nsw"]), step, count)


def combine(b: ll.IRBuilder, pool: Pooling, x: ll.Value, y: ll.Value) -> ll.Value:
    """Two elements, or vectors of them, of a window."""
    if pool.kind != "max":
        return b.fadd(x, y)
    # nan is larger than everything
    larger = b.fcmp_ordered(">", y, x)
    return b.select(b.or_(larger, b.fcmp_unordered("uno", y, y)), y, x)


def start_of(pool: Pooling, kind: ll.Type) -> ll.Constant:
    """What windows begin with: nothing."""
    value = float("-inf") if pool.kind == "max" else 0.0
    if isinstance(kind, ll.VectorType):
        return ll.Constant(kind, [value] * kind.count)
    return ll.Constant(kind, value)

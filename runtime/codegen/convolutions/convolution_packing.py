"""Constant weights of convolutions in the order of kernels, packed at their first use.

Panels are memory with a flag in front: the kernel that packs does so where the flag is
not set, and sets it. So code is made, and taken from disk, without a look at weights, and
of two ways that a layer may go only the one that it goes is packed. Two threads that meet
flags that are not set write the same bytes, so neither has to wait.
"""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.ir as ll
import numpy as np

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions import winograd as W
from jit.runtime.codegen.convolutions.convolution import (
    AXES,
    Convolution,
    along,
    group_count,
    inner_channels,
    panel_count,
    product,
)
from jit.runtime.codegen.convolutions.convolving import (
    RUN,
    TASK_ARGUMENTS,
    share,
    words_of,
)
from jit.runtime.codegen.convolutions.winograd import PLACES, Winograd
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.packed_constants import (
    FLAG,
    Panels,
    packed_at_first_use,
)
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import ELEMENT, I64, POINTER

_F64 = ll.DoubleType()
_WORK_OF_ELEMENT = 16
"""To move an element takes about as long as so many multiplications."""

UnitMaker = Callable[[ll.IRBuilder, Words, ll.Value, ll.Value], None]
"""Packs one unit, whose number is given, behind a place."""


def window_panels(
    weight: np.ndarray, conv: Convolution, groups: int, *, turned: bool
) -> Panels:
    """Panels for the weights of windows as products, see `convolution_layout.packed`.

    Those of a transposed convolution are `turned`.
    """
    way = (
        "windows", conv.types.source.name, conv.shape.width, conv.depthwise, groups,
        turned,
    )  # fmt: skip
    groups = 1 if conv.depthwise else groups
    outer = weight.shape[1] * groups if turned else weight.shape[0]
    width = conv.shape.width
    taps = int(np.prod(weight.shape[2:]))
    inner = weight.shape[0] // groups if turned else weight.shape[1]
    rows = groups * -(-(outer // groups) // width) * inner * taps
    return packed_at_first_use(weight, way, rows * width * conv.types.sum_bytes)


def patch_panels(weight: np.ndarray, winograd: Winograd) -> Panels:
    """Panels for transformed weights, see `jit.runtime.codegen.convolutions.winograd`."""
    width = winograd.shape.width
    outer, inner = weight.shape[:2]
    rows = -(-outer // width) * PLACES * inner
    way = ("patches", winograd.types.source.name, width)
    return packed_at_first_use(weight, way, rows * width * winograd.types.sum_bytes)


def pack_windows(region: Region, conv: Convolution, words: Words) -> None:
    """Pack the weights of a run, if they are not."""
    kind = "depthwise_" if conv.depthwise else ""
    dtype, width = conv.types.source.name, conv.shape.width

    def build(module: ll.Module, name: str) -> ll.Function:
        def units(b: ll.IRBuilder, words: Words) -> ll.Value:
            panels = b.mul(group_count(conv, words), panel_count(b, conv, words))
            return b.mul(panels, product(b, words, *along("kernel")))

        def work(b: ll.IRBuilder, words: Words) -> ll.Value:
            return b.mul(inner_channels(b, conv, words), B.index(width))

        def make(b: ll.IRBuilder, words: Words, unit: ll.Value, out: ll.Value) -> None:
            _emit_window_unit(b, conv, words, unit, out)

        return _emit_pack(module, name, units, work, make)

    pack = region.kernel(f"pack_windows_{kind}{dtype}_{width}", RUN, build)
    region.b.call(pack, [words.base])


def pack_patches(region: Region, winograd: Winograd, words: Words) -> None:
    """Transform and pack the weights of a run, if they are not."""
    dtype, width = winograd.types.source.name, winograd.shape.width

    def build(module: ll.Module, name: str) -> ll.Function:
        def units(b: ll.IRBuilder, words: Words) -> ll.Value:
            return b.mul(B.ceil_div(b, words["outer"], width), words["channels"])

        def work(b: ll.IRBuilder, words: Words) -> ll.Value:
            return B.index(PLACES * width)

        def make(b: ll.IRBuilder, words: Words, unit: ll.Value, out: ll.Value) -> None:
            _emit_patch_unit(b, winograd, words, unit, out)

        return _emit_pack(module, name, units, work, make)

    pack = region.kernel(f"pack_patches_{dtype}_{width}", RUN, build)
    region.b.call(pack, [words.base])


def _emit_pack(
    module: ll.Module,
    name: str,
    units: Callable[[ll.IRBuilder, Words], ll.Value],
    work: Callable[[ll.IRBuilder, Words], ll.Value],
    make: UnitMaker,
) -> ll.Function:
    """`(words)`: packs all units, unless that was done."""
    b, given = B.new_function(module, f"{name}_task", TASK_ARGUMENTS)
    words = words_of(b, given["words"])
    with B.loop(b, given["first"], given["last"]) as unit:
        make(b, words, unit, B.at(b, words.pointer("packed"), FLAG))
    b.ret_void()
    task = b.function
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = words_of(b, given["words"])
    flag = b.bitcast(words.pointer("packed"), I64.as_pointer())
    is_packed = b.load_atomic(flag, "acquire", 8)
    with b.if_then(b.icmp_signed("==", is_packed, B.index(0)), likely=False):
        each = b.mul(work(b, words), B.index(_WORK_OF_ELEMENT))
        share(b, given["words"], task, units(b, words), each)
        b.store_atomic(B.index(1), flag, "release", 8)
    b.ret_void()
    return b.function


def _emit_window_unit(
    b: ll.IRBuilder, conv: Convolution, words: Words, unit: ll.Value, out: ll.Value
) -> None:
    """One element of the windows of a panel: [inner channel][width]."""
    width, item = conv.shape.width, conv.types.sum_bytes
    inner = inner_channels(b, conv, words)
    outer = b.udiv(words["outer"], group_count(conv, words))
    taps, panels = product(b, words, *along("kernel")), panel_count(b, conv, words)
    tap, rest = b.urem(unit, taps), b.udiv(unit, taps)
    panel, group = b.urem(rest, panels), b.udiv(rest, panels)
    w, rest = b.urem(tap, words["kernel_w"]), b.udiv(tap, words["kernel_w"])
    h, d = b.urem(rest, words["kernel_h"]), b.udiv(rest, words["kernel_h"])
    first = b.mul(panel, B.index(width))
    step, across = words["weight_inner"], words["weight_outer"]
    source = B.at(
        b,
        words.pointer("weights"),
        b.mul(group, words["weight_group"]),
        b.mul(first, across),
        *(
            b.mul(place, words[f"weight_{axis}"])
            for place, axis in zip((d, h, w), AXES, strict=True)
        ),
    )
    out = B.at(b, out, b.mul(b.mul(unit, inner), B.index(width * item)))
    count = B.smaller(b, b.sub(outer, first), B.index(width))
    kind = ELEMENT[conv.types.source]
    zero = ll.Constant(conv.types.sums, 0)
    with B.loop(b, B.index(0), inner) as channel:
        row = B.at(b, out, b.mul(channel, B.index(width * item)))
        column = B.at(b, source, b.mul(channel, step))
        with B.loop(b, B.index(0), count) as place:
            element = B.load(b, B.at(b, column, b.mul(place, across)), kind)
            made = T.widen(b, element, conv.types.source)
            B.store(b, made, B.at(b, row, b.mul(place, B.index(item))))
        with B.loop(b, count, B.index(width)) as place:
            B.store(b, zero, B.at(b, row, b.mul(place, B.index(item))))


def _emit_patch_unit(
    b: ll.IRBuilder, winograd: Winograd, words: Words, unit: ll.Value, out: ll.Value
) -> None:
    """The weights of a panel for one channel: a row of [width] for each place."""
    width, item, kind = winograd.shape.width, winograd.types.sum_bytes, winograd.types
    channels = words["channels"]
    panel, channel = b.udiv(unit, channels), b.urem(unit, channels)
    first = b.mul(panel, B.index(width))
    source = B.at(
        b,
        words.pointer("weights"),
        b.mul(channel, words["weight_inner"]),
        b.mul(first, words["weight_outer"]),
    )
    row = b.add(b.mul(panel, b.mul(channels, B.index(PLACES))), channel)
    out = B.at(b, out, b.mul(row, B.index(width * item)))
    step = b.mul(channels, B.index(width * item))
    count = B.smaller(b, b.sub(words["outer"], first), B.index(width))
    zero = ll.Constant(kind.sums, 0)
    with B.loop(b, B.index(0), B.index(width)) as place:
        target = B.at(b, out, b.mul(place, B.index(item)))
        window = B.at(b, source, b.mul(place, words["weight_outer"]))
        with b.if_else(b.icmp_signed("<", place, count)) as (some, none):
            with some:
                made = W.forward_of_weights(b, _window(b, words, kind, window))
                for number, value in enumerate(v for line in made for v in line):
                    if kind.sums != _F64:
                        value = b.fptrunc(value, kind.sums)
                    B.store(b, value, B.at(b, target, b.mul(step, B.index(number))))
            with none, B.loop(b, B.index(0), B.index(PLACES)) as number:
                B.store(b, zero, B.at(b, target, b.mul(step, number)))


def _window(
    b: ll.IRBuilder, words: Words, kind: T.Numbers, window: ll.Value
) -> list[list[ll.Value]]:
    """The elements of a window, as float64."""
    found = []
    for i in range(3):
        line = []
        for j in range(3):
            down = b.mul(words["weight_h"], B.index(i))
            along_row = b.mul(words["weight_w"], B.index(j))
            element = B.load(b, B.at(b, window, down, along_row), kind.sums)
            line.append(element if kind.sums == _F64 else b.fpext(element, _F64))
        found.append(line)
    return found

"""How operands of convolutions are laid out: weights in panels, inputs with zeros around.

The layouts are those that `jit.runtime.codegen.convolutions.convolution` reads.
"""

from __future__ import annotations

import llvmlite.ir as ll
import numpy as np

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import (
    AXES,
    Convolution,
    Named,
    Plan,
    along,
    group_count,
    inner_channels,
    product,
)
from jit.runtime.codegen.products.packing import emit_pack, emit_turn
from jit.runtime.codegen.values import I64, POINTER


def emit_pack_weights(module: ll.Module, conv: Convolution) -> ll.Function:
    """A function (plan, weights, out, first, last) that packs weights into panels.

    It packs some elements of the windows, counted through all groups.
    """
    kind = "depthwise_" if conv.depthwise else ""
    name = f"pack_weights_{kind}{conv.types.source.name}_{conv.shape.width}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(
        module,
        name,
        [("plan", POINTER), ("weights", POINTER), ("out", POINTER), ("first", I64),
         ("last", I64)],
        internal=False,
    )  # fmt: skip
    plan, shape, item = Plan(b, given["plan"]), conv.shape, conv.types.sum_bytes
    pack = emit_pack(module, conv.types, shape.lanes)
    row = B.index(shape.width * item)
    inner = inner_channels(b, conv, plan)
    outer = b.udiv(plan["outer"], group_count(conv, plan))
    taps = product(b, plan, *along("kernel"))
    panel = b.mul(b.mul(taps, inner), row)
    group = b.mul(panel, B.ceil_div(b, outer, shape.width))
    with B.loop(b, given["first"], given["last"]) as unit:
        g, tap = b.udiv(unit, taps), b.urem(unit, taps)
        w, rest = b.urem(tap, plan["kernel_w"]), b.udiv(tap, plan["kernel_w"])
        h, d = b.urem(rest, plan["kernel_h"]), b.udiv(rest, plan["kernel_h"])
        source = B.at(b, given["weights"], b.mul(g, plan["weight_group"]))
        for place, axis in zip((d, h, w), AXES, strict=True):
            source = B.at(b, source, b.mul(place, plan[f"weight_{axis}"]))
        moved = b.mul(b.mul(tap, inner), row)
        out = B.at(b, given["out"], b.mul(g, group), moved)
        b.call(pack, [
            source, plan["weight_inner"], plan["weight_outer"], inner, outer, out,
            panel, B.index(shape.vectors),
        ])  # fmt: skip
    b.ret_void()
    return b.function


def pack_units(b: ll.IRBuilder, conv: Convolution, plan: Named) -> ll.Value:
    """Parts into which packing may be cut."""
    return b.mul(group_count(conv, plan), product(b, plan, *along("kernel")))


def packed(conv: Convolution, weight: np.ndarray) -> np.ndarray:
    """What `emit_pack_weights` makes, of weights [groups, outer, inner, taps].

    Those of a depthwise convolution are one group.
    """
    groups, outer, inner, taps = weight.shape
    width = conv.shape.width
    panels = -(-outer // width)
    kind = np.float64 if conv.types.sum_bytes == 8 else np.float32
    full = np.zeros((groups, panels * width, inner, taps), kind)
    full[:, :outer] = weight
    turned = full.reshape(groups, panels, width, inner, taps)
    return np.ascontiguousarray(turned.transpose(0, 1, 4, 3, 2))


def emit_pad(module: ll.Module, conv: Convolution) -> ll.Function:
    """A function (plan, x, out, first, last) that lays out the input.

    It makes some of the rows, of all images, with the zeros around them.
    """
    name = f"pad_{conv.types.source.name}_{conv.shape.lanes}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(
        module,
        name,
        [("plan", POINTER), ("x", POINTER), ("out", POINTER), ("first", I64),
         ("last", I64)],
        internal=False,
    )  # fmt: skip
    plan, types = Plan(b, given["plan"]), conv.types
    turn = emit_turn(module, types.source, conv.shape, widens=True)
    fill = _emit_fill(module)
    pixel = b.mul(plan["channels"], B.index(types.sum_bytes))
    row_bytes = b.mul(plan["full_w"], pixel)
    with B.loop(b, given["first"], given["last"]) as row:
        out = B.at(b, given["out"], b.mul(row, row_bytes))
        h = b.urem(row, plan["full_h"])
        rest = b.udiv(row, plan["full_h"])
        d, image = b.urem(rest, plan["full_d"]), b.udiv(rest, plan["full_d"])
        d, has_d = _before_spreading(b, plan, d, "d")
        h, has_h = _before_spreading(b, plan, h, "h")
        exists = b.and_(has_d, has_h)
        spread = plan["spread_w"]
        is_spread = b.icmp_signed(">", spread, B.index(1))
        # elements before the padded input, where the padding is negative
        cut = B.larger(b, B.index(0), b.sub(B.index(0), plan["pad_w"]))
        cut = B.ceil_div(b, cut, spread)
        start = b.add(plan["pad_w"], b.mul(cut, spread))
        room = B.larger(b, B.index(0), b.sub(plan["full_w"], start))
        count = B.smaller(b, b.sub(plan["in_w"], cut), B.ceil_div(b, room, spread))
        count = B.larger(b, B.index(0), count)
        left = b.mul(start, pixel)
        with b.if_else(b.or_(is_spread, b.not_(exists))) as (all_zero, ends):
            with all_zero:
                b.call(fill, [out, row_bytes])
            with ends:
                b.call(fill, [out, B.smaller(b, left, row_bytes)])
                used = b.add(left, b.mul(count, pixel))
                b.call(fill, [B.at(b, out, used), b.sub(row_bytes, used)])
        with b.if_then(exists):
            x = B.at(
                b,
                given["x"],
                b.mul(image, plan["x_image"]),
                b.mul(d, plan["x_d"]),
                b.mul(h, plan["x_h"]),
                b.mul(cut, plan["x_w"]),
            )
            b.call(turn, [
                x, plan["x_w"], plan["x_channel"], count, plan["channels"],
                B.at(b, out, left), b.mul(pixel, spread),
            ])  # fmt: skip
    b.ret_void()
    return b.function


def _before_spreading(
    b: ll.IRBuilder, plan: Plan, place: ll.Value, axis: str
) -> tuple[ll.Value, ll.Value]:
    """Which element of the input lies at a place of the padded one, and if one does."""
    place = b.sub(place, plan[f"pad_{axis}"])
    spread = plan[f"spread_{axis}"]
    element = b.sdiv(place, spread)
    exact = b.icmp_signed("==", b.mul(element, spread), place)
    inside = b.icmp_unsigned("<", element, plan[f"in_{axis}"])
    return element, b.and_(
        exact, b.and_(inside, b.icmp_signed(">=", place, B.index(0)))
    )


def _emit_fill(module: ll.Module) -> ll.Function:
    """A function (out, bytes) that writes zeros, four bytes at a time."""
    found = module.globals.get("fill_zeros")
    if found is not None:
        return found
    b, given = B.new_function(module, "fill_zeros", [("out", POINTER), ("bytes", I64)])
    with B.loop(b, B.index(0), given["bytes"], 4) as place:
        B.store(b, ll.Constant(ll.IntType(32), 0), B.at(b, given["out"], place), 4)
    b.ret_void()
    return b.function

"""Padding of all modes, and what takes elements from other places.

The result is made row by row. Tables say for each axis where its elements come from, in
bytes. What follows each other in both is
copied in vectors. Kernels serve up to three axes and two dims before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import AXES
from jit.runtime.codegen.convolutions.convolving import RUN, TASK_ARGUMENTS, share
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import constant_ints, tensor
from jit.runtime.codegen.values import ELEMENT, F32, I1, I64, POINTER, Buffer

MODES = ("constant", "reflect", "replicate", "circular", "nearest")


_NOTHING = B.index(-(1 << 62))
"""In a table, where there is no element."""


def _along(name: str) -> list[str]:
    return [f"{name}_{axis}" for axis in AXES]


WORDS = [
    "x", "out", "table", "value", "lead0", "lead1", "x_lead0", "x_lead1",
    *_along("in"), *_along("out"), *_along("before"), *_along("x"), *_along("step"),
]  # fmt: skip
"""`value` are the bits of the constant; `step_…` those of the float32 by which a place of
the result is multiplied."""


def _tables(b: ll.IRBuilder, words: Words) -> list[ll.Value]:
    """Where the table of each axis begins."""
    first = words.pointer("table")
    second = B.at(b, first, b.mul(words["out_d"], B.index(8)))
    return [first, second, B.at(b, second, b.mul(words["out_h"], B.index(8)))]


def _source(
    b: ll.IRBuilder, words: Words, mode: str, axis: str, place: ll.Value
) -> ll.Value:
    """The place of the input that a place of the result shows; negative if none does."""
    size, zero = words[f"in_{axis}"], B.index(0)
    last = b.sub(size, B.index(1))
    if mode == "nearest":
        step = b.bitcast(b.trunc(words[f"step_{axis}"], ll.IntType(32)), F32)
        found = b.fptosi(b.fmul(b.sitofp(place, F32), step), I64)
        return B.smaller(b, found, last)
    place = b.sub(place, words[f"before_{axis}"])
    low = b.icmp_signed("<", place, zero)
    high = b.icmp_signed(">=", place, size)
    match mode:
        case "constant":
            return b.select(b.or_(low, high), B.index(-1), place)
        case "replicate":
            return B.larger(b, B.smaller(b, place, last), zero)
        case "reflect":
            place = b.select(low, b.neg(place), place)
            return b.select(high, b.sub(b.add(last, last), place), place)
    place = b.select(low, b.add(place, size), place)
    return b.select(high, b.sub(place, size), place)


def _emit_task(module: ll.Module, name: str, mode: str, item: int) -> ll.Function:
    """`(words, first, last)`: makes some rows."""
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words = Words(b, given["words"], WORDS)
    loaded = {n: words[n] for n in WORDS}
    tables = _tables(b, words)
    element = ll.IntType(8 * item)
    value = loaded["value"]
    value = value if item == 8 else b.trunc(value, element)
    width, zero = loaded["out_w"], B.index(0)
    row_bytes = b.mul(width, B.index(item))
    # what lies in the middle is copied as it is
    start = B.larger(b, zero, B.smaller(b, loaded["before_w"], width))
    end = b.add(loaded["before_w"], loaded["in_w"])
    end = B.larger(b, start, B.smaller(b, end, width))
    together = b.icmp_signed("==", loaded["x_w"], B.index(item))
    straight = together if mode != "nearest" else ll.Constant(I1, 0)
    start = b.select(straight, start, zero)
    end = b.select(straight, end, zero)
    x, out = words.pointer("x"), words.pointer("out")
    with B.loop(b, given["first"], given["last"]) as row:
        h, rest = b.urem(row, loaded["out_h"]), b.udiv(row, loaded["out_h"])
        d, rest = b.urem(rest, loaded["out_d"]), b.udiv(rest, loaded["out_d"])
        second, first = b.urem(rest, loaded["lead1"]), b.udiv(rest, loaded["lead1"])
        offsets = [
            B.load(b, B.at(b, table, b.mul(place, B.index(8))), I64)
            for table, place in zip(tables[:2], (d, h), strict=True)
        ]
        exists: ll.Value = B.true()
        if mode == "constant":
            far = [b.icmp_signed("!=", o, _NOTHING) for o in offsets]
            exists = b.and_(*far)
        source = B.at(
            b,
            x,
            b.mul(first, loaded["x_lead0"]),
            b.mul(second, loaded["x_lead1"]),
            *offsets,
        )
        target = B.at(b, out, b.mul(row, row_bytes))

        def by_table(begin: ll.Value, stop: ll.Value) -> None:
            with B.loop(b, begin, stop) as w:
                offset = B.load(b, B.at(b, tables[2], b.mul(w, B.index(8))), I64)
                inside = b.icmp_signed("!=", offset, _NOTHING)
                at = B.at(b, source, b.select(inside, offset, zero))
                shown = value
                if mode != "constant":
                    shown = B.load(b, at, element, item)
                else:
                    before = b.block
                    with b.if_then(inside):
                        found = B.load(b, at, element, item)
                        after = b.block
                    shown = b.phi(element)
                    shown.add_incoming(value, before)
                    shown.add_incoming(found, after)
                B.store(b, shown, B.at(b, target, b.mul(w, B.index(item))), item)

        with b.if_else(exists) as (some, nothing):
            with some:
                by_table(zero, start)
                _copy(
                    b,
                    B.at(b, source, b.mul(b.sub(start, loaded["before_w"]),
                                          B.index(item))),
                    B.at(b, target, b.mul(start, B.index(item))),
                    b.sub(end, start),
                    item,
                )  # fmt: skip
                by_table(end, width)
            with nothing, B.loop(b, zero, width) as w:
                B.store(b, value, B.at(b, target, b.mul(w, B.index(item))), item)
    b.ret_void()
    return b.function


def _copy(
    b: ll.IRBuilder, source: ll.Value, target: ll.Value, count: ll.Value, item: int
) -> None:
    """Elements that lie together, in vectors and then one by one."""
    lanes = max(targets.host().vector_bytes // item, 1)
    element = ll.IntType(8 * item)
    whole = b.and_(count, B.index(-lanes))
    for begin, stop, step in ((B.index(0), whole, lanes), (whole, count, 1)):
        kind = ll.VectorType(element, lanes) if step > 1 else element
        with B.loop(b, begin, stop, step) as place:
            moved = b.mul(place, B.index(item))
            value = B.load(b, B.at(b, source, moved), kind, item)
            B.store(b, value, B.at(b, target, moved), item)


def _emit_run(module: ll.Module, name: str, mode: str, item: int) -> ll.Function:
    """`(words)`: fills the tables, and makes all rows."""
    task = _emit_task(module, f"{name}_task", mode, item)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], WORDS)
    for axis, table in zip(AXES, _tables(b, words), strict=True):
        with B.loop(b, B.index(0), words[f"out_{axis}"]) as place:
            found = _source(b, words, mode, axis, place)
            inside = b.icmp_signed(">=", found, B.index(0))
            offset = b.mul(found, words[f"x_{axis}"])
            if mode == "constant":
                offset = b.select(inside, offset, _NOTHING)
            B.store(b, offset, B.at(b, table, b.mul(place, B.index(8))))
    rows = b.mul(words["lead0"], words["lead1"])
    rows = b.mul(rows, b.mul(words["out_d"], words["out_h"]))
    share(b, given["words"], task, rows, b.mul(words["out_w"], B.index(8)))
    b.ret_void()
    return b.function


def take_places(
    region: Region,
    x: Buffer,
    mode: str,
    axes: int,
    counts: Sequence[ll.Value],
    before: Sequence[ll.Value],
    steps: Sequence[ll.Value] = (),
    value: ll.Value | None = None,
) -> Buffer:
    """A tensor whose last `axes` dims show elements of `x`."""
    b = region.b
    made = region.allocate(x.dtype, [*x.sizes[: x.rank - axes], *counts])
    item = x.dtype.itemsize
    # dims that stay as they are count as axes until there are three
    missing = max(0, min(3, x.rank) - axes)
    start = x.rank - axes - missing
    if start > 2:
        raise Declined("there are too many dims before those that change")
    sizes, strides = list(x.sizes[start:]), list(x.strides[start:])
    kept = sizes[:missing]
    zero, one = I64(0), I64(1)
    name = f"run_{mode}_places_{item}"
    run = region.kernel(name, RUN, lambda m, n: _emit_run(m, n, mode, item))
    memory = region.stack(ll.ArrayType(I64, len(WORDS)), "places")
    words = Words(b, b.bitcast(memory, POINTER), WORDS)
    words["x"], words["out"] = x.data, made.data
    words["value"] = value if value is not None else zero
    for place in range(2):
        exists = place < start
        words[f"lead{place}"] = x.sizes[place] if exists else one
        words[f"x_lead{place}"] = x.strides[place] if exists else zero
    unit = b.zext(b.bitcast(ll.Constant(F32, 1.0), ll.IntType(32)), I64)
    for name, values, absent in (
        ("in", sizes, one),
        ("out", [*kept, *counts], one),
        ("before", [zero] * missing + list(before), zero),
        ("x", strides, zero),
        ("step", [unit] * missing + list(steps or [unit] * axes), unit),
    ):
        given = [absent] * (3 - len(values)) + values
        for axis, number in zip(AXES, given, strict=True):
            words[f"{name}_{axis}"] = number
    entries = b.add(words["out_d"], b.add(words["out_h"], words["out_w"]))
    bytes = b.mul(b.add(entries, one), I64(8))
    allocate = ll.FunctionType(POINTER, [I64])
    release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    block = b.call(host_function(b, "allocate", allocate), [bytes])
    region.need_memory(block)
    words["table"] = block
    b.call(run, [words.base])
    b.call(host_function(b, "release", release), [block, bytes])
    return made


# padding ------------------------------------------------------------------------------


def _bits(dtype: DType, value: Any) -> ll.Value:
    """The bits of a constant in a dtype, as a word."""
    number = np.asarray(value).astype(dtype.numpy)
    return I64(int.from_bytes(number.tobytes(), "little"))


def _constant_value(region: Region, node: Node, place: int) -> Any:
    found = region.value(node.inputs[place])
    if isinstance(found, Static) and found.value is None:
        return 0
    if isinstance(found, ll.Constant):
        return found.constant
    raise Declined("the value is not a constant")


def pad(region: Region, node: Node, x: Buffer, mode: str, value: Any) -> Buffer:
    """Elements before and after the last dims, which come last dim first."""
    b = region.b
    numbers = constant_ints(region, node.inputs[1])
    axes = len(numbers) // 2
    if x.dtype not in ELEMENT or len(numbers) % 2 or not 1 <= axes <= min(3, x.rank):
        raise Declined("this padding has no machine code")
    if mode != "constant" and (x.rank not in (axes + 1, axes + 2) or min(numbers) < 0):
        raise Declined("this padding has no machine code")
    before, after = numbers[0::2][::-1], numbers[1::2][::-1]
    counts, holds = [], B.true()
    for size, first, last in zip(x.sizes[-axes:], before, after, strict=True):
        least = max(0, -min(first, 0) - min(last, 0), -first - last)
        match mode:
            case "reflect":
                least = max(first, last) + 1
            case "replicate":
                least = 1
            case "circular":
                least = max(first, last)
        holds = b.and_(holds, b.icmp_signed(">=", size, I64(least)))
        counts.append(b.add(size, I64(first + last)))
    region.fail_unless(holds, node)
    bits = _bits(x.dtype, value)
    return take_places(
        region, x, mode, axes, counts, [I64(n) for n in before], value=bits
    )


@lowering("aten::constant_pad_nd")
def constant_pad(region: Region, node: Node) -> Buffer:
    """A constant around the last dims; negative numbers cut off."""
    value = _constant_value(region, node, 2)
    return pad(region, node, tensor(region, node.inputs[0]), "constant", value)


@lowering("aten::pad")
def pad_in_mode(region: Region, node: Node) -> Buffer:
    """Padding of any mode, which is a constant."""
    mode = region.value(node.inputs[2])
    if not isinstance(mode, Static) or mode.value not in MODES[:4]:
        raise Declined("the mode is not one of the known ones")
    value = _constant_value(region, node, 3)
    if mode.value != "constant" and value != 0:
        raise Declined("the mode takes no value")
    return pad(region, node, tensor(region, node.inputs[0]), mode.value, value)


def _with_mode(mode: str) -> Callable[[Region, Node], Buffer]:
    def lower(region: Region, node: Node) -> Buffer:
        return pad(region, node, tensor(region, node.inputs[0]), mode, 0)

    return lower


for _axes in (1, 2, 3):
    lowering(f"aten::reflection_pad{_axes}d")(_with_mode("reflect"))
    lowering(f"aten::replication_pad{_axes}d")(_with_mode("replicate"))

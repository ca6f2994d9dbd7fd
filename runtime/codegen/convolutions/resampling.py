"""Resampling of images: to the nearest element, and linearly between neighbours.

Linear results are made row by row: two rows of the input are combined along their whole
width, in vectors, and then two elements of what that gives. Sums are doubles.
"""

from __future__ import annotations

from collections.abc import Callable

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.graph import Node, Value
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolving import (
    RUN,
    TASK_ARGUMENTS,
    share,
    with_work,
)
from jit.runtime.codegen.convolutions.padding import take_places
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import ints_of, tensor
from jit.runtime.codegen.values import ELEMENT, F32, F64, I32, I64, POINTER, Buffer


def _wanted(
    region: Region, node: Node, axes: int, *, by_factors: bool
) -> tuple[Buffer, list[ll.Value], list[float | None]]:
    """The input, the sizes of the result along its space, and factors that are given."""
    b = region.b
    x = tensor(region, node.inputs[0])
    if x.rank != axes + 2 or x.dtype not in ELEMENT:
        raise Declined("this resampling has no machine code")
    factors: list[float | None] = [None] * axes
    if by_factors and _is_none(region, node.inputs[1]):
        factors = _factors(region, node.inputs[-1])
        if len(factors) != axes:
            raise Declined("there are more or fewer factors than axes")
        counts = []
        for size, factor in zip(x.sizes[2:], factors, strict=True):
            long = b.fmul(b.sitofp(size, F64), ll.Constant(F64, factor))
            counts.append(b.fptosi(long, I64))
    else:
        counts = ints_of(region, node.inputs[1])
        if by_factors and not _is_none(region, node.inputs[-1]):
            raise Declined("sizes and factors are both given")
        if not by_factors:
            factors = [_factor(region, v) for v in node.inputs[-axes:]]
    if len(counts) != axes:
        raise Declined("there are more or fewer sizes than axes")
    holds: ll.Value = B.true()
    for n in (*x.sizes[2:], *counts):
        holds = b.and_(holds, b.icmp_signed(">", n, I64(0)))
    region.fail_unless(holds, node)
    return x, counts, factors


def _is_none(region: Region, value: Value) -> bool:
    found = region.value(value)
    return isinstance(found, Static) and found.value is None


def _factor(region: Region, value: Value) -> float | None:
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return None
    if isinstance(found, ll.Constant) and found.constant:
        return float(found.constant)
    raise Declined("a factor is not a constant")


def _factors(region: Region, value: Value) -> list[float | None]:
    found = region.value(value)
    items = getattr(found, "items", None)
    if not isinstance(items, tuple) or not all(
        isinstance(item, ll.Constant) and item.type == F64 and 0 < item.constant < 2**31
        for item in items
    ):
        raise Declined("the factors are not constants")
    return [float(item.constant) for item in items]


def _nearest(axes: int, by_factors: bool) -> Callable[[Region, Node], Buffer]:
    def lower(region: Region, node: Node) -> Buffer:
        b = region.b
        x, counts, factors = _wanted(region, node, axes, by_factors=by_factors)
        steps = []
        for size, count, factor in zip(x.sizes[2:], counts, factors, strict=True):
            if factor is not None:
                step: ll.Value = ll.Constant(F32, float(np.float32(1 / factor)))
            else:
                step = b.fdiv(b.sitofp(size, F32), b.sitofp(count, F32))
            steps.append(b.zext(b.bitcast(step, I32), I64))
        zeros = [I64(0)] * axes
        return take_places(region, x, "nearest", axes, counts, zeros, steps)

    return lower


# linear -------------------------------------------------------------------------------

_WORDS = [
    "x", "out", "table", "failed", "images", "channels", "x_image", "x_channel",
    "in_h", "in_w", "out_h", "out_w", "x_h", "x_w", "step_h", "step_w", "shift",
]  # fmt: skip
"""`step_…` and `shift` are doubles: a place of the result, plus the shift, times the
step, minus the shift, all in the type of the sums, is where it lies in the input."""

_ENTRY = 24
"""Bytes of an entry of a table: the neighbours, as elements, and the weight of the
second."""


def _entry(b: ll.IRBuilder, table: ll.Value, place: ll.Value) -> list[ll.Value]:
    at = B.at(b, table, b.mul(place, B.index(_ENTRY)))
    low, high = B.load(b, at, I64), B.load(b, B.at(b, at, 8), I64)
    return [low, high, B.load(b, B.at(b, at, 16), F64)]


def _between(
    b: ll.IRBuilder, low: ll.Value, high: ll.Value, weight: ll.Value
) -> ll.Value:
    one = ll.Constant(F64, 1.0)
    rest = b.fsub(one, weight)
    if isinstance(low.type, ll.VectorType):
        weight, rest = (B.splat(b, w, low.type.count) for w in (weight, rest))
    return b.fadd(b.fmul(low, rest), b.fmul(high, weight))


def _emit_task(module: ll.Module, name: str, types: T.Numbers) -> ll.Function:
    """`(words, first, last)`: makes some rows."""
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words = Words(b, given["words"], _WORDS)
    known = {n: words[n] for n in _WORDS}
    item, element = types.source.itemsize, ELEMENT[types.source]
    lanes = max(targets.host().vector_bytes // 8, 2)

    def wide(value: ll.Value) -> ll.Value:
        value = T.loaded(b, value, types.source)
        if types.sums == F64:
            return value
        kind = value.type
        return b.fpext(
            value, ll.VectorType(F64, kind.count) if hasattr(kind, "count") else F64
        )

    def use(buffer: ll.Value) -> None:
        tables = words.pointer("table")
        across = B.at(b, tables, b.mul(known["out_h"], B.index(_ENTRY)))
        together = b.icmp_signed("==", known["x_w"], B.index(item))
        whole = b.and_(known["in_w"], B.index(-lanes))
        whole = b.select(together, whole, B.index(0))
        with B.loop(b, given["first"], given["last"]) as row:
            h, plane = b.urem(row, known["out_h"]), b.udiv(row, known["out_h"])
            x = B.at(
                b,
                words.pointer("x"),
                b.mul(b.udiv(plane, known["channels"]), known["x_image"]),
                b.mul(b.urem(plane, known["channels"]), known["x_channel"]),
            )
            low, high, weight = _entry(b, tables, h)
            lines = [B.at(b, x, b.mul(n, known["x_h"])) for n in (low, high)]
            for begin, stop, step in (
                (B.index(0), whole, lanes),
                (whole, known["in_w"], 1),
            ):
                kind = ll.VectorType(element, lanes) if step > 1 else element
                with B.loop(b, begin, stop, step) as w:
                    moved = b.mul(w, known["x_w"])
                    pair = [
                        wide(B.load(b, B.at(b, line, moved), kind, item))
                        for line in lines
                    ]
                    made = _between(b, pair[0], pair[1], weight)
                    B.store(b, made, B.at(b, buffer, b.mul(w, B.index(8))), 8)
            out = b.mul(b.mul(row, known["out_w"]), B.index(item))
            out = B.at(b, words.pointer("out"), out)
            with B.loop(b, B.index(0), known["out_w"]) as w:
                low, high, weight = _entry(b, across, w)
                pair = [
                    B.load(b, B.at(b, buffer, b.mul(n, B.index(8))), F64)
                    for n in (low, high)
                ]
                made = _between(b, pair[0], pair[1], weight)
                if types.sums != F64:
                    made = b.fptrunc(made, F32)
                made = T.stored(b, made, types.result)
                B.store(b, made, B.at(b, out, b.mul(w, B.index(item))), item)

    with_work(b, words, b.mul(known["in_w"], B.index(8)), use)
    b.ret_void()
    return b.function


def _emit_run(module: ll.Module, name: str, types: T.Numbers) -> ll.Function:
    """`(words)`: fills the tables, and makes all rows."""
    task = _emit_task(module, f"{name}_task", types)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], _WORDS)
    table = words.pointer("table")
    zero = ll.Constant(F64, 0.0)
    for axis in "hw":
        last = b.sub(words[f"in_{axis}"], B.index(1))
        shift = b.bitcast(words["shift"], F64)
        step = b.bitcast(words[f"step_{axis}"], F64)
        with B.loop(b, B.index(0), words[f"out_{axis}"]) as place:
            found = _placed(b, types.sums, place, shift, step)
            found = b.select(b.fcmp_ordered(">", found, zero), found, zero)
            low = B.smaller(b, b.fptosi(found, I64), last)
            high = B.smaller(b, b.add(low, B.index(1)), last)
            at = B.at(b, table, b.mul(place, B.index(_ENTRY)))
            B.store(b, low, at)
            B.store(b, high, B.at(b, at, 8))
            B.store(b, b.fsub(found, b.sitofp(low, F64)), B.at(b, at, 16))
        table = B.at(b, table, b.mul(words[f"out_{axis}"], B.index(_ENTRY)))
    rows = b.mul(b.mul(words["images"], words["channels"]), words["out_h"])
    work = b.mul(b.add(words["in_w"], words["out_w"]), B.index(16))
    share(b, given["words"], task, rows, work)
    b.ret_void()
    return b.function


def _placed(
    b: ll.IRBuilder, kind: ll.Type, place: ll.Value, shift: ll.Value, step: ll.Value
) -> ll.Value:
    if kind != F64:
        shift, step = (b.fptrunc(v, F32) for v in (shift, step))
    found = b.fsub(b.fmul(b.fadd(b.sitofp(place, kind), shift), step), shift)
    return found if kind == F64 else b.fpext(found, F64)


def _linear(axes: int, by_factors: bool) -> Callable[[Region, Node], Buffer]:
    def lower(region: Region, node: Node) -> Buffer:
        b = region.b
        x, counts, factors = _wanted(region, node, axes, by_factors=by_factors)
        if x.dtype not in (dtypes.float32, dtypes.float64, dtypes.float16,
                           dtypes.bfloat16):  # fmt: skip
            raise Declined(f"resampling of {x.dtype.name} has no machine code")
        corners = region.value(node.inputs[2])
        if not isinstance(corners, ll.Constant):
            raise Declined("an argument is not a constant")
        made = region.allocate(x.dtype, [*x.sizes[:2], *counts])
        types = T.numbers(x.dtype)
        run = region.kernel(
            f"run_linear_{x.dtype.name}",
            RUN,
            lambda m, n: _emit_run(m, n, types),
        )
        memory = region.stack(ll.ArrayType(I64, len(_WORDS)), "resampling")
        words = Words(b, b.bitcast(memory, POINTER), _WORDS)
        one, zero = I64(1), I64(0)
        sizes, strides = list(x.sizes[2:]), list(x.strides[2:])
        steps = []
        for size, count, factor in zip(sizes, counts, factors, strict=True):
            steps.append(_step(b, types, size, count, factor, bool(corners.constant)))
        if axes == 1:
            sizes, counts, strides = [one, *sizes], [one, *counts], [zero, *strides]
            steps = [ll.Constant(F64, 0.0), *steps]
        shift = ll.Constant(F64, 0.0 if corners.constant else 0.5)
        values = {
            "x": x.data, "out": made.data, "failed": zero, "images": x.sizes[0],
            "channels": x.sizes[1], "x_image": x.strides[0],
            "x_channel": x.strides[1], "shift": b.bitcast(shift, I64),
        }  # fmt: skip
        for place, axis in enumerate("hw"):
            values[f"in_{axis}"], values[f"out_{axis}"] = sizes[place], counts[place]
            values[f"x_{axis}"] = strides[place]
            values[f"step_{axis}"] = b.bitcast(steps[place], I64)
        for name, value in values.items():
            words[name] = value
        bytes = b.mul(b.add(counts[0], counts[1]), I64(_ENTRY))
        allocate = ll.FunctionType(POINTER, [I64])
        release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
        block = b.call(host_function(b, "allocate", allocate), [bytes])
        region.need_memory(block)
        words["table"] = block
        b.call(run, [words.base])
        b.call(host_function(b, "release", release), [block, bytes])
        done = b.icmp_signed("==", words["failed"], zero)
        region.fail_unless(done, node, [], MemoryError())
        return made

    return lower


def _step(
    b: ll.IRBuilder,
    types: T.Numbers,
    size: ll.Value,
    count: ll.Value,
    factor: float | None,
    corners: bool,
) -> ll.Value:
    """How far apart results lie in the input, rounded to the type of the sums."""
    step: ll.Value
    if corners:
        one = I64(1)
        many = b.icmp_signed(">", count, one)
        last = b.sitofp(B.larger(b, b.sub(count, one), one), F64)
        step = b.fdiv(b.sitofp(b.sub(size, one), F64), last)
        step = b.select(many, step, ll.Constant(F64, 0.0))
    elif factor is not None:
        step = ll.Constant(F64, 1 / factor)
    else:
        step = b.fdiv(b.sitofp(size, F64), b.sitofp(count, F64))
    return step if types.sums == F64 else b.fpext(b.fptrunc(step, F32), F64)


for _axes, _name in ((1, "linear1d"), (2, "bilinear2d")):
    lowering(f"aten::upsample_nearest{_axes}d")(_nearest(_axes, False))
    lowering(f"aten::upsample_nearest{_axes}d.vec")(_nearest(_axes, True))
    lowering(f"aten::upsample_{_name}")(_linear(_axes, False))
    lowering(f"aten::upsample_{_name}.vec")(_linear(_axes, True))

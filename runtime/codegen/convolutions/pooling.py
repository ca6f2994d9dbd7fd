"""Pooling: maxima and means of windows and of bins.

Rows of a window are combined first, element by element along the whole width of the
input, in vectors; windows then combine their part of that row. Means are a sum divided
by the number of elements. A plane, the space of one channel of one image, is a unit of
work; kernels serve one to three axes, missing ones have size 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import AXES
from jit.runtime.codegen.convolutions.convolution_problem import spread
from jit.runtime.codegen.convolutions.convolving import share
from jit.runtime.codegen.convolutions.pooling_plan import (
    PLAN,
    Part,
    Pooling,
    combine,
    part_of,
    start_of,
)
from jit.runtime.codegen.convolutions.pooling_windows import (
    Windows,
    emit_windows,
    is_usable,
)
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import (
    constant_int,
    constant_ints,
    ints_of,
    tensor,
)
from jit.runtime.codegen.values import ELEMENT, I64, POINTER, Buffer

_LEAST_WORK = 1 << 16
"""Elements of a part that are worth another thread."""


def emit_pool(module: ll.Module, pool: Pooling) -> ll.Function:
    """`(plan, first, last, row)`: some planes; `row` has room for a row of sums."""
    b, given = B.new_function(
        module,
        pool.name,
        [("plan", POINTER), ("first", I64), ("last", I64), ("row", POINTER)],
        internal=False,
    )
    plan, types = Words(b, given["plan"], PLAN), pool.types
    channels, item = plan["channels"], types.source.itemsize
    size = b.mul(plan["out_d"], b.mul(plan["out_h"], plan["out_w"]))
    with (
        B.loop(b, given["first"], given["last"]) as unit,
        B.loop(b, B.index(0), plan["out_d"]) as d,
        B.loop(b, B.index(0), plan["out_h"]) as h,
    ):
        x = B.at(
            b,
            plan.pointer("x"),
            b.mul(b.udiv(unit, channels), plan["x_image"]),
            b.mul(b.urem(unit, channels), plan["x_channel"]),
        )
        line = b.add(b.mul(d, plan["out_h"]), h)
        done = b.add(b.mul(unit, size), b.mul(line, plan["out_w"]))
        out = B.at(b, plan.pointer("out"), b.mul(done, B.index(item)))
        parts = [part_of(b, pool, plan, a, p) for a, p in (("d", d), ("h", h))]
        _combine_rows(b, pool, plan, x, parts, given["row"])
        with B.loop(b, B.index(0), plan["out_w"]) as w:
            part = part_of(b, pool, plan, "w", w)
            _combine_row(
                b, pool, plan, [*parts, part], given["row"],
                B.at(b, out, b.mul(w, B.index(item))),
            )  # fmt: skip
    b.ret_void()
    return b.function


def _combine_rows(
    b: ll.IRBuilder,
    pool: Pooling,
    plan: Words,
    x: ll.Value,
    parts: Sequence[Part],
    row: ll.Value,
) -> None:
    """One row out of those that windows reach over, element by element."""
    types, lanes = pool.types, pool.lanes
    width, item = plan["in_w"], types.source.itemsize
    together = b.icmp_signed("==", plan["x_w"], B.index(item))
    whole = b.select(together, b.and_(width, B.index(-lanes)), B.index(0))

    def at(column: ll.Value, count: int | None) -> None:
        kind = types.sums if count is None else ll.VectorType(types.sums, count)
        stored = ELEMENT[types.source]
        stored = stored if count is None else ll.VectorType(stored, count)
        start = B.at(b, x, b.mul(column, plan["x_w"]))
        deep, high = parts

        def plane(d: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
            def line(h: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
                place = B.at(b, start, b.mul(d, plan["x_d"]), b.mul(h, plan["x_h"]))
                found = B.load(b, place, stored, item)
                value = T.widen(b, found, types.source)
                return [combine(b, pool, carried[0], value)]

            return B.carried_loop(b, high.start, high.end, high.step, carried, line)

        first = [start_of(pool, kind)]
        (made,) = B.carried_loop(b, deep.start, deep.end, deep.step, first, plane)
        target = B.at(b, row, b.mul(column, B.index(types.sum_bytes)))
        B.store(b, made, target, types.sum_bytes)

    with B.loop(b, B.index(0), whole, lanes) as column:
        at(column, lanes)
    with B.loop(b, whole, width) as column:
        at(column, None)


def _combine_row(
    b: ll.IRBuilder,
    pool: Pooling,
    plan: Words,
    parts: Sequence[Part],
    row: ll.Value,
    out: ll.Value,
) -> None:
    """One element of the result out of a row."""
    types, part = pool.types, parts[-1]

    def step(w: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        place = B.at(b, row, b.mul(w, B.index(types.sum_bytes)))
        return [combine(b, pool, carried[0], B.load(b, place, types.sums))]

    first = [start_of(pool, types.sums)]
    (made,) = B.carried_loop(b, part.start, part.end, part.step, first, step)
    if pool.kind != "max":
        count = B.index(1)
        for each in parts:
            count = b.mul(count, each.count)
        divisor = plan["divisor"]
        is_own = b.icmp_signed("!=", divisor, B.index(0))
        made = b.fdiv(made, b.sitofp(b.select(is_own, divisor, count), types.sums))
    B.store(b, T.narrow(b, made, types.result), out, types.result.itemsize)


def _emit_task(module: ll.Module, pool: Pooling) -> ll.Function:
    kernel = emit_pool(module, pool)
    kernel.linkage = "internal"
    arguments = [("plan", POINTER), ("first", I64), ("last", I64)]
    b, given = B.new_function(module, f"{pool.name}_task", arguments)
    plan = Words(b, given["plan"], PLAN)
    bytes = b.mul(plan["in_w"], B.index(pool.types.sum_bytes))
    allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
    row = b.call(allocate, [bytes])
    with b.if_then(b.icmp_unsigned("==", row, ll.Constant(POINTER, None))):
        plan["failed"] = B.index(1)
        b.ret_void()
    b.call(kernel, [given["plan"], given["first"], given["last"], row])
    release = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    b.call(host_function(b, "release", release), [row, bytes])
    b.ret_void()
    return b.function


def _emit_run(module: ll.Module, name: str, pool: Pooling) -> ll.Function:
    """`(plan)`: all planes, on all threads."""
    task = _emit_task(module, pool)
    b, given = B.new_function(module, name, [("plan", POINTER)])
    plan = Words(b, given["plan"], PLAN)
    total = b.mul(plan["images"], plan["channels"])
    plane = b.mul(plan["in_d"], b.mul(plan["in_h"], plan["in_w"]))
    grain = B.ceil_div(b, B.index(_LEAST_WORK), B.larger(b, plane, B.index(1)))
    with b.if_else(b.icmp_signed("<=", total, grain)) as (small, large):
        with small:
            b.call(task, [given["plan"], B.index(0), total])
        with large:
            kind = ll.FunctionType(ll.VoidType(), [POINTER, POINTER, I64, I64])
            parallel = host_function(b, "parallel", kind)
            b.call(parallel, [b.bitcast(task, POINTER), given["plan"], total, grain])
    b.ret_void()
    return b.function


def _windows_of(
    pool: Pooling, axes: int, window: Mapping[str, Sequence[int]]
) -> Windows | None:
    """The kernel for vectors of windows, if there is one."""
    if pool.kind == "bins" or axes > 2 or set(window["dilation"]) != {1}:
        return None
    high, wide = [1] * (2 - axes) + list(window["size"])
    down, across = [1] * (2 - axes) + list(window["stride"])
    windows = Windows(pool, (high, wide), (down, across))
    return windows if is_usable(windows) else None


def _emit_windows_run(module: ll.Module, name: str, windows: Windows) -> ll.Function:
    """`(plan)`: all planes, on all threads."""
    task = emit_windows(module, windows)
    b, given = B.new_function(module, name, [("plan", POINTER)])
    plan = Words(b, given["plan"], PLAN)
    total = b.mul(plan["images"], plan["channels"])
    plane = b.mul(plan["out_h"], b.add(plan["out_w"], B.index(windows.pool.lanes)))
    high, wide = windows.size
    share(b, given["plan"], task, total, b.mul(plane, B.index(2 * high * wide)))
    b.ret_void()
    return b.function


# lowerings --------------------------------------------------------------------------


def prepare(
    x: Buffer,
    counts: Sequence[ll.Value],
    window: Mapping[str, Sequence[int]],
    rest: Mapping[str, ll.Value],
) -> tuple[dict[str, ll.Value], list[ll.Value]]:
    """The plan but for the result, and the result's sizes."""
    axes = len(counts)
    lead = list(x.sizes[: -axes - 1])
    one, none = I64(1), I64(0)
    plan = {
        "x": x.data,
        "failed": none,
        "images": lead[0] if lead else one,
        "channels": x.sizes[-axes - 1],
        "x_image": x.strides[0] if lead else none,
        "x_channel": x.strides[-axes - 1],
        "counts_padding": rest.get("counts_padding", none),
        "divisor": rest.get("divisor", none),
    }
    for name, values, missing in (
        ("in", x.sizes[-axes:], one),
        ("out", counts, one),
        ("x", x.strides[-axes:], none),
        ("size", [I64(v) for v in window.get("size", ())], one),
        ("stride", [I64(v) for v in window.get("stride", ())], one),
        ("padding", [I64(v) for v in window.get("padding", ())], none),
        ("dilation", [I64(v) for v in window.get("dilation", ())], one),
    ):
        given = [missing] * (3 - len(values)) + list(values)
        plan.update((f"{name}_{a}", v) for a, v in zip(AXES, given, strict=True))
    return plan, [*lead, x.sizes[-axes - 1], *counts]


def _pool(
    region: Region,
    node: Node,
    kind: Literal["max", "mean", "bins"],
    x: Buffer,
    counts: Sequence[ll.Value],
    window: Mapping[str, Sequence[int]],
    rest: Mapping[str, ll.Value],
) -> Buffer:
    """The kernel on a tensor that has been checked."""
    b, axes = region.b, len(counts)
    pool = Pooling(targets.host(), T.numbers(x.dtype), kind)
    values, sizes = prepare(x, counts, window, rest)
    made = region.allocate(x.dtype, sizes)
    type = ll.FunctionType(ll.VoidType(), [POINTER])
    run = region.kernel(f"run_{pool.name}", type, lambda m, n: _emit_run(m, n, pool))
    memory = region.stack(ll.ArrayType(I64, len(PLAN)), "pooling")
    plan = Words(b, b.bitcast(memory, POINTER), PLAN)
    for name, value in (values | {"out": made.data}).items():
        plan[name] = value
    windows = _windows_of(pool, axes, window)
    if windows is None:
        b.call(run, [plan.base])
    else:
        fast = region.kernel(
            f"run_{windows.name}", type, lambda m, n: _emit_windows_run(m, n, windows)
        )
        together = b.icmp_signed("==", x.strides[-1], I64(x.dtype.itemsize))
        with b.if_else(together, likely=True) as (straight, other):
            with straight:
                b.call(fast, [plan.base])
            with other:
                b.call(run, [plan.base])
    done = b.icmp_signed("==", plan["failed"], I64(0))
    region.fail_unless(done, node, [], MemoryError())
    return made


def _input(region: Region, node: Node, axes: int, at: int = 0) -> Buffer:
    x = tensor(region, node.inputs[at])
    if x.rank not in (axes + 1, axes + 2):
        raise Declined("the input has another rank")
    if x.dtype not in (
        dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16,
    ):  # fmt: skip
        raise Declined(f"pooling of {x.dtype.name} has no machine code")
    return x


def windows_of(
    region: Region,
    node: Node,
    axes: int,
    dilation: Sequence[int],
    ceil: bool,
    at: int = 0,
) -> tuple[Buffer, list[ll.Value], dict[str, list[int]]]:
    """The input, the numbers of windows, and what a window is.

    The node's arguments from `at` on are input, size, stride and padding.
    """
    b = region.b
    x = _input(region, node, axes, at)
    size = spread(constant_ints(region, node.inputs[at + 1]), axes, "kernel_size")
    stride = constant_ints(region, node.inputs[at + 2])
    stride = spread(stride, axes, "stride") if stride else size
    padding = spread(constant_ints(region, node.inputs[at + 3]), axes, "padding")
    dilation = spread(dilation, axes, "dilation")
    if min(*size, *stride, *dilation) < 1 or min(padding) < 0:
        raise Declined("the arguments are not those of a window")
    if any(
        2 * p > d * (k - 1) + 1 for p, d, k in zip(padding, dilation, size, strict=True)
    ):
        raise Declined("the arguments are not those of a window")
    holds: ll.Value = B.true()
    for n in x.sizes[-axes - 1 :]:
        holds = b.and_(holds, b.icmp_signed(">", n, I64(0)))
    counts = []
    for n, k, s, p, d in zip(
        x.sizes[-axes:], size, stride, padding, dilation, strict=True
    ):
        room = b.add(n, I64(2 * p - d * (k - 1) - 1 + (s - 1 if ceil else 0)))
        holds = b.and_(holds, b.icmp_signed(">=", room, I64(0)))
        count = b.add(b.sdiv(room, I64(s)), I64(1))
        if ceil:
            # a last window has to begin inside of the input or its left padding
            start = b.mul(b.sub(count, I64(1)), I64(s))
            outside = b.icmp_signed(">=", start, b.add(n, I64(p)))
            count = b.sub(count, b.zext(outside, I64))
        holds = b.and_(holds, b.icmp_signed(">=", count, I64(1)))
        counts.append(count)
    region.fail_unless(holds, node)
    window = {"size": size, "stride": stride, "padding": padding, "dilation": dilation}
    return x, counts, window


def _windowed(
    region: Region,
    node: Node,
    axes: int,
    kind: Literal["max", "mean"],
    dilation: Sequence[int],
    ceil: bool,
    rest: dict[str, ll.Value],
) -> Buffer:
    x, counts, window = windows_of(region, node, axes, dilation, ceil)
    return _pool(region, node, kind, x, counts, window, rest)


def constant_bool(region: Region, node: Node, place: int) -> bool:
    """An argument that is known."""
    found = region.value(node.inputs[place])
    if not isinstance(found, ll.Constant):
        raise Declined("an argument is not a constant")
    return bool(found.constant)


def _max(axes: int) -> Any:
    def lower(region: Region, node: Node) -> Buffer:
        dilation = constant_ints(region, node.inputs[4])
        ceil = constant_bool(region, node, 5)
        return _windowed(region, node, axes, "max", dilation, ceil, {})

    return lower


def _mean(axes: int) -> Any:
    def lower(region: Region, node: Node) -> Buffer:
        ceil = constant_bool(region, node, 4)
        rest = {"counts_padding": I64(int(constant_bool(region, node, 5)))}
        if len(node.inputs) > 6:
            divisor = region.value(node.inputs[6])
            if not (isinstance(divisor, Static) and divisor.value is None):
                number = constant_int(node.inputs[6])
                if number == 0:
                    raise Declined("the divisor is zero")
                rest["divisor"] = I64(number)
        return _windowed(region, node, axes, "mean", [1], ceil, rest)

    return lower


def bins_of(region: Region, node: Node, axes: int) -> tuple[Buffer, list[ll.Value]]:
    """The input and the numbers of bins."""
    b = region.b
    x = _input(region, node, axes)
    counts = ints_of(region, node.inputs[1])
    if len(counts) != axes:
        raise Declined("there are more or fewer sizes than axes")
    holds: ll.Value = B.true()
    for n in x.sizes[-axes:]:
        holds = b.and_(holds, b.icmp_signed("!=", n, I64(0)))
    for n in counts:
        holds = b.and_(holds, b.icmp_signed(">=", n, I64(0)))
    region.fail_unless(holds, node)
    return x, counts


def _bins(axes: int) -> Any:
    def lower(region: Region, node: Node) -> Buffer:
        x, counts = bins_of(region, node, axes)
        return _pool(region, node, "bins", x, counts, {}, {})

    return lower


for _axes in (1, 2, 3):
    lowering(f"aten::max_pool{_axes}d")(_max(_axes))
    lowering(f"aten::avg_pool{_axes}d")(_mean(_axes))
    lowering(f"aten::adaptive_avg_pool{_axes}d")(_bins(_axes))

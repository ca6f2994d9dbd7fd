"""Maxima of windows and of bins with their places in the input.

An element of the result is made at a time: the maximum and its place go along through the
window. A plane, the space of one channel of one image, is a unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import AXES, Named
from jit.runtime.codegen.convolutions.convolving import RUN, TASK_ARGUMENTS, share
from jit.runtime.codegen.convolutions.pooling import (
    bins_of,
    constant_bool,
    prepare,
    windows_of,
)
from jit.runtime.codegen.convolutions.pooling_plan import (
    PLAN,
    Part,
    Pooling,
    inside_part_of,
    part_of,
)
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import constant_ints
from jit.runtime.codegen.values import ELEMENT, I1, I64, POINTER, Buffer

_NAMES = [*PLAN, "places"]


@contextmanager
def maxima_of(
    b: ll.IRBuilder,
    pool: Pooling,
    plan: Named,
    x: ll.Value,
    is_inside: bool = False,
) -> Iterator[tuple[list[ll.Value], ll.Value, ll.Value]]:
    """Code for each window of a plane: where it is, its maximum, and the place of that.

    `is_inside` says that no window reaches past the plane.
    """
    with (
        B.loop(b, B.index(0), plan["out_d"]) as d,
        B.loop(b, B.index(0), plan["out_h"]) as h,
        B.loop(b, B.index(0), plan["out_w"]) as w,
    ):
        part = inside_part_of if is_inside else part_of
        windows = [d, h, w]
        parts = [
            part(b, pool, plan, axis, place)
            for axis, place in zip(AXES, windows, strict=True)
        ]
        yield windows, *_maximum_of(b, pool, plan, x, parts)


def _maximum_of(
    b: ll.IRBuilder, pool: Pooling, plan: Named, x: ll.Value, parts: list[Part]
) -> tuple[ll.Value, ll.Value]:
    """The maximum of a window or bin, and its place in the plane."""
    source = pool.types.source
    start = [ll.Constant(pool.types.sums, 0.0), B.index(0), ll.Constant(I1, 0)]

    def step(places: list[ll.Value], carried: Sequence[ll.Value]) -> list[ll.Value]:
        if len(places) < 3:
            part = parts[len(places)]
            return B.carried_loop(
                b, part.start, part.end, part.step, carried,
                lambda p, inner: step([*places, p], inner),
            )  # fmt: skip
        best, place, started = carried
        at = x
        for axis, index in zip(AXES, places, strict=True):
            at = B.at(b, at, b.mul(index, plan[f"x_{axis}"]))
        element = B.load(b, at, ELEMENT[source], source.itemsize)
        seen = T.loaded(b, element, source)
        is_nan = b.fcmp_unordered("uno", seen, seen)
        if pool.kind == "bins":
            # the first nan stays
            is_nan = b.and_(is_nan, b.fcmp_ordered("ord", best, best))
        better = b.or_(b.fcmp_ordered(">", seen, best), is_nan)
        better = b.or_(better, b.not_(started))
        line = b.add(b.mul(places[0], plan["in_h"]), places[1])
        own = b.add(b.mul(line, plan["in_w"]), places[2])
        return [
            b.select(better, seen, best),
            b.select(better, own, place),
            ll.Constant(I1, 1),
        ]

    best, place, _ = step([], start)
    return best, place


def _emit_task(module: ll.Module, name: str, pool: Pooling) -> ll.Function:
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words, types = Words(b, given["words"], _NAMES), pool.types
    plan = {n: words[n] for n in _NAMES}
    item = types.source.itemsize
    size = b.mul(plan["out_d"], b.mul(plan["out_h"], plan["out_w"]))
    with B.loop(b, given["first"], given["last"]) as unit:
        x = B.at(
            b,
            words.pointer("x"),
            b.mul(b.udiv(unit, plan["channels"]), plan["x_image"]),
            b.mul(b.urem(unit, plan["channels"]), plan["x_channel"]),
        )
        with maxima_of(b, pool, plan, x) as ((d, h, w), best, place):
            line = b.add(b.mul(d, plan["out_h"]), h)
            done = b.add(b.mul(line, plan["out_w"]), w)
            done = b.add(b.mul(unit, size), done)
            made = T.stored(b, best, types.result)
            out = B.at(b, words.pointer("out"), b.mul(done, B.index(item)))
            B.store(b, made, out, item)
            at = B.at(b, words.pointer("places"), b.mul(done, B.index(8)))
            B.store(b, place, at)
    b.ret_void()
    return b.function


def _emit_run(module: ll.Module, name: str, pool: Pooling) -> ll.Function:
    task = _emit_task(module, f"{name}_task", pool)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], _NAMES)
    total = b.mul(words["images"], words["channels"])
    plane = b.mul(words["in_d"], b.mul(words["in_h"], words["in_w"]))
    share(b, given["words"], task, total, b.mul(plane, B.index(16)))
    b.ret_void()
    return b.function


def _with_places(
    region: Region, pool: Pooling, plan: dict[str, ll.Value], x: Buffer,
    sizes: list[ll.Value],
) -> tuple[Buffer, Buffer]:  # fmt: skip
    b = region.b
    made = region.allocate(x.dtype, sizes)
    places = region.allocate(dtypes.int64, sizes)
    name = f"run_places_{pool.kind}_{x.dtype.name}"
    run = region.kernel(name, RUN, lambda m, n: _emit_run(m, n, pool))
    memory = region.stack(ll.ArrayType(I64, len(_NAMES)), "pooling")
    words = Words(b, b.bitcast(memory, POINTER), _NAMES)
    plan = plan | {"out": made.data, "places": places.data}
    for key, value in plan.items():
        words[key] = value
    b.call(run, [words.base])
    return made, places


def _windows(axes: int) -> Callable[[Region, Node], tuple[Buffer, Buffer]]:
    def lower(region: Region, node: Node) -> tuple[Buffer, Buffer]:
        dilation = constant_ints(region, node.inputs[4])
        ceil = constant_bool(region, node, 5)
        x, counts, window = windows_of(region, node, axes, dilation, ceil)
        pool = Pooling(targets.host(), T.numbers(x.dtype), "max")
        plan, sizes = prepare(x, counts, window, {})
        return _with_places(region, pool, plan, x, sizes)

    return lower


def _bins(axes: int) -> Callable[[Region, Node], tuple[Buffer, Buffer]]:
    def lower(region: Region, node: Node) -> tuple[Buffer, Buffer]:
        x, counts = bins_of(region, node, axes)
        pool = Pooling(targets.host(), T.numbers(x.dtype), "bins")
        plan, sizes = prepare(x, counts, {}, {})
        return _with_places(region, pool, plan, x, sizes)

    return lower


for _axes in (1, 2, 3):
    lowering(f"aten::max_pool{_axes}d_with_indices")(_windows(_axes))
    lowering(f"aten::adaptive_max_pool{_axes}d")(_bins(_axes))

"""The gradient of maxima of windows: each goes to the first of the largest elements.

The places of the maxima are looked for again. Windows are known, so that the search of a
small one is straight code. A plane, the space of one channel of one image, is a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions.convolution import AXES
from jit.runtime.codegen.convolutions.convolving import RUN, TASK_ARGUMENTS, share
from jit.runtime.codegen.convolutions.pooling import constant_bool, prepare, windows_of
from jit.runtime.codegen.convolutions.pooling_places import maxima_of
from jit.runtime.codegen.convolutions.pooling_plan import PLAN, Pooling
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import constant_ints, tensor
from jit.runtime.codegen.values import ELEMENT, I1, I8, I64, POINTER, Buffer

_NAMES = [*PLAN, "g", "g_image", "g_channel", *(f"g_{axis}" for axis in AXES)]
_WINDOW = ("size", "stride", "padding", "dilation")


@dataclass(frozen=True)
class _Kernel:
    """A kernel to be generated."""

    pool: Pooling
    window: tuple[tuple[int, ...], ...]
    """Sizes, strides, paddings and dilations of windows along all three axes."""
    is_inside: bool
    """Whether no window reaches past the input."""

    @property
    def name(self) -> str:
        numbers = "_".join("x".join(map(str, values)) for values in self.window)
        end = "" if self.is_inside else "_over"
        return f"max_gradient_{self.pool.types.source.name}_{numbers}{end}"

    @property
    def overlaps(self) -> bool:
        """Whether an element may lie in several windows."""
        sizes, strides, _, dilations = self.window
        reaches = [d * (n - 1) + 1 for n, d in zip(sizes, dilations, strict=True)]
        return any(r > s for r, s in zip(reaches, strides, strict=True))

    def known(self) -> dict[str, ll.Value]:
        """The words of the plan that are numbers of the code."""
        return {
            f"{name}_{axis}": B.index(value)
            for name, values in zip(_WINDOW, self.window, strict=True)
            for axis, value in zip(AXES, values, strict=True)
        }


def _emit_task(module: ll.Module, name: str, kernel: _Kernel) -> ll.Function:
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words, pool = Words(b, given["words"], _NAMES), kernel.pool
    plan = {n: words[n] for n in _NAMES} | kernel.known()
    item, element = pool.types.source.itemsize, ELEMENT[pool.types.source]
    plane = b.mul(plan["in_d"], b.mul(plan["in_h"], plan["in_w"]))
    bytes = b.mul(plane, B.index(item))
    clear = module.declare_intrinsic("llvm.memset", [POINTER, I64])
    with B.loop(b, given["first"], given["last"]) as unit:
        image = b.udiv(unit, plan["channels"])
        channel = b.urem(unit, plan["channels"])
        starts = [
            B.at(
                b,
                words.pointer(of),
                b.add(
                    b.mul(image, plan[f"{of}_image"]),
                    b.mul(channel, plan[f"{of}_channel"]),
                ),
            )
            for of in ("x", "g")
        ]
        made = B.at(b, words.pointer("out"), b.mul(unit, bytes))
        b.call(clear, [made, I8(0), bytes, I1(0)])
        search = maxima_of(b, pool, plan, starts[0], kernel.is_inside)
        with search as (windows, _, place):
            g = starts[1]
            for axis, index in zip(AXES, windows, strict=True):
                g = B.at(b, g, b.mul(index, plan[f"g_{axis}"]))
            target = B.at(b, made, b.mul(place, B.index(item)))
            total = B.load(b, g, element, item)
            if kernel.overlaps:
                total = b.fadd(total, B.load(b, target, element, item))
            B.store(b, total, target, item)
    b.ret_void()
    return b.function


def _emit_run(module: ll.Module, name: str, kernel: _Kernel) -> ll.Function:
    task = _emit_task(module, f"{name}_task", kernel)
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], _NAMES)
    total = b.mul(words["images"], words["channels"])
    plane = b.mul(words["in_d"], b.mul(words["in_h"], words["in_w"]))
    share(b, given["words"], task, total, b.mul(plane, B.index(16)))
    b.ret_void()
    return b.function


def _padded(window: Mapping[str, list[int]]) -> tuple[tuple[int, ...], ...]:
    """The window along three axes."""
    found = []
    for name in _WINDOW:
        values = window[name]
        missing = (0 if name == "padding" else 1,) * (3 - len(values))
        found.append((*missing, *values))
    return tuple(found)


@lowering("aten::max_pool2d_backward")
def max_pool2d_backward(region: Region, node: Node) -> Buffer:
    """The gradient of the input of `max_pool2d`."""
    b = region.b
    g = tensor(region, node.inputs[0])
    dilation = constant_ints(region, node.inputs[5])
    ceil = constant_bool(region, node, 6)
    x, counts, window = windows_of(region, node, 2, dilation, ceil, at=1)
    if x.dtype not in (dtypes.float32, dtypes.float64) or g.dtype is not x.dtype:
        raise Declined(f"gradients of maxima of {x.dtype.name} have no machine code")
    if g.rank != x.rank:
        raise Declined("it always fails: the gradient has another rank")
    holds: ll.Value = B.true()
    for size, wanted in zip(g.sizes, [*x.sizes[:-2], *counts], strict=True):
        holds = b.and_(holds, b.icmp_signed("==", size, wanted))
    region.fail_unless(holds, node)
    pool = Pooling(targets.host(), T.numbers(x.dtype), "max")
    inside = not ceil and not any(window["padding"])
    kernel = _Kernel(pool, _padded(window), inside)
    plan, _ = prepare(x, counts, window, {})
    made = region.allocate(x.dtype, x.sizes)
    lead = [I64(0)] * (4 - g.rank)  # there may be no batch
    *first, height, width = [*lead, *g.strides]
    steps = [*first, I64(0), height, width]
    plan |= {"out": made.data, "g": g.data}
    plan |= dict(zip(_NAMES[-5:], steps, strict=True))
    run = region.kernel(f"run_{kernel.name}", RUN, lambda m, n: _emit_run(m, n, kernel))
    memory = region.stack(ll.ArrayType(I64, len(_NAMES)), "pooling")
    words = Words(b, b.bitcast(memory, POINTER), _NAMES)
    for key, value in plan.items():
        words[key] = value
    b.call(run, [words.base])
    return made

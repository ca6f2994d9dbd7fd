"""The ways to make the result of a convolution, and which one is taken.

Windows of one element are products of the weights with the planes as they lie. Depthwise
convolutions go plane by plane. Where weights are known, few channels stay planes, and
windows of 3 × 3 go through transforms of patches. The others are windows as products.
What is known only at run time decides between two ways there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions import convolving as R
from jit.runtime.codegen.convolutions import depthwise as D
from jit.runtime.codegen.convolutions import planar as P
from jit.runtime.codegen.convolutions import winograd as W
from jit.runtime.codegen.convolutions.convolution import AXES, Convolution
from jit.runtime.codegen.convolutions.convolution_packing import (
    pack_patches,
    pack_windows,
    patch_panels,
    window_panels,
)
from jit.runtime.codegen.convolutions.convolution_problem import Problem
from jit.runtime.codegen.convolutions.convolving import Ending
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.packed_constants import packed_tiles
from jit.runtime.codegen.products.products import Matrices, multiply
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64, Buffer

_MANY_PIXELS = 1024
"""From here on, planes are wide enough to be the columns of products."""


@dataclass
class Call:
    """One way to make the result of a convolution."""

    region: Region
    node: Node
    problem: Problem
    ending: Ending
    types: T.Numbers
    made: Buffer
    shared: Words | None = None
    """The words of all ways that may be taken, once they are written."""

    def write_words(self, plan: dict[str, ll.Value] | None = None) -> Words:
        """The words of a run, of the problem's plan unless given."""
        problem = self.problem
        values = {
            **(problem.plan if plan is None else plan),
            "x": problem.x.data,
            "weights": _first_weight(self.region.b, problem),
            "out": self.made.data,
        }
        return R.write_words(self.region, values, self.ending)

    @contextmanager
    def sharing(self, plan: dict[str, ll.Value] | None = None) -> Iterator[Words]:
        """Words for several ways; afterwards it is seen if there was memory."""
        self.shared = self.write_words(plan)
        yield self.shared
        R.check_memory(self.region, self.shared)


def _first_weight(b: ll.IRBuilder, problem: Problem) -> ll.Value:
    weights = problem.weight.data
    if problem.geometry.is_transposed:
        # from the last element of each window back to the first
        for size, step in zip(problem.kernel, problem.weight.strides[2:], strict=True):
            weights = B.at(b, weights, b.mul(b.sub(size, I64(1)), step))
    return weights


def write_result(call: Call) -> None:
    """Choose a way, and write the result."""
    region, problem = call.region, call.problem
    b = region.b
    empty = b.mul(problem.plan["images"], problem.plan["outer"])
    empty = b.icmp_signed("==", empty, I64(0))
    go, past = region.append_block("convolve"), region.append_block("convolved")
    b.cbranch(empty, past, go)
    b.position_at_end(go)
    if _may_be_products(problem):
        _as_products(call)
    elif problem.geometry.groups > 1:
        _grouped(call)
    elif _has_few_channels(call):
        _planar(call)
    elif _may_transform(call):
        _transformed(call)
    else:
        _windows(call, depthwise=False)
    b.branch(past)
    b.position_at_end(past)


@contextmanager
def _otherwise(
    b: ll.IRBuilder, holds: ll.Value, then: Callable[[], None]
) -> Iterator[None]:
    """`then` where a condition holds, the body of the `with` statement elsewhere."""
    with b.if_else(holds) as (yes, no):
        with yes:
            then()
        with no:
            yield


# windows of one element ---------------------------------------------------------------


def _may_be_products(problem: Problem) -> bool:
    g, sizes = problem.geometry, problem.known_kernel()
    return (
        sizes is not None
        and set(sizes) == {1}
        and set(g.stride) == {1}
        and not any(g.padding or ())
        and g.groups == 1
        and problem.is_plain
    )


def _as_products(call: Call) -> None:
    """Rows are channels of the result, columns pixels of planes that lie together."""
    region, problem, ending = call.region, call.problem, call.ending
    b, x, plan = region.b, problem.x, problem.plan
    axes, weight = problem.geometry.axes, problem.weight
    pixels: ll.Value = I64(1)
    holds: ll.Value = B.true()
    for size, step in zip(
        reversed(x.sizes[-axes:]), reversed(x.strides[-axes:]), strict=True
    ):
        follows = b.mul(pixels, I64(problem.dtype.itemsize))
        alone = b.icmp_signed("==", size, I64(1))
        fits = b.or_(alone, b.icmp_signed("==", step, follows))
        holds = b.and_(holds, fits)
        pixels = b.mul(pixels, size)
    flat = holds
    holds = b.and_(flat, b.icmp_signed(">=", pixels, I64(_MANY_PIXELS)))

    def then() -> None:
        sizes = [plan["images"]]
        a = Matrices(
            weight.data, list(sizes), [I64(0)], weight.sizes[0], weight.sizes[1],
            weight.strides[0], weight.strides[1],
        )  # fmt: skip
        planes = Matrices(
            x.data, list(sizes), [plan["x_image"]], plan["channels"], pixels,
            plan["x_channel"], I64(problem.dtype.itemsize),
        )  # fmt: skip
        epilogue, operands = _turned(ending, problem, pixels)
        multiply(
            region, call.node, problem.dtype, a, planes, call.made.data, sizes,
            epilogue, operands, call.types.result,
        )  # fmt: skip

    with _otherwise(b, holds, then):
        # a plane is one long row where its rows follow each other
        joined = dict(plan)
        for name in ("in", "full", "out"):
            joined[f"{name}_w"] = b.select(flat, pixels, plan[f"{name}_w"])
            for axis in "dh":
                joined[f"{name}_{axis}"] = b.select(
                    flat, I64(1), plan[f"{name}_{axis}"]
                )
        problem.plan = joined
        _windows(call, depthwise=False)


def _turned(
    ending: Ending, problem: Problem, pixels: ll.Value
) -> tuple[T.Epilogue, list[Matrices]]:
    """The epilogue of a product whose rows are channels."""
    old = ending.epilogue
    if not ending.operands:
        return old, []
    alone = ending.per_channel
    operands = tuple(
        T.Operand(along_columns=not own, dtype=o.dtype)
        for own, o in zip(alone, old.operands, strict=True)
    )
    kinds = "".join("cp"[not own] for own in alone)
    epilogue = T.Epilogue(f"{old.name}_turned_{kinds}", operands, old.apply)
    plan = problem.plan
    return epilogue, [
        Matrices(
            o.data, [plan["images"]], [o.image], plan["outer"], pixels, o.channel,
            o.pixel,
        )
        for o in ending.operands
    ]  # fmt: skip


# few channels -------------------------------------------------------------------------


def _has_few_channels(call: Call) -> bool:
    problem = call.problem
    return (
        problem.constant is not None
        and problem.is_plain
        and problem.constant.shape[1] <= P.MOST_CHANNELS
        and problem.geometry.stride[-1] in P.STRIDES
        and P.is_usable(targets.host(), call.types)
    )


def _planar(call: Call) -> None:
    """Planes as they lie, if the elements of a row lie together."""
    region, problem, ending = call.region, call.problem, call.ending
    b, weight, stride = region.b, problem.constant, problem.geometry.stride[-1]
    assert weight is not None
    planar = P.Planar(
        targets.host(), call.types, stride, ending.epilogue, ending.per_channel
    )
    together = b.icmp_signed("==", problem.plan["x_w"], I64(problem.dtype.itemsize))
    with call.sharing() as words:

        def then() -> None:
            panels = packed_tiles(weight, planar.shape.heights)
            words["packed"] = region.constant_data(panels).data
            R.run_planar(region, planar, words)

        with _otherwise(b, together, then):
            _windows(call, depthwise=False)


# transforms of patches ----------------------------------------------------------------

_LEAST_CHANNELS = 32
_MOST_WEIGHTS = 1 << 17
"""Transformed weights are 16/9 as many: many of them take longer to read than they save
where patches are few."""


def _may_transform(call: Call) -> bool:
    problem, g = call.problem, call.problem.geometry
    return (
        problem.constant is not None
        and problem.is_plain
        and g.axes == 2
        and problem.constant.shape[2:] == (3, 3)
        and min(problem.constant.shape[:2]) >= _LEAST_CHANNELS
        and set(g.stride) == {1}
        and set(g.dilation) == {1}
        and call.types.is_direct
    )


def _transformed(call: Call) -> None:
    """Winograd's way where there are patches enough for the weights."""
    region, problem = call.region, call.problem
    b, weight = region.b, problem.constant
    assert weight is not None
    winograd = W.Winograd(targets.host(), T.numbers(call.types.source))
    if weight.shape[0] * weight.shape[1] <= _MOST_WEIGHTS:
        least = 16
    else:
        least = 128
    pixels = b.mul(problem.plan["out_h"], problem.plan["out_w"])
    many = b.icmp_signed(">=", pixels, I64(least))
    with call.sharing() as words:

        def then() -> None:
            words["packed"] = region.constant_data(patch_panels(weight, winograd)).data
            pack_patches(region, winograd, words)
            words["end"] = R.end_of(region, call.types, call.ending)
            R.run_winograd(region, winograd, words)

        with _otherwise(b, many, then):
            _windows(call, depthwise=False)


# groups -------------------------------------------------------------------------------


def _grouped(call: Call) -> None:
    b, g, plan = call.region.b, call.problem.geometry, call.problem.plan
    each = b.icmp_signed("==", plan["channels"], I64(g.groups))
    each = b.and_(each, b.icmp_signed("==", plan["outer"], I64(g.groups)))
    seen = _only_seen(b, call.problem)
    with call.sharing(seen), _otherwise(b, each, lambda: _depthwise(call)):
        _windows(call, depthwise=False)


def _depthwise(call: Call) -> None:
    """Plane by plane if there is a kernel for the window and the stride."""
    problem, ending = call.problem, call.ending
    b, g, plan = call.region.b, problem.geometry, problem.plan
    fits = (
        g.axes == 2
        and problem.is_plain
        and set(g.dilation) == {1}
        and g.stride[0] == g.stride[1]
        and g.stride[0] <= 2
        and D.is_usable(targets.host(), call.types)
    )
    sizes = problem.known_kernel()
    kernels = [k for k in D.KERNELS if sizes in (None, list(k))] if fits else []
    if not kernels:
        _windows(call, depthwise=True)
        return
    # a window that is not known is probably the most usual one
    kernel = kernels[0]
    planes = D.Planes(
        targets.host(), call.types, kernel, g.stride[0], ending.epilogue,
        ending.per_channel,
    )  # fmt: skip
    holds = b.icmp_signed("==", plan["x_w"], I64(problem.dtype.itemsize))
    for axis, size in zip("hw", kernel, strict=True):
        same = b.icmp_signed("==", plan[f"kernel_{axis}"], I64(size))
        holds = b.and_(holds, same)

    def then() -> None:
        assert call.shared is not None
        R.run_planes(call.region, planes, call.shared)

    with _otherwise(b, holds, then):
        _windows(call, depthwise=True)


# windows as products ------------------------------------------------------------------


def _windows(call: Call, *, depthwise: bool) -> None:
    region, problem = call.region, call.problem
    b, g = region.b, problem.geometry
    kind = T.numbers(call.types.source)
    conv = Convolution(targets.host(), kind, depthwise=depthwise, apart=True)
    words = call.shared or call.write_words(_only_seen(b, problem))
    packs = problem.constant is None or (depthwise and g.is_transposed)
    if not packs:
        assert problem.constant is not None
        panels = window_panels(problem.constant, conv, g.groups, turned=g.is_transposed)
        words["packed"] = region.constant_data(panels).data
        pack_windows(region, conv, words)
    words["end"] = R.end_of(region, call.types, call.ending)
    R.run_convolution(region, conv, words, packs=packs)
    if call.shared is None:
        R.check_memory(region, words)


def _only_seen(b: ll.IRBuilder, problem: Problem) -> dict[str, ll.Value]:
    """The plan; windows of one element see only every so many elements of the input."""
    g, plan = problem.geometry, dict(problem.plan)
    sizes = problem.known_kernel()
    if g.is_transposed or sizes is None or set(sizes) != {1} or any(g.padding or ()):
        return plan
    for axis in AXES:
        plan[f"x_{axis}"] = b.mul(plan[f"x_{axis}"], plan[f"stride_{axis}"])
        plan[f"in_{axis}"] = plan[f"full_{axis}"] = plan[f"out_{axis}"]
        plan[f"stride_{axis}"] = I64(1)
    return plan

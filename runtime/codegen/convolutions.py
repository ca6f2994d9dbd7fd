"""Lowerings of convolutions: checks, and which kernel makes one.

Windows of one element are products of the weights with the planes as they lie; depthwise
convolutions go plane by plane; the others are windows as products. A transposed
convolution is one over the input with zeros between its elements, its weights turned
around.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen import building as B
from jit.runtime.codegen import convolution as C
from jit.runtime.codegen import convolving as R
from jit.runtime.codegen import depthwise as D
from jit.runtime.codegen import planar as P
from jit.runtime.codegen import target as targets
from jit.runtime.codegen import tile as T
from jit.runtime.codegen import winograd as W
from jit.runtime.codegen.convolution import AXES, Convolution
from jit.runtime.codegen.convolving import Ending, Operand
from jit.runtime.codegen.epilogues import Tail, head
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.packed_constants import (
    Panels,
    never_changes,
    new_panels,
    packed_once,
)
from jit.runtime.codegen.products import (
    Matrices,
    bias_epilogue,
    common_dtype,
    multiply,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64, Buffer
from jit.runtime.codegen.views import constant_int, constant_ints, tensor

_MANY_PIXELS = 1024
"""From here on, planes are wide enough to be the columns of products."""


def spread(values: Sequence[int], axes: int, name: str) -> list[int]:
    """A number for each axis, where one may stand for all."""
    if len(values) not in (1, axes):
        raise Declined(f"{name} has a number of items that does not fit")
    return list(values) if len(values) == axes else list(values) * axes


@dataclass
class Geometry:
    """What the arguments of a convolution say."""

    axes: int
    stride: list[int]
    dilation: list[int]
    groups: int
    padding: list[int] | None
    """At both ends; None if results are to be as long as the input."""
    output_padding: list[int] | None = None
    """Of a transposed convolution; None for the others."""

    @property
    def is_transposed(self) -> bool:
        return self.output_padding is not None


def geometry_of(region: Region, node: Node) -> Geometry:
    """Read the arguments after input, weight and bias; Declined if they make no sense."""
    name = node.kind.removeprefix("aten::")
    if name in ("convolution", "_convolution"):
        found = _general_geometry(region, node)
    elif name.startswith("conv_transpose"):
        axes = int(name[-2])
        padding, extra, dilation = (
            spread(constant_ints(region, node.inputs[p]), axes, what)
            for p, what in ((4, "padding"), (5, "output_padding"), (7, "dilation"))
        )
        stride = spread(constant_ints(region, node.inputs[3]), axes, "stride")
        groups = constant_int(node.inputs[6])
        found = Geometry(axes, stride, dilation, groups, padding, extra)
    else:
        axes = int(name[-2])
        stride = spread(constant_ints(region, node.inputs[3]), axes, "stride")
        dilation = spread(constant_ints(region, node.inputs[5]), axes, "dilation")
        groups = constant_int(node.inputs[6])
        around = _padding(region, node.inputs[4], axes, stride)
        found = Geometry(axes, stride, dilation, groups, around)
    if found.groups < 1 or min(*found.stride, *found.dilation) < 1:
        raise Declined("the arguments are not those of a convolution")
    if found.padding is not None and min(found.padding) < 0:
        raise Declined("the padding is negative")
    for extra_one, step, each in zip(
        found.output_padding or (), found.stride, found.dilation, strict=False
    ):
        if not 0 <= extra_one < max(step, each):
            raise Declined("the output padding does not fit the stride")
    return found


def _general_geometry(region: Region, node: Node) -> Geometry:
    axes = tensor(region, node.inputs[0]).rank - 2
    if axes not in (1, 2, 3):
        raise Declined("the input has another rank")
    stride, padding, dilation = (
        spread(constant_ints(region, node.inputs[p]), axes, what)
        for p, what in ((3, "stride"), (4, "padding"), (5, "dilation"))
    )
    turned = region.value(node.inputs[6])
    if not isinstance(turned, ll.Constant):
        raise Declined("an argument is not a constant")
    extra = None
    if turned.constant:
        given = constant_ints(region, node.inputs[7])
        extra = spread(given, axes, "output_padding")
    groups = constant_int(node.inputs[8])
    return Geometry(axes, stride, dilation, groups, padding, extra)


def _padding(
    region: Region, value: Value, axes: int, stride: Sequence[int]
) -> list[int] | None:
    found = region.value(value)
    if not (isinstance(found, Static) and isinstance(found.value, str)):
        return spread(constant_ints(region, value), axes, "padding")
    if found.value == "valid":
        return [0] * axes
    if found.value != "same" or max(stride) > 1:
        raise Declined("the padding does not fit")
    return None


@dataclass
class Problem:
    """A convolution whose operands have been checked: windows over a padded input."""

    dtype: DType
    geometry: Geometry
    x: Buffer
    weight: Buffer
    constant: np.ndarray | None
    """The weights, if they never change."""
    kernel: list[ll.Value]
    sizes: list[ll.Value]
    """Of the result."""
    plan: dict[str, ll.Value]
    """Without what says where the result lies, see `placed`."""

    def placed(self, b: ll.IRBuilder, made: Buffer) -> None:
        """Complete the plan for a result."""
        axes = self.geometry.axes
        self.plan["out_channel"] = made.strides[-axes - 1]
        self.plan["out_pixel"] = made.strides[-1]
        self.plan["out_image"] = made.strides[0] if made.rank > axes + 1 else I64(0)

    @property
    def is_plain(self) -> bool:
        """Whether nothing lies between the elements of the input."""
        return not self.geometry.is_transposed

    def known_kernel(self) -> list[int] | None:
        """The sizes of windows, where they are known."""
        if all(isinstance(k, ll.Constant) for k in self.kernel):
            return [int(k.constant) for k in self.kernel]
        return None


def problem_of(region: Region, node: Node) -> Problem:
    """Check the operands."""
    b = region.b
    x, weight = (tensor(region, v) for v in node.inputs[:2])
    g = geometry_of(region, node)
    axes = g.axes
    if x.rank not in (axes + 1, axes + 2) or weight.rank != axes + 2:
        raise Declined("an operand has another rank")
    dtype = common_dtype(x, weight)
    kernel = list(weight.sizes[2:])
    groups, channels = I64(g.groups), x.sizes[-axes - 1]
    if g.is_transposed:
        inner = b.udiv(channels, groups)
        outer = _times(b, weight.sizes[1], groups)
        holds = b.icmp_signed("==", weight.sizes[0], channels)
        divided = channels
    else:
        outer, inner = weight.sizes[:2]
        holds = b.icmp_signed("==", _times(b, inner, groups), channels)
        divided = outer
    whole = b.icmp_signed("==", b.urem(divided, groups), I64(0))
    holds = b.and_(b.and_(holds, whole), b.icmp_signed(">=", outer, groups))
    bias = region.value(node.inputs[2])
    if not (isinstance(bias, Static) and bias.value is None):
        operand = tensor(region, node.inputs[2])
        common_dtype(x, operand)
        if operand.rank != 1:
            raise Declined("the bias is not a vector")
        holds = b.and_(holds, b.icmp_signed("==", operand.sizes[0], outer))
    before, full, counts = [], [], []
    for axis in range(axes):
        size, length = x.sizes[-axes + axis], kernel[axis]
        reach = _times(b, _minus(b, length, I64(1)), I64(g.dilation[axis]))
        stride = g.stride[axis]
        if g.output_padding is not None:
            assert g.padding is not None
            # zeros lie between the elements, and a window at the very end sees one
            start = _minus(b, reach, I64(g.padding[axis]))
            size = b.add(b.mul(b.sub(size, I64(1)), I64(stride)), I64(1))
            end = b.add(start, I64(g.output_padding[axis]))
            holds = b.and_(holds, b.icmp_signed(">", size, I64(0)))
            stride = 1
        elif g.padding is None:
            start = b.sdiv(reach, I64(2))
            end = b.sub(reach, start)
        else:
            start = end = I64(g.padding[axis])
        size = b.add(size, b.add(start, end))
        room = b.sub(b.sub(size, reach), I64(1))
        holds = b.and_(holds, b.icmp_signed(">=", room, I64(0)))
        holds = b.and_(holds, b.icmp_signed(">", length, I64(0)))
        before.append(start)
        full.append(size)
        counts.append(b.add(b.sdiv(room, I64(stride)), I64(1)))
    region.fail_unless(holds, node)
    lead = list(x.sizes[: -axes - 1])
    plan: dict[str, ll.Value] = {
        "images": lead[0] if lead else I64(1),
        "channels": channels,
        "outer": outer,
        "groups": groups,
        "x_image": x.strides[0] if lead else I64(0),
        "x_channel": x.strides[-axes - 1],
    }
    one, none = I64(1), I64(0)
    steps = list(weight.strides[2:])
    if g.is_transposed:
        plan["weight_group"] = b.mul(inner, weight.strides[0])
        plan["weight_inner"], plan["weight_outer"] = weight.strides[:2]
        steps = [b.neg(step) for step in steps]
    else:
        each = b.udiv(outer, groups)
        plan["weight_group"] = b.mul(each, weight.strides[0])
        plan["weight_outer"], plan["weight_inner"] = weight.strides[:2]
    strides = [1] * axes if g.is_transposed else g.stride
    between = g.stride if g.is_transposed else [1] * axes
    for name, values, missing in (
        ("in", list(x.sizes[-axes:]), one),
        ("pad", before, none),
        ("full", full, one),
        ("spread", [I64(v) for v in between], one),
        ("kernel", kernel, one),
        ("stride", [I64(v) for v in strides], one),
        ("dilation", [I64(v) for v in g.dilation], one),
        ("out", counts, one),
        ("x", list(x.strides[-axes:]), none),
        ("weight", steps, none),
    ):
        given = [missing] * (3 - len(values)) + list(values)
        plan.update((f"{name}_{axis}", v) for axis, v in zip(AXES, given, strict=True))
    constant = _constant(node.inputs[1])
    sizes = [*lead, outer, *counts]
    return Problem(dtype, g, x, weight, constant, kernel, sizes, plan)


def _times(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """A product, made now where both are known."""
    if isinstance(x, ll.Constant) and isinstance(y, ll.Constant):
        return I64(x.constant * y.constant)
    if isinstance(x, ll.Constant) and x.constant == 0:
        return x
    return b.mul(x, y)


def _minus(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """The same for a difference."""
    if isinstance(x, ll.Constant) and isinstance(y, ll.Constant):
        return I64(x.constant - y.constant)
    return b.sub(x, y)


def _constant(value: Value) -> np.ndarray | None:
    if value.node.kind != "prim::Constant":
        return None
    array = value.node.attributes.get("value")
    if not isinstance(array, np.ndarray) or not array.size:
        return None
    return array if never_changes(array) else None


def bias_ending(region: Region, node: Node, dtype: DType) -> Ending:
    """The bias of the convolution itself."""
    bias = region.value(node.inputs[2])
    if isinstance(bias, Static) and bias.value is None:
        return Ending()
    found = tensor(region, node.inputs[2])
    operand = Operand(found.data, I64(0), found.strides[0], I64(0))
    # the result may have another dtype, after what follows
    own = (T.Operand(dtype=dtype),)
    return Ending(dataclasses.replace(bias_epilogue(dtype), operands=own), (operand,))


@dataclass
class Call:
    """One way to make the result of a convolution."""

    region: Region
    node: Node
    problem: Problem
    ending: Ending
    types: T.Numbers
    made: Buffer

    def pointers(self, weights: ll.Value) -> dict[str, ll.Value]:
        """The words that say where operands and result lie."""
        return {"x": self.problem.x.data, "weights": weights, "out": self.made.data}


def convolve(
    region: Region, node: Node, problem: Problem, ending: Ending, result: DType
) -> Buffer:
    """The result of a convolution, of some dtype after its epilogue."""
    b = region.b
    made = region.allocate(result, problem.sizes)
    problem.placed(b, made)
    types = T.Numbers(problem.dtype, result)
    call = Call(region, node, problem, ending, types, made)
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
    return made


@contextmanager
def _otherwise(b: ll.IRBuilder, holds: ll.Value, then: Callable[[], None]) -> Any:
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

    def pack() -> Panels:
        made = P.packed(planar, weight.reshape(weight.shape[0], -1))
        panels = new_panels(weight, made.nbytes)
        panels[:] = made.view(np.uint8)
        return panels

    def then() -> None:
        way = ("planar", *planar.shape.heights)
        packed = region.constant_data(packed_once(weight, way, pack)).data
        R.run_planar(
            region, call.node, planar, problem.plan, call.pointers(problem.weight.data),
            ending, packed,
        )  # fmt: skip

    together = b.icmp_signed("==", problem.plan["x_w"], I64(problem.dtype.itemsize))
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
    region, problem, ending = call.region, call.problem, call.ending
    b, weight = region.b, problem.constant
    assert weight is not None
    winograd = W.Winograd(
        targets.host(), call.types, ending.epilogue, ending.per_channel
    )

    def pack() -> Panels:
        made = W.packed(winograd, weight)
        panels = new_panels(weight, made.nbytes)
        panels[:] = made.view(np.uint8).ravel()
        return panels

    def then() -> None:
        way = ("winograd", winograd.shape.width)
        packed = region.constant_data(packed_once(weight, way, pack)).data
        R.run_winograd(
            region, call.node, winograd, problem.plan,
            call.pointers(problem.weight.data), ending, packed,
        )  # fmt: skip

    if weight.shape[0] * weight.shape[1] <= _MOST_WEIGHTS:
        least = 16
    else:
        least = 128
    pixels = b.mul(problem.plan["out_h"], problem.plan["out_w"])
    many = b.icmp_signed(">=", pixels, I64(least))
    with _otherwise(b, many, then):
        _windows(call, depthwise=False)


# groups -------------------------------------------------------------------------------


def _grouped(call: Call) -> None:
    b, g, plan = call.region.b, call.problem.geometry, call.problem.plan
    each = b.icmp_signed("==", plan["channels"], I64(g.groups))
    each = b.and_(each, b.icmp_signed("==", plan["outer"], I64(g.groups)))
    with _otherwise(b, each, lambda: _depthwise(call)):
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
        pointers = call.pointers(problem.weight.data)
        R.run_planes(call.region, planes, plan, pointers, ending)

    with _otherwise(b, holds, then):
        _windows(call, depthwise=True)


# windows as products ------------------------------------------------------------------


def _windows(call: Call, *, depthwise: bool) -> None:
    region, problem, ending = call.region, call.problem, call.ending
    b, g = region.b, problem.geometry
    conv = Convolution(
        targets.host(), call.types, ending.epilogue, depthwise,
        per_channel=ending.per_channel,
    )  # fmt: skip
    weights = problem.weight.data
    if g.is_transposed:
        # from the last element of each window back to the first
        for size, step in zip(problem.kernel, problem.weight.strides[2:], strict=True):
            weights = B.at(b, weights, b.mul(b.sub(size, I64(1)), step))
    packed = None
    if problem.constant is not None and not (depthwise and g.is_transposed):
        panels = _packed(conv, problem.constant, g)
        packed = region.constant_data(panels).data
    R.run_convolution(
        region, call.node, conv, _only_seen(b, problem), call.pointers(weights), ending,
        packed,
    )  # fmt: skip


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


def _packed(conv: Convolution, weight: np.ndarray, g: Geometry) -> Panels:
    """Constant weights in panels, made once."""
    way = (
        "convolution", conv.types.source.name, conv.shape.width, conv.depthwise,
        g.groups, g.is_transposed,
    )  # fmt: skip

    def pack() -> Panels:
        first, second, *kernel = weight.shape
        taps = int(np.prod(kernel))
        groups = 1 if conv.depthwise else g.groups
        if g.is_transposed:
            shaped = weight.reshape(groups, first // groups, second, taps)
            shaped = shaped[..., ::-1].transpose(0, 2, 1, 3)
        else:
            shaped = weight.reshape(groups, first // groups, second, taps)
        made = C.packed(conv, shaped)
        panels = new_panels(weight, made.nbytes)
        panels[:] = made.view(np.uint8).ravel()
        return panels

    return packed_once(weight, way, pack)


@head(
    *(f"aten::conv{axes}d{kind}" for axes in (1, 2, 3) for kind in ("", ".padding")),
    "aten::conv_transpose1d",
    "aten::conv_transpose2d.input",
    "aten::convolution",
    "aten::_convolution",
    "aten::_convolution.deprecated",
)
def convolution(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """Any convolution, and the pointwise operators behind it."""
    problem = problem_of(region, node)
    bias = bias_ending(region, node, problem.dtype)

    def plain() -> Buffer:
        return convolve(region, node, problem, bias, problem.dtype)

    if tail is None:
        return plain()
    if not tail.begin(problem.dtype, len(problem.sizes)):
        return tail.apart(plain())
    operands, flat = _tail_operands(region.b, problem, tail)

    def fused() -> Buffer:
        epilogue = tail.after(bias.epilogue, problem.dtype)
        ending = Ending(epilogue, (*bias.operands, *operands))
        return convolve(region, node, problem, ending, tail.dtype)

    return tail.finish(problem.sizes, fused, plain, flat)


def _tail_operands(
    b: ll.IRBuilder, problem: Problem, tail: Tail
) -> tuple[list[Operand], ll.Value]:
    """The operands of a tail, and whether the pixels of each are evenly apart."""
    axes = problem.geometry.axes
    counts = problem.sizes[-axes:]
    operands, flat = [], B.true()
    for given in tail.operands_for(problem.sizes):
        steps = list(given.strides)
        pixel = steps[-1]
        image = steps[0] if len(steps) > axes + 1 else I64(0)
        operands.append(Operand(given.data, pixel, steps[-axes - 1], image))
        expected = pixel
        for place in range(axes - 1, 0, -1):
            step = steps[-axes - 1 + place]
            expected = _times(b, expected, counts[place])
            if isinstance(step, ll.Constant) and isinstance(expected, ll.Constant):
                assert step.constant == expected.constant == 0
                continue
            alone = b.icmp_signed("==", counts[place - 1], I64(1))
            even = b.or_(alone, b.icmp_signed("==", step, expected))
            flat = b.and_(flat, even)
    return operands, flat

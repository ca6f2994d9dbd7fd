"""What a convolution node asks for: its arguments, sizes and checks.

A transposed convolution is one over the input with zeros between its elements, its
weights turned around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import llvmlite.ir as ll
import numpy as np

from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen.convolutions.convolution import AXES
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.products.packed_constants import (
    never_changes,
)
from jit.runtime.codegen.products.products import (
    common_dtype,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import constant_int, constant_ints, tensor
from jit.runtime.codegen.values import I64, Buffer


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

    def placed(self, made: Buffer) -> None:
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
        outer = times(b, weight.sizes[1], groups)
        holds = b.icmp_signed("==", weight.sizes[0], channels)
        divided = channels
    else:
        outer, inner = weight.sizes[:2]
        holds = b.icmp_signed("==", times(b, inner, groups), channels)
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
        reach = times(b, minus(b, length, I64(1)), I64(g.dilation[axis]))
        stride = g.stride[axis]
        if g.output_padding is not None:
            assert g.padding is not None
            # zeros lie between the elements, and a window at the very end sees one
            start = minus(b, reach, I64(g.padding[axis]))
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
    constant = constant_array(node.inputs[1])
    sizes = [*lead, outer, *counts]
    return Problem(dtype, g, x, weight, constant, kernel, sizes, plan)


def times(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """A product, made now where both are known."""
    if isinstance(x, ll.Constant) and isinstance(y, ll.Constant):
        return I64(x.constant * y.constant)
    if isinstance(x, ll.Constant) and x.constant == 0:
        return x
    return b.mul(x, y)


def minus(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """The same for a difference."""
    if isinstance(x, ll.Constant) and isinstance(y, ll.Constant):
        return I64(x.constant - y.constant)
    return b.sub(x, y)


def constant_array(value: Value) -> np.ndarray | None:
    if value.node.kind != "prim::Constant":
        return None
    array = value.node.attributes.get("value")
    if not isinstance(array, np.ndarray) or not array.size:
        return None
    return array if never_changes(array) else None

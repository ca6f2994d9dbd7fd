"""Lowerings of normalisations: layer, RMS, group, instance and batch norm.

Each is one nest: the mean, the distances from it, their mean square, and what is made of
them element by element.
"""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Operand
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.pointwise import Group, Memory
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import copying
from jit.runtime.codegen.tensors.views import ints_of
from jit.runtime.codegen.values import I1, I64, Buffer
from jit.runtime.ops.pointwise_family import compute_dtype

Words = Sequence[ll.Value]


class _Norm:
    """A nest on a floating tensor seen with some sizes and strides."""

    def __init__(self, region: Region, x: Buffer, sizes: Words, strides: Words) -> None:
        if x.dtype.category != FLOATING:
            raise Declined("it refuses integers")
        self.region, self.x = region, x
        self.sizes = tuple(sizes)
        self.group = Group(region, len(sizes), {})
        self.build = self.group.build
        self.dtype = compute_dtype(x.dtype)
        self.given = self.read(x.data, x.dtype, strides)

    def read(self, data: ll.Value, dtype: DType, strides: Words) -> Operand:
        """An input of the nest."""
        self.group.read.append(Memory(data, self.sizes, tuple(strides)))
        return self.build.input(dtype, len(self.sizes))

    def along(self, vector: Buffer, axes: Sequence[int], strides: Words) -> Operand:
        """An input with elements along some axes only."""
        steps: list[ll.Value] = [I64(0)] * len(self.sizes)
        for axis, stride in zip(axes, strides, strict=True):
            steps[axis] = stride
        return self.read(vector.data, vector.dtype, steps)

    def apply(self, name: str, *operands: Operand | float) -> Operand:
        """The formula of a card in the dtype of the norm."""
        return self.build.apply(name, operands, self.dtype)

    def centred(self) -> Operand:
        """The elements less their mean."""
        x = self.build.cast(self.given, self.dtype)
        total, wide = self.build.reduce("sum", x), dtypes.float64
        mean = self.build.apply("aten::div.Tensor", [total, self.build.count()], wide)
        return self.apply("aten::sub.Tensor", x, mean, 1)

    def inverse_root(self, x: Operand, eps: float) -> Operand:
        """1 / sqrt(mean(x * x) + eps)."""
        wide = dtypes.float64
        total = self.build.reduce("sum", self.apply("aten::mul.Tensor", x, x))
        mean = self.build.apply("aten::div.Tensor", [total, self.build.count()], wide)
        eps = float(self.dtype.numpy.type(eps))
        mean = self.build.apply("aten::add.Scalar", [mean, eps, 1], wide)
        return self.build.apply("aten::rsqrt", [mean], wide)

    def finish(
        self, made: Operand, weight: Operand | None, bias: Operand | None,
        reduced: Sequence[int],
    ) -> Buffer:  # fmt: skip
        """`made * weight + bias` in new memory of the sizes of the tensor."""
        if weight is not None:
            made = self.apply("aten::mul.Tensor", made, weight)
        if bias is not None:
            made = self.apply("aten::add.Tensor", made, bias, 1)
        nest = self.build.finish([made], [self.x.dtype], reduced)
        buffer = self.region.allocate(self.x.dtype, self.x.sizes)
        if len(self.sizes) == self.x.rank:
            buffer = self.group.in_order(buffer)
            steps = list(buffer.strides)
        else:
            steps = copying.row_major(self.region, self.x.dtype, self.sizes)
        outputs = [Memory(buffer.data, self.sizes, tuple(steps))]
        self.group.run(nest, outputs, self.sizes)
        return buffer


def optional(region: Region, value: Value) -> Buffer | None:
    """A tensor, or None."""
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return None
    return tensor_at(region, value)


def _equal(region: Region, left: Words, right: Words) -> ll.Value:
    holds: ll.Value = I1(1)
    for x, y in zip(left, right, strict=True):
        holds = region.b.and_(holds, region.b.icmp_signed("==", x, y))
    return holds


def _over_last_dims(
    region: Region, node: Node, vectors: Sequence[Buffer | None]
) -> tuple[_Norm, list[Operand | None], list[int]]:
    """The nest of a norm over the last dims, its weights, and the axes."""
    x = tensor_at(region, node.inputs[0])
    shape = ints_of(region, node.inputs[1])
    count = len(shape)
    if not shape or count > x.rank:
        raise Declined("its shape does not fit the rank of the tensor")
    fits = _equal(region, x.sizes[-count:], shape)
    for vector in vectors:
        if vector is None:
            continue
        if vector.rank != count:
            raise Declined("a weight has another rank than the shape")
        fits = region.b.and_(fits, _equal(region, vector.sizes, shape))
    region.fail_unless(fits, node)
    norm = _Norm(region, x, x.sizes, x.strides)
    axes = list(range(x.rank - count, x.rank))
    taken = [None if v is None else norm.along(v, axes, v.strides) for v in vectors]
    return norm, taken, axes


@lowering("aten::layer_norm")
def layer_norm(region: Region, node: Node) -> Buffer:
    """Mean 0 and variance 1 over the last dims."""
    given = [optional(region, v) for v in node.inputs[2:4]]
    norm, (weight, bias), axes = _over_last_dims(region, node, given)
    distance = norm.centred()
    scale = norm.inverse_root(distance, static_value(node.inputs[4]))
    made = norm.apply("aten::mul.Tensor", distance, scale)
    return norm.finish(made, weight, bias, axes)


@lowering("aten::rms_norm")
def rms_norm(region: Region, node: Node) -> Buffer:
    """Divided by the root of the mean square over the last dims."""
    norm, (weight,), axes = _over_last_dims(
        region, node, [optional(region, node.inputs[2])]
    )
    eps = static_value(node.inputs[3])
    if eps is None:
        eps = float(np.finfo(norm.dtype.numpy).eps)
    x = norm.build.cast(norm.given, norm.dtype)
    made = norm.apply("aten::mul.Tensor", x, norm.inverse_root(x, eps))
    return norm.finish(made, weight, None, axes)


def _channel_vectors(
    region: Region, node: Node, x: Buffer, places: Sequence[int]
) -> list[Buffer | None]:
    """Arguments that have one element a channel, or are None."""
    found = [optional(region, node.inputs[p]) for p in places]
    fits: ll.Value = I1(1)
    for vector in found:
        if vector is not None:
            if vector.rank != 1:
                raise Declined("an argument is no vector")
            fits = region.b.and_(fits, _equal(region, vector.sizes, x.sizes[1:2]))
    region.fail_unless(fits, node)
    return found


@lowering("aten::group_norm")
def group_norm(region: Region, node: Node) -> Buffer:
    """Mean 0 and variance 1 over groups of channels."""
    x, b = tensor_at(region, node.inputs[0]), region.b
    groups = static_value(node.inputs[1])
    if x.rank < 2 or not isinstance(groups, int) or groups <= 0:
        raise Declined("it always fails")
    rest = b.srem(x.sizes[1], I64(groups))
    region.fail_unless(b.icmp_signed("==", rest, I64(0)), node)
    vectors = _channel_vectors(region, node, x, (2, 3))
    each = b.sdiv(x.sizes[1], I64(groups))
    sizes = (x.sizes[0], I64(groups), each, *x.sizes[2:])
    outer = b.mul(x.strides[1], each)
    norm = _Norm(region, x, sizes, (x.strides[0], outer, *x.strides[1:]))
    weight, bias = (
        None if v is None
        else norm.along(v, (1, 2), (b.mul(v.strides[0], each), v.strides[0]))
        for v in vectors
    )  # fmt: skip
    distance = norm.centred()
    scale = norm.inverse_root(distance, static_value(node.inputs[4]))
    made = norm.apply("aten::mul.Tensor", distance, scale)
    return norm.finish(made, weight, bias, range(2, len(sizes)))


@lowering("aten::instance_norm")
def instance_norm(region: Region, node: Node) -> Buffer:
    """Mean 0 and variance 1 for each channel of each element of the batch."""
    x = tensor_at(region, node.inputs[0])
    if x.rank < 3 or static_value(node.inputs[5]) is not True:
        raise Declined("it uses the running statistics")
    if any(optional(region, v) is not None for v in node.inputs[3:5]):
        raise Declined("it updates the running statistics")
    vectors = _channel_vectors(region, node, x, (1, 2))
    norm = _Norm(region, x, x.sizes, x.strides)
    weight, bias = (
        None if v is None else norm.along(v, (1,), v.strides) for v in vectors
    )
    distance = norm.centred()
    scale = norm.inverse_root(distance, static_value(node.inputs[7]))
    made = norm.apply("aten::mul.Tensor", distance, scale)
    return norm.finish(made, weight, bias, range(2, x.rank))


@lowering("aten::batch_norm")
def batch_norm(region: Region, node: Node) -> Buffer:
    """Mean 0 and variance 1 for each channel, by the running statistics."""
    x = tensor_at(region, node.inputs[0])
    training, eps = static_value(node.inputs[5]), static_value(node.inputs[7])
    if training is not False:
        raise Declined("training updates the running statistics")
    if x.rank < 2:
        raise Declined("it always fails")
    vectors = _channel_vectors(region, node, x, (1, 2, 3, 4))
    weight, bias, mean, var = vectors
    if mean is None or var is None:
        raise Declined("it always fails: no running statistics")
    scale = _scale(region, x, weight, var, eps)
    norm = _Norm(region, x, x.sizes, x.strides)
    taken = [norm.along(v, (1,), v.strides) for v in (mean, scale)]
    last = None if bias is None else norm.along(bias, (1,), bias.strides)
    given = norm.build.cast(norm.given, norm.dtype)
    distance = norm.apply("aten::sub.Tensor", given, taken[0], 1)
    return norm.finish(
        norm.apply("aten::mul.Tensor", distance, taken[1]), None, last, ()
    )


def _scale(
    region: Region, x: Buffer, weight: Buffer | None, var: Buffer, eps: float
) -> Buffer:
    """weight / sqrt(var + eps), once for each channel."""
    norm = _Norm(region, var, var.sizes, var.strides)
    taken = None if weight is None else norm.along(weight, (0,), weight.strides)
    wide = compute_dtype(x.dtype)
    norm.dtype = wide
    total = norm.apply("aten::add.Scalar", norm.given, float(wide.numpy.type(eps)), 1)
    made = norm.apply("aten::rsqrt", total)
    if taken is not None:
        made = norm.apply("aten::mul.Tensor", made, taken)
    nest = norm.build.finish([made], [wide])
    buffer = region.allocate(wide, var.sizes)
    outputs = [Memory(buffer.data, buffer.sizes, buffer.strides)]
    norm.group.run(nest, outputs, norm.sizes)
    return buffer

"""Lowerings that choose between elements: where, clip, masks, prelu, glu, nan_to_num.

They are pointwise, but their cards have no formula, or operands that do not broadcast as
they are.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.ir.graph import Node
from jit.ir.registry import find_card
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Operand
from jit.runtime.codegen.nests.casts import converted, fits_into, tensor_at
from jit.runtime.codegen.nests.pointwise import (
    Group,
    Made,
    Memory,
    finish,
    group_of,
    write,
)
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import dim_of
from jit.runtime.codegen.values import I1, I64, Buffer
from jit.runtime.ops.activation import bfloat16_limits
from jit.runtime.ops.casting import as_dtype
from jit.runtime.ops.numpy_arithmetic import promoted
from jit.runtime.ops.pointwise_family import compute_dtype

_WHERE = {
    (True, True): "aten::where.self", (True, False): "aten::where.ScalarOther",
    (False, True): "aten::where.ScalarSelf",
}  # fmt: skip


def choose(group: Group, condition: Operand, x: Any, y: Any, dtype: DType) -> Operand:
    """x where a condition holds, otherwise y."""
    build, compute = group.build, compute_dtype(dtype)
    if not isinstance(x, Operand) and not isinstance(y, Operand):
        x = build.apply("np::positive", [x], compute)
    name = _WHERE[isinstance(x, Operand), isinstance(y, Operand)]
    made = build.apply(name, [condition, x, y], (None, compute, compute), dtype)
    ranks = [o.rank for o in (condition, x, y) if isinstance(o, Operand)]
    return Operand(made.ref, dtype, max(ranks))


def _true(group: Group, x: Operand) -> Operand:
    """Whether elements are not zero."""
    if x.dtype is dtypes.bool_:
        return x
    compute = compute_dtype(x.dtype)
    return group.build.apply("aten::ne.Scalar", [x, 0], compute, dtypes.bool_)


@lowering("np::where", "np::where.ScalarX", "np::where.ScalarY", "np::where.Scalar")
def np_where(region: Region, node: Node) -> Any:
    """x where a condition is true, otherwise y, in the dtype that they promote to."""
    group = group_of(region, [node], {})
    condition, x, y = (group.argument(v) for v in node.inputs)
    facts = [a.fact(True) if isinstance(a, Operand) else a for a in (x, y)]
    dtype = promoted(*facts)
    if dtype is None or not isinstance(condition, Operand):
        raise Declined("the dtype of the result is not known")
    tensors = [group.made[v] for v in node.inputs if v in group.made]
    sizes = group.broadcast(node, [t.sizes for t in tensors])
    made = choose(group, _true(group, condition), x, y, dtype)
    group.made[node.output] = Made(made, sizes)
    return finish(group, [node.output])


@lowering("np::clip", "np::clip.Scalar")
def np_clip(region: Region, node: Node) -> Any:
    """The array moved into bounds; the upper one wins where they cross."""
    group = group_of(region, [node], {})
    made, *bounds = (group.argument(v) for v in node.inputs)
    if not isinstance(made, Operand):
        raise Declined("it clips a number")
    for bound, name in zip(bounds, ("np::maximum", "np::minimum"), strict=True):
        if bound is None:
            continue
        is_array = isinstance(bound, Operand) and bound.number is None
        card = find_card(name, "" if is_array else "Scalar")
        assert card is not None, name
        made = group.build.operator(card, [made, bound])
    if made is group.argument(node.inputs[0]):
        raise Declined("it always fails: there are no bounds")
    tensors = [group.made[v] for v in node.inputs if v in group.made]
    sizes = group.broadcast(node, [t.sizes for t in tensors])
    group.made[node.output] = Made(made, sizes)
    return finish(group, [node.output])


@lowering("aten::nan_to_num", "np::nan_to_num")
def nan_to_num(region: Region, node: Node) -> Any:
    """nan and infinities replaced by numbers."""
    x = tensor_at(region, node.inputs[0])
    if x.dtype.category != FLOATING:
        return converted(region, x, x.dtype)
    given = [static_value(v) for v in node.inputs[1:]] + [None] * 2
    is_half = x.dtype is dtypes.bfloat16
    limits: Any = bfloat16_limits() if is_half else np.finfo(x.dtype.numpy)
    nan = 0.0 if given[0] is None else float(given[0])
    high = float(limits.max if given[1] is None else given[1])
    low = float(limits.min if given[2] is None else given[2])
    group = group_of(region, [node], {})
    element, compute = group.made[node.inputs[0]].operand, compute_dtype(x.dtype)
    build = group.build
    wide = build.cast(element, compute)
    is_nan = build.apply("aten::isnan", [wide], compute, dtypes.bool_)
    made = choose(group, is_nan, nan, wide, compute)
    for infinity, number in ((np.inf, high), (-np.inf, low)):
        name = "aten::eq.Scalar"
        there = build.apply(name, [wide, float(infinity)], compute, dtypes.bool_)
        made = choose(group, there, number, made, compute)
    return _stored(group, made, x)


def _stored(group: Group, made: Operand, like: Buffer) -> Buffer:
    """New memory for a result of the dtype and the sizes of a tensor."""
    nest = group.build.finish([made], [like.dtype])
    buffer = group.new(like.dtype, like.sizes)
    outputs = [Memory(buffer.data, buffer.sizes, buffer.strides)]
    group.run(nest, outputs, group.whole([like.sizes]))
    return buffer


@lowering("aten::prelu")
def prelu(region: Region, node: Node) -> Buffer:
    """x above zero, weight * x below; one weight, or one for each channel."""
    b = region.b
    x, weight = (tensor_at(region, v) for v in node.inputs)
    if x.dtype is not weight.dtype or x.dtype.category != FLOATING or weight.rank > 1:
        raise Declined("its weights have other dims or another dtype")
    group = Group(region, x.rank, {})
    group.read.append(Memory(x.data, x.sizes, x.strides))
    given = group.build.input(x.dtype, x.rank)
    strides: list[ll.Value] = [I64(0)] * x.rank
    if weight.rank:
        count = weight.sizes[0]
        single = b.icmp_signed("==", count, I64(1))
        fits = single
        if x.rank > 1:
            fits = b.or_(fits, b.icmp_signed("==", count, x.sizes[1]))
            strides[1] = b.select(single, I64(0), weight.strides[0])
        region.fail_unless(fits, node)
    group.read.append(Memory(weight.data, x.sizes, tuple(strides)))
    factor = group.build.input(x.dtype, x.rank)
    compute = compute_dtype(x.dtype)
    above = group.build.apply("aten::gt.Scalar", [given, 0], compute, dtypes.bool_)
    below = group.build.apply("aten::mul.Tensor", [given, factor], compute)
    made = choose(group, above, given, below, compute)
    return _stored(group, made, x)


@lowering("aten::glu")
def glu(region: Region, node: Node) -> Buffer:
    """The first half along a dim times the sigmoid of the second half."""
    b, x = region.b, tensor_at(region, node.inputs[0])
    if not x.rank or x.dtype.category != FLOATING:
        raise Declined("it takes floats with dims")
    dim = dim_of(node.inputs[1], x.rank)
    odd = b.and_(x.sizes[dim], I64(1))
    region.fail_unless(b.icmp_signed("==", odd, I64(0)), node)
    half = b.ashr(x.sizes[dim], I64(1))
    sizes = (*x.sizes[:dim], half, *x.sizes[dim + 1 :])
    second = b.gep(x.data, [b.mul(half, x.strides[dim])])
    group = Group(region, x.rank, {})
    given = []
    for data in (x.data, second):
        group.read.append(Memory(data, sizes, x.strides))
        given.append(group.build.input(x.dtype, x.rank))
    compute = compute_dtype(x.dtype)
    made = group.build.apply("aten::neg", [given[1]], compute)
    made = group.build.apply("aten::exp", [made], compute)
    made = group.build.apply("aten::add.Scalar", [made, 1, 1], compute)
    made = group.build.apply("aten::div.Tensor", [given[0], made], compute)
    like = Buffer(x.dtype, x.data, sizes, x.strides)
    return _stored(group, made, like)


@lowering("np::astype")
def np_astype(region: Region, node: Node) -> Buffer:
    """A copy in another dtype."""
    source = tensor_at(region, node.inputs[0])
    return converted(region, source, as_dtype(static_value(node.inputs[1])))


def _filled(region: Region, node: Node) -> tuple[Group, Operand, Made, Made]:
    """Elements with one number where a mask is true, in a nest that is not run yet."""
    group = group_of(region, [node], {})
    x, mask = (group.made.get(v) for v in node.inputs[:2])
    if x is None or mask is None or mask.operand.dtype is not dtypes.bool_:
        raise Declined("its mask is not a bool tensor")
    value = group.argument(node.inputs[2])
    dtype = x.operand.dtype
    if isinstance(value, Operand):
        if value.rank:
            raise Declined("it always fails: the value has dims")
        if value.dtype.category > dtype.category or value.number is not None:
            raise Declined("its value may not fit into the tensor")
        value = group.build.apply("np::positive", [value], (None,), dtype)
    else:
        fits_into(value, dtype)
    return group, choose(group, mask.operand, value, x.operand, dtype), x, mask


@lowering("aten::masked_fill.Tensor")
def masked_fill_tensor(region: Region, node: Node) -> Any:
    """The number of a 0-dim tensor where a mask is true."""
    group, made, x, mask = _filled(region, node)
    sizes = group.broadcast(node, [x.sizes, mask.sizes])
    group.made[node.output] = Made(made, sizes)
    return finish(group, [node.output])


@lowering("aten::masked_fill_.Scalar", "aten::masked_fill_.Tensor")
def masked_fill_(region: Region, node: Node) -> Any:
    """The same, written into the tensor."""
    target = tensor_at(region, node.inputs[0])
    group, made, x, mask = _filled(region, node)
    b = region.b
    if len(mask.sizes) > len(x.sizes):
        raise Declined("its mask has more dims than the tensor")
    fits: ll.Value = I1(1)
    for size, wanted in zip(reversed(mask.sizes), reversed(x.sizes), strict=False):
        same = b.icmp_signed("==", size, wanted)
        fits = b.and_(fits, b.or_(same, b.icmp_signed("==", size, I64(1))))
    region.fail_unless(fits, node)
    write(group, group.build.finish([made], [target.dtype]), target)
    return target

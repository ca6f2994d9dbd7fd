"""Lowerings that copy elements, converted or not: to, clone, copy_, fill_, masked_fill."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir.dtypes import FLOATING, DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Operand
from jit.runtime.codegen.nests.pointwise import (
    Group,
    Made,
    Memory,
    Sizes,
    card_of,
    group_of,
    write,
)
from jit.runtime.codegen.nests.reductions import static_value
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import ELEMENT, I1, I64, Buffer
from jit.runtime.ops.casting import as_dtype
from jit.runtime.ops.pointwise_family import compute_dtype


def tensor_at(region: Region, value: Value) -> Buffer:
    """A tensor; Declined for anything else."""
    found = region.value(value)
    if not isinstance(found, Buffer):
        raise Declined(f"{value!r} is not held as a tensor")
    return found


def converted(region: Region, source: Buffer, dtype: DType) -> Buffer:
    """The elements of a tensor in new memory, in a dtype."""
    if dtype not in ELEMENT:
        raise Declined(f"{dtype.name} tensors stay on the interpreter")
    group = Group(region, source.rank, {})
    x = group.build.input(source.dtype, source.rank)
    group.read.append(Memory(source.data, source.sizes, source.strides))
    nest = group.build.finish([_cast(group, x, dtype)], [dtype])
    made = group.new(dtype, source.sizes)
    group.run(nest, [Memory(made.data, made.sizes, made.strides)], source.sizes)
    return made


def _cast(group: Group, x: Operand, dtype: DType) -> Operand:
    """A value of a nest in a dtype, rounded once."""
    if compute_dtype(x.dtype).category == FLOATING == dtype.category:
        return x  # storing it rounds
    return group.build.cast(x, compute_dtype(dtype))


def _to(region: Region, node: Node, dtype: Any, copy: bool) -> Buffer:
    source = tensor_at(region, node.inputs[0])
    wanted = source.dtype if dtype is None else as_dtype(dtype)
    if wanted is source.dtype and not copy:
        return source
    return converted(region, source, wanted)


def _argument(node: Node, name: str) -> Any:
    """A constant argument by name, None where the operator has none."""
    place = card_of(node).schema.index_of.get(name)
    return None if place is None else static_value(node.inputs[place])


@lowering(
    "aten::to.dtype", "aten::to.device", "aten::to.dtype_layout",
    "aten::to.prim_Device", "aten::to.prim_dtype", "aten::to.prim_other",
)  # fmt: skip
def to_dtype(region: Region, node: Node) -> Buffer:
    """The tensor in a dtype, itself if it has it."""
    return _to(region, node, _argument(node, "dtype"), bool(_argument(node, "copy")))


@lowering("aten::to.other", "aten::type_as")
def to_other(region: Region, node: Node) -> Buffer:
    """The tensor in the dtype of another."""
    other = tensor_at(region, node.inputs[1])
    return _to(region, node, other.dtype, bool(_argument(node, "copy")))


def assign(region: Region, node: Node, target: Buffer, source: Value | float) -> Buffer:
    """Write a tensor or number into all elements of a tensor, broadcast and converted."""
    group = Group(region, target.rank, {})
    if isinstance(source, Value) and source.node.kind == "prim::Constant":
        source = static_value(source)
    if isinstance(source, Value):
        x = _taken(group, node, target, source)
    elif isinstance(source, bool | int | float):
        fits_into(source, target.dtype)
        computed = compute_dtype(target.dtype)
        x = group.build.apply("np::positive", [source], computed)
    else:
        raise Declined("it writes something that is no number")
    nest = group.build.finish([_cast(group, x, target.dtype)], [target.dtype])
    write(group, nest, target)
    return target


def _taken(group: Group, node: Node, target: Buffer, source: Value) -> Operand:
    """What is written, as an input of a nest."""
    found = group.region.value(source)
    if isinstance(found, Buffer) and found.rank > target.rank:
        raise Declined("it writes a tensor of more dims")
    group.take(source)
    if source not in group.made:
        raise Declined("it writes something that is neither tensor nor number")
    made = group.made[source]
    if made.operand.number is not None and target.dtype.category < FLOATING:
        raise Declined("a number may not fit into integers")
    group.region.fail_unless(_fits(group.region, made, target.sizes), node)
    return made.operand


def fits_into(value: float, dtype: DType) -> None:
    """Declined for numbers that the reference kernel converts in its own way."""
    if dtype.category < FLOATING and not (abs(value) < 128 and value == int(value)):
        raise Declined(f"{value} may not fit into {dtype.name}")
    if value < 0 and not dtype.is_signed:
        raise Declined(f"{value} does not fit into {dtype.name}")


def _fits(region: Region, made: Made, sizes: Sizes) -> ll.Value:
    """Whether a tensor broadcasts to some sizes."""
    b = region.b
    fits: ll.Value = I1(1)
    for size, wanted in zip(reversed(made.sizes), reversed(sizes), strict=False):
        same = b.icmp_signed("==", size, wanted)
        one = b.icmp_signed("==", size, I64(1))
        fits = b.and_(fits, b.or_(same, one))
    return fits


@lowering("aten::copy_", "aten::copy_.Tensor", "aten::copy_.float", "aten::copy_.int")
def copy_(region: Region, node: Node) -> Buffer:
    """The elements of a tensor, or a number, written into another."""
    return assign(region, node, tensor_at(region, node.inputs[0]), node.inputs[1])


@lowering("aten::fill_.Scalar", "aten::fill_.Tensor")
def fill_(region: Region, node: Node) -> Buffer:
    """One number written into all elements."""
    found = region.value(node.inputs[1])
    if isinstance(found, Buffer) and found.rank:
        raise Declined("it fills with a tensor of several elements")
    return assign(region, node, tensor_at(region, node.inputs[0]), node.inputs[1])


@lowering("aten::zero_")
def zero_(region: Region, node: Node) -> Buffer:
    """Zero written into all elements."""
    return assign(region, node, tensor_at(region, node.inputs[0]), 0)


@lowering("aten::masked_fill.Scalar")
def masked_fill(region: Region, node: Node) -> Any:
    """One number where a mask is true."""
    group = group_of(region, [node], {})
    x, mask = (group.made.get(v) for v in node.inputs[:2])
    if x is None or mask is None or mask.operand.dtype.name != "bool":
        raise Declined("its mask is not a bool tensor")
    value = group.argument(node.inputs[2])
    if isinstance(value, Operand):
        if x.operand.dtype.category < FLOATING:
            raise Declined("a number may not fit into integers")
    elif isinstance(value, bool | int | float):
        fits_into(value, x.operand.dtype)
    else:
        raise Declined("it fills with something that is no number")
    computed = compute_dtype(x.operand.dtype)
    sizes = group.broadcast(node, [x.sizes, mask.sizes])
    chosen = group.build.apply(
        "aten::where.ScalarSelf", [mask.operand, value, x.operand],
        (None, computed, computed), computed,
    )  # fmt: skip
    nest = group.build.finish([chosen], [x.operand.dtype])
    made = group.new(x.operand.dtype, sizes)
    group.run(nest, [Memory(made.data, made.sizes, made.strides)], group.whole([sizes]))
    return made

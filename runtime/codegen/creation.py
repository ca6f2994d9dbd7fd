"""Lowerings that make tensors of numbers: filled, like others, from one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen import elements
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import ELEMENT, F64, I1, I8, I64, Buffer
from jit.runtime.codegen.views import count_of, ints_of, tensor


def result_dtype(node: Node) -> DType:
    """The dtype of the one output; Declined if it is not known."""
    dtype = getattr(node.output.type, "dtype", None)
    if dtype is None or dtype not in ELEMENT:
        raise Declined("the dtype of the result is not known, or has no machine code")
    found: DType = dtype
    return found


def _check_options(region: Region, values: Sequence[Value]) -> None:
    """Layout, device, pin_memory and memory_format are left to their defaults."""
    for value in values:
        found = region.value(value)
        plain = isinstance(found, Static) and str(found.value) in ("None", "cpu")
        false = isinstance(found, ll.Constant) and found.constant == 0
        if not plain and not false:
            raise Declined("it asks for a layout, a device or pinned memory")


def fill(region: Region, target: Buffer, value: ll.Value) -> None:
    """One number everywhere in a contiguous tensor of the region."""
    b = region.b
    count = count_of(region, target.sizes)
    size = target.dtype.itemsize
    if isinstance(value, ll.Constant) and _is_zero(value.constant):
        clear = region.module.declare_intrinsic("llvm.memset", [target.data.type, I64])
        b.call(clear, [target.data, I8(0), b.mul(count, I64(size)), I1(0)])
        return
    cell = region.stack(ELEMENT[target.dtype])
    elements.write_number(
        region, value, b.bitcast(cell, target.data.type), target.dtype
    )
    element = b.load(cell)
    start = b.bitcast(target.data, ELEMENT[target.dtype].as_pointer())
    with region.loop(I64(0), count) as i:
        b.store(element, b.gep(start, [i], inbounds=True))


def _is_zero(number: Any) -> bool:
    return number == 0 and math.copysign(1.0, number) > 0


def _filled(
    region: Region, node: Node, sizes: Sequence[ll.Value], value: ll.Value
) -> Buffer:
    made = region.allocate(result_dtype(node), sizes)
    fill(region, made, value)
    return made


def _checked_sizes(region: Region, node: Node, value: Value) -> list[ll.Value]:
    b = region.b
    sizes = ints_of(region, value)
    holds: ll.Value = I1(1)
    for size in sizes:
        holds = b.and_(holds, b.icmp_signed(">=", size, I64(0)))
    region.fail_unless(holds, node)
    return sizes


def _constant(node: Node, value: int) -> ll.Value:
    if result_dtype(node).is_floating_point:
        return ll.Constant(F64, float(value))
    return I64(value)


@lowering("aten::zeros", "aten::empty.memory_format")
def zeros(region: Region, node: Node) -> Any:
    """Zeros; the reference gives them for `empty` as well."""
    _check_options(region, node.inputs[2:])
    sizes = _checked_sizes(region, node, node.inputs[0])
    return _filled(region, node, sizes, _constant(node, 0))


@lowering("aten::ones")
def ones(region: Region, node: Node) -> Any:
    """Ones."""
    _check_options(region, node.inputs[2:])
    sizes = _checked_sizes(region, node, node.inputs[0])
    return _filled(region, node, sizes, _constant(node, 1))


@lowering("aten::full")
def full(region: Region, node: Node) -> Any:
    """One number everywhere."""
    _check_options(region, node.inputs[3:])
    sizes = _checked_sizes(region, node, node.inputs[0])
    return _filled(region, node, sizes, region.number(node.inputs[1]))


@lowering("aten::zeros_like", "aten::empty_like")
def zeros_like(region: Region, node: Node) -> Any:
    """Zeros with the sizes of a tensor."""
    _check_options(region, node.inputs[2:])
    source = tensor(region, node.inputs[0])
    return _filled(region, node, source.sizes, _constant(node, 0))


@lowering("aten::ones_like")
def ones_like(region: Region, node: Node) -> Any:
    """Ones with the sizes of a tensor."""
    _check_options(region, node.inputs[2:])
    source = tensor(region, node.inputs[0])
    return _filled(region, node, source.sizes, _constant(node, 1))


@lowering("aten::full_like")
def full_like(region: Region, node: Node) -> Any:
    """One number everywhere, with the sizes of a tensor."""
    _check_options(region, node.inputs[3:])
    source = tensor(region, node.inputs[0])
    return _filled(region, node, source.sizes, region.number(node.inputs[1]))


@lowering("prim::NumToTensor")
def num_to_tensor(region: Region, node: Node) -> Any:
    """A 0-dim tensor of a number."""
    return _filled(region, node, [], region.number(node.inputs[0]))

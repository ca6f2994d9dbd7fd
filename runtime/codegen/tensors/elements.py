"""Lowerings between single elements of tensors and Python numbers."""

from __future__ import annotations

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers.scalars import as_float, truth
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import count_of, tensor
from jit.runtime.codegen.values import ELEMENT, F32, F64, I1, I64, Buffer

_HALVES = (dtypes.float16, dtypes.bfloat16)


def read_number(region: Region, data: ll.Value, dtype: DType) -> ll.Value:
    """An element in memory as an int, a float or a bool."""
    b = region.b
    if dtype.is_complex or dtype in _HALVES or dtype not in ELEMENT:
        raise Declined(f"an element of {dtype.name} as a number")
    value = b.load(b.bitcast(data, ELEMENT[dtype].as_pointer()))
    if dtype == dtypes.bool_:
        return b.icmp_unsigned("!=", value, ll.Constant(ELEMENT[dtype], 0))
    if value.type == F32:
        return b.fpext(value, F64)
    if value.type in (F64, I64):
        return value
    return b.sext(value, I64) if dtype.is_signed else b.zext(value, I64)


def write_number(region: Region, value: ll.Value, data: ll.Value, dtype: DType) -> None:
    """A number as an element in memory."""
    b = region.b
    if dtype in _HALVES or dtype not in ELEMENT:
        raise Declined(f"a number as an element of {dtype.name}")
    kind = ELEMENT[dtype]
    if dtype == dtypes.bool_:
        value = b.zext(truth(region, value), kind)
    elif dtype.is_floating_point:
        value = as_float(region, value)
        value = b.fptrunc(value, F32) if kind == F32 else value
    elif value.type == F64:
        raise Declined("a float as an element of whole numbers")
    else:
        value = b.zext(value, I64) if value.type == I1 else value
        value = b.trunc(value, kind) if kind != I64 else value
    b.store(value, b.bitcast(data, kind.as_pointer()))


def only_element(region: Region, node: Node) -> ll.Value:
    """The one element of a tensor; leaves the region if there are not one."""
    source = tensor(region, node.inputs[0])
    if source.rank:
        count = count_of(region, source.sizes)
        region.fail_unless(region.b.icmp_signed("==", count, I64(1)), node)
    return read_number(region, source.data, source.dtype)


@lowering("aten::item")
def item(region: Region, node: Node) -> ll.Value:
    """The one element as a number."""
    return only_element(region, node)


@lowering("aten::Bool.Tensor", "aten::is_nonzero")
def bool_tensor(region: Region, node: Node) -> ll.Value:
    """Whether the one element is nonzero."""
    return truth(region, only_element(region, node))


@lowering("aten::Float.Tensor", "aten::FloatImplicit")
def float_tensor(region: Region, node: Node) -> ll.Value:
    """The one element as a float."""
    if node.kind == "aten::FloatImplicit":
        _check_implicit(region, node, dtypes.FLOATING)
    return as_float(region, only_element(region, node))


@lowering("aten::Int.Tensor", "aten::IntImplicit")
def int_tensor(region: Region, node: Node) -> ll.Value:
    """The one element as an int, without its fraction."""
    b = region.b
    if node.kind == "aten::IntImplicit":
        _check_implicit(region, node, dtypes.INTEGER)
    value = only_element(region, node)
    if value.type == F64:
        low = b.fcmp_ordered(">", value, ll.Constant(F64, -(2.0**63)))
        high = b.fcmp_ordered("<", value, ll.Constant(F64, 2.0**63))
        region.fail_unless(b.and_(low, high), node)
        return b.fptosi(value, I64)
    return b.zext(value, I64) if value.type == I1 else value


def _check_implicit(region: Region, node: Node, category: int) -> None:
    source: Buffer = tensor(region, node.inputs[0])
    if source.rank or source.dtype.category > category:
        raise Declined("it is not a 0-dim tensor of such a number")

"""Scaled dot-product attention: two products, with a softmax of rows between them.

Scores are scaled and masked before they are written, the softmax is made in place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.pointwise import Group, Memory
from jit.runtime.codegen.nests.vocabulary import intrinsic
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.products import (
    Matrices,
    add_operand,
    broadcast,
    common_dtype,
    matrices,
    multiply,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import tensor
from jit.runtime.codegen.values import F64, I1, I8, I64, POINTER, Buffer


@lowering("aten::scaled_dot_product_attention")
def attention(region: Region, node: Node) -> Buffer:
    """softmax(query @ key.T * scale + mask) @ value."""
    query, key, value = (tensor(region, v) for v in node.inputs[:3])
    dtype = common_dtype(query, key, value)
    if dtype not in (dtypes.float32, dtypes.float64):
        raise Declined(f"attention of {dtype.name} has no machine code")
    if min(query.rank, key.rank, value.rank) < 2:
        raise Declined("an operand is no matrix")
    causal, grouped = (_known(region, node, p) for p in (5, 7))
    dropout = region.value(node.inputs[4])
    if not (isinstance(dropout, ll.Constant) and dropout.constant == 0) or grouped:
        raise Declined("it drops weights, or heads share keys")
    q, k, v = matrices(query), matrices(key).transposed(), matrices(value)
    b = region.b
    fits = b.icmp_signed("==", q.columns, k.rows)
    fits = b.and_(fits, b.icmp_signed("==", k.columns, v.rows))
    region.fail_unless(fits, node)
    sizes = broadcast(region, node, [q, k, v])
    shape = [*sizes, q.rows, k.columns]
    scores = region.allocate(dtype, shape)
    epilogue, operands = _ending(region, node, dtype, shape, q.columns, causal)
    multiply(region, node, dtype, q, k, scores.data, sizes, epilogue, operands)
    _softmax(region, scores)
    made = region.allocate(dtype, [*sizes, q.rows, v.columns])
    weights = matrices(scores)
    multiply(region, node, dtype, weights, v, made.data, sizes)
    return made


def _known(region: Region, node: Node, place: int) -> bool:
    found = region.value(node.inputs[place])
    if isinstance(found, ll.Constant):
        return bool(found.constant)
    raise Declined("an argument is not a constant")


def _ending(
    region: Region,
    node: Node,
    dtype: DType,
    shape: Sequence[ll.Value],
    depth: ll.Value,
    causal: bool,
) -> tuple[T.Epilogue, list[Matrices]]:
    """What is done to scores: the factor, and the mask."""
    b = region.b
    given = region.value(node.inputs[6])
    if isinstance(given, Static):
        whole = b.sitofp(depth, F64)
        root = intrinsic(b, "sqrt", whole)
        factor = b.fdiv(ll.Constant(F64, 1.0), root)
    elif isinstance(given, ll.Value) and given.type == F64:
        factor = given
    else:
        raise Declined("the scale is no float")
    place = region.stack(F64)
    b.store(factor, place)
    none: list[ll.Value] = [I64(0)] * (len(shape) - 2)
    rows, columns = shape[-2:]
    scale = Matrices(
        b.bitcast(place, POINTER), list(shape[:-2]), none, rows, columns, I64(0), I64(0)
    )
    factor_operand = T.Operand(along_columns=False, dtype=dtypes.float64)
    mask: Buffer | None = None
    found = region.value(node.inputs[3])
    if causal:
        if not isinstance(found, Static):
            raise Declined("a mask for what has one already")
        mask = _triangle(region, shape[-2], shape[-1])
    elif not isinstance(found, Static):
        mask = tensor(region, node.inputs[3])
    if mask is None:
        return T.Epilogue("scaled", (factor_operand,), _scaled), [scale]
    addend = add_operand(region, node, mask, shape)
    operand = T.Operand(dtype=mask.dtype)
    if mask.dtype is dtypes.bool_:
        return T.Epilogue("masked", (factor_operand, operand), _masked), [scale, addend]
    if mask.dtype is not dtype:
        raise Declined("the mask has another dtype")
    return T.Epilogue("shifted", (factor_operand, operand), _shifted), [scale, addend]


def _scaled(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
    factor = given[0]
    if factor.type != sums.type:
        factor = b.fptrunc(factor, sums.type)
    return b.fmul(sums, factor)


def _masked(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
    hidden = ll.Constant(sums.type, [-math.inf] * sums.type.count)
    return b.select(given[1], _scaled(b, sums, given), hidden)


def _shifted(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
    return b.fadd(_scaled(b, sums, given), given[1])


def _triangle(region: Region, rows: ll.Value, columns: ll.Value) -> Buffer:
    """A mask that lets each row see columns up to its own."""
    b = region.b
    made = region.allocate(dtypes.bool_, [rows, columns])
    fill = region.module.declare_intrinsic("llvm.memset", [POINTER, I64])
    with region.loop(I64(0), rows) as row:
        seen = B.smaller(b, b.add(row, I64(1)), columns)
        place = b.gep(made.data, [b.mul(row, columns)])
        b.call(fill, [place, I8(1), seen, I1(0)])
        rest = b.gep(place, [seen])
        b.call(fill, [rest, I8(0), b.sub(columns, seen), I1(0)])
    return made


def _softmax(region: Region, scores: Buffer) -> None:
    """The softmax of the rows, in place; zeros where everything is masked."""
    dtype, rank = scores.dtype, scores.rank
    group = Group(region, rank, {})
    x = group.build.input(dtype)
    group.read.append(Memory(scores.data, scores.sizes, scores.strides))
    build = group.build
    least = -1.7e308 if dtype is dtypes.float64 else -3.4e38
    top = build.apply("aten::clamp_min", [build.reduce("max", x), least], dtype)
    shifted = build.apply("aten::sub.Tensor", [x, top, 1], dtype)
    powers = build.apply("aten::exp", [shifted], dtype)
    total = build.apply("aten::clamp_min", [build.reduce("sum", powers), 1e-30],
                        dtypes.float64)  # fmt: skip
    inverse = build.apply("aten::reciprocal", [total], dtypes.float64)
    weights = build.apply("aten::mul.Tensor", [powers, inverse], dtype)
    nest = build.finish([weights], [dtype], [rank - 1])
    memory = Memory(scores.data, scores.sizes, scores.strides)
    group.run(nest, [memory], scores.sizes)

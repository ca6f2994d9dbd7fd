"""Lowerings of matrix products: operands where they are, batches broadcast.

What is multiplied becomes words in memory, which `running` reads; equal kernels are made
once for a module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.epilogues import Tail, TailOperand, head
from jit.runtime.codegen.products.finishing import (
    FINISH,
    MOST_OPERANDS,
    emit_finish_at,
    finish_key,
)
from jit.runtime.codegen.products.gemm import (
    GEMM,
    Gemm,
)
from jit.runtime.codegen.products.packed_constants import never_changes, packed_matrix
from jit.runtime.codegen.products.running import (
    WORDS,
    Words,
    emit_run,
    emit_way_of_few_rows,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.views import tensor
from jit.runtime.codegen.values import I1, I64, POINTER, Buffer

_DTYPES = (
    dtypes.float32, dtypes.float64, dtypes.bfloat16, dtypes.float16, dtypes.int64,
    dtypes.int32, dtypes.int16, dtypes.int8, dtypes.uint8,
)  # fmt: skip


@dataclass
class Matrices:
    """An operand: matrices along the last two dims, batches along the others."""

    data: ll.Value
    sizes: list[ll.Value]
    """Of the batches."""
    strides: list[ll.Value]
    rows: ll.Value
    columns: ll.Value
    row: ll.Value
    """Bytes from one row to the next."""
    column: ll.Value
    constant: np.ndarray | None = None
    """The matrix itself, if it is one that never changes."""

    def copy(self) -> Matrices:
        """The same, to be changed."""
        return replace(self, sizes=list(self.sizes), strides=list(self.strides))

    def transposed(self) -> Matrices:
        turned = None if self.constant is None else self.constant.T
        return Matrices(
            self.data, self.sizes, self.strides, self.columns, self.rows, self.column,
            self.row, turned,
        )  # fmt: skip


def matrices(buffer: Buffer, value: Value | None = None) -> Matrices:
    """A tensor of at least two dims; `value` is what it is in the graph."""
    sizes, strides = list(buffer.sizes), list(buffer.strides)
    found = Matrices(buffer.data, sizes[:-2], strides[:-2], *sizes[-2:], *strides[-2:])
    if value is not None:
        found.constant = _constant_matrix(value)
    return found


def _constant_matrix(value: Value) -> np.ndarray | None:
    if value.node.kind != "prim::Constant":
        return None
    array = value.node.attributes.get("value")
    if not isinstance(array, np.ndarray) or array.ndim != 2:
        return None
    return array if never_changes(array) else None


def row_vector(buffer: Buffer) -> Matrices:
    """A vector as one row."""
    (size,), (stride,) = buffer.sizes, buffer.strides
    return Matrices(buffer.data, [], [], I64(1), size, I64(0), stride)


def common_dtype(*buffers: Buffer) -> DType:
    """The dtype of the operands, which tiles can multiply; Declined if there is none."""
    dtype = buffers[0].dtype
    if any(x.dtype is not dtype for x in buffers):
        raise Declined("the operands have different dtypes")
    if dtype not in _DTYPES:
        raise Declined(f"products of {dtype.name} have no machine code")
    return dtype


def broadcast(
    region: Region, node: Node, operands: Sequence[Matrices]
) -> list[ll.Value]:
    """The sizes of the batches together; operands get strides for all of them."""
    b = region.b
    rank = max(len(o.sizes) for o in operands)
    for o in operands:
        missing = rank - len(o.sizes)
        o.sizes = [I64(1)] * missing + o.sizes
        o.strides = [I64(0)] * missing + o.strides
    sizes = []
    for dim in range(rank):
        size: ll.Value = I64(1)
        for o in operands:
            own = o.sizes[dim]
            if isinstance(own, ll.Constant) and own.constant == 1:
                continue
            alone = b.icmp_signed("==", own, I64(1))
            if isinstance(size, ll.Constant):
                size = own
            else:
                free = b.icmp_signed("==", size, I64(1))
                fits = b.or_(b.or_(alone, free), b.icmp_signed("==", own, size))
                region.fail_unless(fits, node)
                size = b.select(free, own, size)
            o.strides[dim] = b.select(alone, I64(0), o.strides[dim])
        sizes.append(size)
    return sizes


def fold(
    region: Region,
    a: Matrices,
    sizes: list[ll.Value],
    others: Sequence[Matrices],
    still: Matrices | None = None,
) -> None:
    """Batches of A over one B are rows of A, if they and `others` lie as rows do.

    `still` is B, where it may have batches of its own.
    """
    b = region.b
    fits: ll.Value = I1(1)
    together = [a, *others]
    for dim in reversed(range(len(sizes))):
        single = b.icmp_signed("==", sizes[dim], I64(1))
        one_row = b.icmp_signed("==", a.rows, I64(1))
        follow: ll.Value = I1(1)
        for x in together:
            next_batch = b.mul(a.rows, x.row)
            follow = b.and_(follow, b.icmp_signed("==", x.strides[dim], next_batch))
        joins = b.or_(one_row, follow)
        if still is not None:
            joins = b.and_(joins, b.icmp_signed("==", still.strides[dim], I64(0)))
        # dims inside of one that does not fold stay batches, and so do those outside
        fits = b.and_(fits, b.or_(single, joins))
        takes_over = b.and_(fits, b.and_(one_row, b.not_(single)))
        for x in together:
            x.row = b.select(takes_over, x.strides[dim], x.row)
        a.rows = b.select(fits, b.mul(a.rows, sizes[dim]), a.rows)
        sizes[dim] = b.select(fits, I64(1), sizes[dim])


def multiply(
    region: Region,
    node: Node,
    dtype: DType,
    a: Matrices,
    b_: Matrices,
    c: ll.Value | Matrices,
    sizes: list[ll.Value],
    epilogue: T.Epilogue = T.PLAIN,
    operands: Sequence[Matrices] = (),
    result: DType | None = None,
) -> None:
    """Write the products to `c`; the operands have been broadcast.

    `c` is contiguous, or says where rows and batches are. `result` is the dtype that the
    epilogue gives, if it is another one.
    """
    b, item = region.b, I64(dtype.itemsize)
    types = T.Numbers(dtype, result or dtype)
    gemm = Gemm(targets.host(), types)
    if len(operands) > MOST_OPERANDS:
        raise Declined("too many tensors take part")
    run = region.kernel(
        f"product_{gemm.name}",
        ll.FunctionType(ll.VoidType(), [POINTER]),
        lambda m, n: emit_run(m, n, gemm),
    )
    # made beside the other one, on another core
    thin = region.kernel(
        f"thin_{gemm.name}", GEMM, lambda m, n: emit_way_of_few_rows(m, n, gemm)
    )
    finish = region.kernel(
        finish_key(gemm.shape, types, epilogue),
        FINISH,
        lambda m, n: emit_finish_at(m, n, gemm.shape, types, epilogue),
    )
    if not isinstance(c, Matrices):
        c = _contiguous(region, c, sizes, a.rows, b_.columns, types.result)
    packed: ll.Value = ll.Constant(POINTER, None)
    if b_.constant is not None and not _is_one(a.rows) and b_.constant.size:
        packed = region.constant_data(packed_matrix(b_.constant, gemm)).data
    one_column = b.icmp_signed("==", b_.columns, I64(1))
    one_deep = b.icmp_signed("==", a.columns, I64(1))
    batches: ll.Value = I64(1)
    for size in sizes:
        batches = b.mul(batches, size)
    values = {
        "a": a.data,
        "a_row": a.row,
        # what lies between elements does not matter where there is one
        "a_column": b.select(one_deep, item, a.column),
        "b": b_.data,
        "b_row": b.select(one_deep, item, b_.row),
        "b_column": b.select(one_column, item, b_.column),
        "packed": packed,
        "c": c.data,
        "c_row": c.row,
        "c_item": I64(types.result.itemsize),
        "whole": I64(int(not types.accumulates)),
        "finish": b.bitcast(finish, POINTER),
        "thin": b.bitcast(thin, POINTER),
        "depth": a.columns,
        "rows": a.rows,
        "columns": b_.columns,
        "batches": batches,
        "rank": I64(len(sizes)),
        "operands": I64(len(operands)),
    }
    more: list[ll.Value] = []
    for dim, size in enumerate(sizes):
        more += [size, a.strides[dim], b_.strides[dim], c.strides[dim]]
    for o in operands:
        more += [o.data, o.row, o.column, *o.strides]
    count = len(WORDS) + len(more)
    memory = region.stack(ll.ArrayType(I64, count), "product")
    words = Words(b, b.bitcast(memory, POINTER), WORDS)
    for name, value in values.items():
        words[name] = value
    for place, value in enumerate(more, len(WORDS)):
        B.store(b, value, B.at(b, words.base, 8 * place), 8)
    b.call(run, [words.base])
    whole = b.icmp_signed("==", words["failed"], I64(0))
    region.fail_unless(whole, node, [], MemoryError())


def _contiguous(
    region: Region,
    data: ll.Value,
    sizes: Sequence[ll.Value],
    rows: ll.Value,
    columns: ll.Value,
    dtype: DType,
) -> Matrices:
    """Matrices that follow each other in memory."""
    b, item = region.b, I64(dtype.itemsize)
    row = b.mul(columns, item)
    strides: list[ll.Value] = []
    step = b.mul(rows, row)
    for size in reversed(sizes):
        strides.insert(0, step)
        step = b.mul(step, size)
    return Matrices(data, list(sizes), strides, rows, columns, row, item)


def _is_one(size: ll.Value) -> bool:
    return isinstance(size, ll.Constant) and size.constant == 1


def _check_depth(region: Region, node: Node, a: Matrices, b: Matrices) -> None:
    region.fail_unless(region.b.icmp_signed("==", a.columns, b.rows), node)


@dataclass
class Product:
    """A product whose operands have been checked and broadcast."""

    dtype: DType
    a: Matrices
    b: Matrices
    sizes: list[ll.Value]
    """Of the batches."""
    result: list[ll.Value]
    """The sizes of the result: the batches, rows and columns."""
    has_rows: bool = True
    """Whether the result has a dim for the rows; a vector times matrices has none."""
    has_columns: bool = True
    folds: str = ""
    """What batches are where they lie so: "rows" or "columns"; empty if B has batches."""
    epilogue: T.Epilogue = T.PLAIN
    operands: list[Matrices] = field(default_factory=list)

    def operand(self, given: TailOperand) -> Matrices:
        """An operand of a tail, which has strides for the dims of the result."""
        strides = list(given.strides)
        column = strides.pop() if self.has_columns else I64(0)
        row = strides.pop() if self.has_rows else I64(0)
        return Matrices(
            given.data, self.sizes, strides, self.a.rows, self.b.columns, row, column
        )


def _make(region: Region, node: Node, product: Product, tail: Tail | None) -> Buffer:
    """The product, with what follows it."""

    def run(dtype: DType, epilogue: T.Epilogue, operands: Sequence[Matrices]) -> Buffer:
        made = region.allocate(dtype, product.result)
        sizes, a, b = list(product.sizes), product.a.copy(), product.b.copy()
        others = [o.copy() for o in operands]
        if product.folds == "rows":
            fold(region, a, sizes, others)
        elif product.folds == "columns":
            turned = b.transposed()
            others = [o.transposed() for o in others]
            fold(region, turned, sizes, others)
            b, others = turned.transposed(), [o.transposed() for o in others]
        multiply(
            region, node, product.dtype, a, b, made.data, sizes, epilogue, others, dtype
        )
        return made

    def plain() -> Buffer:
        return run(product.dtype, product.epilogue, product.operands)

    if tail is None:
        return plain()
    if not tail.begin(product.dtype, len(product.result)):
        return tail.apart(plain())

    def fused() -> Buffer:
        assert tail is not None
        given = [product.operand(o) for o in tail.operands_for(product.result)]
        epilogue = tail.after(product.epilogue, product.dtype)
        return run(tail.dtype, epilogue, [*product.operands, *given])

    return tail.finish(product.result, fused, plain)


def _matmul(
    region: Region,
    node: Node,
    x: Buffer,
    y: Buffer,
    tail: Tail | None,
    right: Value | None = None,
) -> Buffer:
    """`right` is what `y` is in the graph."""
    dtype = common_dtype(x, y)
    if not x.rank or not y.rank:
        raise Declined("an operand has no dims")
    if y.rank == 1 and x.rank > 1:
        # as the product of a row with the transposed matrices, which is read in order
        a, other = row_vector(y), matrices(x).transposed()
        region.fail_unless(region.b.icmp_signed("==", a.columns, other.rows), node)
        sizes = broadcast(region, node, [a, other])
        product = Product(
            dtype, a, other, sizes, [*sizes, other.columns],
            has_rows=False, folds="columns",
        )  # fmt: skip
        return _make(region, node, product, tail)
    a = row_vector(x) if x.rank == 1 else matrices(x)
    other = row_vector(y).transposed() if y.rank == 1 else matrices(y, right)
    _check_depth(region, node, a, other)
    sizes = broadcast(region, node, [a, other])
    rows = [a.rows] if x.rank > 1 else []
    columns = [other.columns] if y.rank > 1 else []
    product = Product(
        dtype, a, other, sizes, [*sizes, *rows, *columns], bool(rows), bool(columns),
        "rows" if y.rank == 2 else "",
    )  # fmt: skip
    return _make(region, node, product, tail)


@head("aten::matmul", "np::matmul")
def matmul(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """The product of vectors, matrices, and batches of them."""
    x, y = (tensor(region, v) for v in node.inputs)
    check_halves(node, x)
    return _matmul(region, node, x, y, tail, node.inputs[1])


def check_halves(node: Node, x: Buffer) -> None:
    """Declined for half types of NumPy."""
    if node.kind.startswith("np::") and _is_half(x.dtype):
        raise Declined("NumPy rounds sums of half types on the way")


def _ranked(region: Region, node: Node, ranks: Sequence[int]) -> list[Buffer]:
    found = [tensor(region, v) for v in node.inputs[: len(ranks)]]
    if [x.rank for x in found] != list(ranks):
        raise Declined("an operand has another rank")
    return found


@head("aten::mm")
def mm(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """The product of two matrices."""
    x, y = _ranked(region, node, (2, 2))
    return _matmul(region, node, x, y, tail, node.inputs[1])


@head("aten::mv")
def mv(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """The product of a matrix and a vector."""
    x, y = _ranked(region, node, (2, 1))
    return _matmul(region, node, x, y, tail)


@lowering("aten::dot")
def dot(region: Region, node: Node) -> Buffer:
    """The product of two vectors."""
    x, y = _ranked(region, node, (1, 1))
    return _matmul(region, node, x, y, None)


@head("np::dot")
def np_dot(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """As `matmul` for up to two dims."""
    x, y = (tensor(region, v) for v in node.inputs)
    if max(x.rank, y.rank) > 2:
        raise Declined("an operand has more than two dims")
    check_halves(node, x)
    return _matmul(region, node, x, y, tail, node.inputs[1])


def _check_same_batches(region: Region, node: Node, x: Buffer, y: Buffer) -> None:
    same = region.b.icmp_signed("==", x.sizes[0], y.sizes[0])
    region.fail_unless(same, node)


@head("aten::bmm")
def bmm(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """The products of matrices along dim 0."""
    x, y = _ranked(region, node, (3, 3))
    _check_same_batches(region, node, x, y)
    return _matmul(region, node, x, y, tail)


def add_operand(
    region: Region, node: Node, x: Buffer, result: Sequence[Any]
) -> Matrices:
    """An operand of the epilogue, broadcast to the sizes of the result."""
    b = region.b
    if x.rank > len(result):
        raise Declined("what is added has more dims than the product")
    missing = len(result) - x.rank
    sizes: list[ll.Value] = [I64(1)] * missing + list(x.sizes)
    strides: list[ll.Value] = [I64(0)] * missing + list(x.strides)
    for dim in range(missing, len(result)):
        alone = b.icmp_signed("==", sizes[dim], I64(1))
        fits = b.or_(alone, b.icmp_signed("==", sizes[dim], result[dim]))
        region.fail_unless(fits, node)
        strides[dim] = b.select(alone, I64(0), strides[dim])
    return Matrices(x.data, sizes[:-2], strides[:-2], *sizes[-2:], *strides[-2:])


@head("aten::linear")
def linear(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """`input @ weight.T + bias`, the bias added before sums are written."""
    x, weight = (tensor(region, v) for v in node.inputs[:2])
    bias = region.value(node.inputs[2])
    if not x.rank or weight.rank != 2:
        raise Declined("the input has no dims, or the weight is not a matrix")
    dtype = common_dtype(x, weight)
    a = row_vector(x) if x.rank == 1 else matrices(x)
    other = matrices(weight, node.inputs[1]).transposed()
    _check_depth(region, node, a, other)
    epilogue, operands = T.PLAIN, []
    if not (isinstance(bias, Static) and bias.value is None):
        bias = tensor(region, node.inputs[2])
        if bias.rank != 1:
            raise Declined("the bias is not a vector")
        common_dtype(x, bias)
        epilogue = bias_epilogue(dtype)
        operands = [add_operand(region, node, bias, [I64(1), other.columns])]
    sizes = broadcast(region, node, [a, other])
    for o in operands:
        o.strides = [I64(0)] * len(sizes)
    product = Product(
        dtype, a, other, sizes, [*x.sizes[:-1], other.columns], x.rank > 1, True,
        "rows", epilogue, operands,
    )  # fmt: skip
    return _make(region, node, product, tail)


def bias_epilogue(dtype: DType) -> T.Epilogue:
    """A row is added; the product of half types has been rounded before."""
    if not _is_half(dtype):
        return T.BIAS

    def apply(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
        return b.fadd(_rounded(b, sums, dtype), given[0])

    return T.Epilogue("bias_rounded", (T.Operand(),), apply)


def _is_half(dtype: DType) -> bool:
    return dtype.is_floating_point and dtype.itemsize < 4


def _rounded(b: ll.IRBuilder, sums: ll.Value, dtype: DType) -> ll.Value:
    return T.widen(b, T.narrow(b, sums, dtype), dtype)


def _factor(region: Region, node: Node, place: int, dtype: DType) -> float | int:
    """A factor in the dtype of the product; integers are truncated."""
    found = region.value(node.inputs[place])
    if isinstance(found, ll.Constant) and found.type != I1:
        number = found.constant
        return float(number) if dtype.is_floating_point else int(number)
    raise Declined("a factor is not a constant")


def _added_product(
    region: Region, node: Node, x: Buffer, y: Buffer, tail: Tail | None
) -> Buffer:
    """`beta * self + alpha * product`."""
    added = tensor(region, node.inputs[0])
    dtype = common_dtype(x, y, added)
    beta, alpha = (_factor(region, node, p, dtype) for p in (3, 4))
    a, other = matrices(x), matrices(y, node.inputs[2])
    _check_depth(region, node, a, other)
    sizes = broadcast(region, node, [a, other])
    result = [*sizes, a.rows, other.columns]
    addend = add_operand(region, node, added, result)
    product = Product(
        dtype, a, other, sizes, result, epilogue=scaled_sum(beta, alpha, dtype),
        operands=[addend] if beta else [],
    )  # fmt: skip
    return _make(region, node, product, tail)


def scaled_sum(beta: float, alpha: float, dtype: DType) -> T.Epilogue:
    """`beta * operand + alpha * sums`; with beta 0 the operand is not looked at."""

    def times(b: ll.IRBuilder, x: ll.Value, factor: float) -> ll.Value:
        if factor == 1:
            return x
        number = ll.Constant(x.type, [factor] * x.type.count)
        return b.mul(x, number) if B.is_integer(x.type) else b.fmul(x, number)

    def apply(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
        if _is_half(dtype):
            sums = _rounded(b, sums, dtype)
        scaled = times(b, sums, alpha)
        return B.add(b, times(b, given[0], beta), scaled) if given else scaled

    operands = (T.Operand(),) if beta else ()
    name = f"sum_{_spelled(beta)}_{_spelled(alpha)}_{dtype.name}"
    return T.Epilogue(name, operands, apply)


def _spelled(factor: float) -> str:
    return factor.hex() if isinstance(factor, float) else str(factor)


@head("aten::addmm")
def addmm(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """A matrix plus a product, with factors."""
    x, y = (tensor(region, v) for v in node.inputs[1:3])
    if (x.rank, y.rank) != (2, 2):
        raise Declined("an operand has another rank")
    return _added_product(region, node, x, y, tail)


@head("aten::baddbmm")
def baddbmm(region: Region, node: Node, tail: Tail | None = None) -> Buffer:
    """Matrices plus the products of matrices along dim 0, with factors."""
    x, y = (tensor(region, v) for v in node.inputs[1:3])
    if (x.rank, y.rank) != (3, 3):
        raise Declined("an operand has another rank")
    _check_same_batches(region, node, x, y)
    return _added_product(region, node, x, y, tail)


@lowering("aten::addmv")
def addmv(region: Region, node: Node) -> Buffer:
    """A vector plus the product of a matrix and a vector, with factors."""
    added, x, y = (tensor(region, v) for v in node.inputs[:3])
    if (x.rank, y.rank) != (2, 1) or added.rank > 1:
        raise Declined("an operand has another rank")
    dtype = common_dtype(x, y, added)
    beta, alpha = (_factor(region, node, p, dtype) for p in (3, 4))
    a, other = row_vector(y), matrices(x).transposed()
    region.fail_unless(region.b.icmp_signed("==", a.columns, other.rows), node)
    operand = add_operand(region, node, added, [I64(1), other.columns])
    product = Product(
        dtype, a, other, [], [other.columns], has_rows=False,
        epilogue=scaled_sum(beta, alpha, dtype), operands=[operand] if beta else [],
    )  # fmt: skip
    return _make(region, node, product, None)

"""Lowerings of scans: sums, products and extremes of the elements so far.

One line after the other is walked along the dim. Where the lines lie next to each other in
memory they advance together, a vector of lines at a time; sums of float32 and half types
are rounded at each step, as NumPy's are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, DType
from jit.ir.graph import Node
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.casts import converted, tensor_at
from jit.runtime.codegen.nests.emit_nest import (
    Axes,
    Rows,
    entry_alloca,
    kernel_builder,
    kernel_type,
    new_kernel,
)
from jit.runtime.codegen.nests.gathers import table_of
from jit.runtime.codegen.nests.pointwise import card_of
from jit.runtime.codegen.nests.reducing import identity, join
from jit.runtime.codegen.nests.reductions import arguments_of
from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import ELEMENT, I64, POINTER, Buffer
from jit.runtime.ops import facts as F
from jit.runtime.ops.pointwise_family import compute_dtype, type_letter

GRAIN = 1 << 15
KINDS = {
    "cumsum": "sum", "cumprod": "prod", "cummax": "max", "cummin": "min",
    "logcumsumexp": "logaddexp",
}  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """What a kernel depends on."""

    kind: str
    dtype: DType
    """Of the elements that are read."""
    compute: DType
    result: DType
    rank: int

    @property
    def has_places(self) -> bool:
        """Whether it also says where the extremes are."""
        return self.kind in ("max", "min")


class _Emitter:
    """Emits the kernel: `(data, sizes, strides, begin, end)`, the span counts lines.

    The scanned axis is the last one.
    """

    def __init__(self, module: ll.Module, name: str, scan: Scan) -> None:
        self.function = new_kernel(module, name)
        self.b = kernel_builder(self.function)
        self.scan = scan

    def emit(self) -> ll.Function:
        b, scan = self.b, self.scan
        rank, count = scan.rank, 3 if scan.has_places else 2
        data, sizes, strides, begin, end = self.function.args
        pointers = [b.load(b.gep(data, [I64(k)])) for k in range(count)]
        found = [b.load(b.gep(sizes, [I64(d)])) for d in range(rank)]
        steps = [
            [b.load(b.gep(strides, [I64(k * rank + d)])) for d in range(rank)]
            for k in range(count)
        ]
        with b.if_then(b.icmp_signed("<", begin, end)):
            rows = Rows(b, Axes(found, steps), range(rank - 1), begin)
            with B.loop(b, begin, end):
                starts = [B.at(b, p, rows.offset(k)) for k, p in enumerate(pointers)]
                self._line(starts, [s[-1] for s in steps], found[-1])
                rows.advance()
        b.ret_void()
        return self.function

    def _line(
        self, starts: list[ll.Value], steps: list[ll.Value], size: ll.Value
    ) -> None:
        b, scan = self.b, self.scan
        m = LlvmVocabulary(b)
        best = entry_alloca(b, m.type_of(scan.compute))
        place = entry_alloca(b, I64)
        b.store(I64(0), place)
        if scan.kind == "logaddexp":
            b.store(m.number(float("-inf"), scan.compute).value, best)
        else:
            b.store(identity(m, scan.kind, scan.compute).value, best)
        with B.loop(b, I64(0), size) as i:
            here = [B.at(b, p, b.mul(i, s)) for p, s in zip(starts, steps, strict=True)]
            x = m.loaded(B.load(b, here[0], ELEMENT[scan.dtype]), scan.dtype)
            x = m.cast(x, scan.compute)
            old = m.element(b.load(best), scan.compute)
            is_first = b.icmp_signed("==", i, I64(0))
            joined = self._joined(m, old, x)
            made = m.element(b.select(is_first, x.value, joined.value), scan.compute)
            b.store(made.value, best)
            B.store(b, m.stored(made, scan.result), here[1], scan.result.itemsize)
            if scan.has_places:
                reached = m.logical_or(x == made, m.isnan(x)).value
                b.store(b.select(reached, i, b.load(place)), place)
                B.store(b, b.load(place), here[2], 8)

    def _joined(self, m: LlvmVocabulary, old: Element, x: Element) -> Element:
        if self.scan.kind == "logaddexp":
            made: Any = m
            return made.logaddexp(old, x)
        return join(m, self.scan.kind, old, x)


def _emitter(scan: Scan) -> Build:
    return lambda module, name: _Emitter(module, name, scan).emit()


def scanned(region: Region, x: Buffer, axis: int, scan: Scan) -> list[Buffer]:
    """The results of a scan along an axis."""
    b = region.b
    results = [scan.result, dtypes.int64] if scan.has_places else [scan.result]
    made = [region.allocate(dtype, x.sizes) for dtype in results]
    order = [*(d for d in range(x.rank) if d != axis), axis] if x.rank else []
    sizes = [x.sizes[d] for d in order] or [I64(1)]
    strides: list[ll.Value] = []
    for buffer in (x, *made):
        strides += [buffer.strides[d] for d in order] or [I64(0)]
    total: ll.Value = I64(1)
    for size in sizes[:-1]:
        total = b.mul(total, size)
    kernel = region.kernel(f"scan {scan!r}", kernel_type(), _emitter(scan))
    data = [x.data, *(m.data for m in made)]
    tables = [
        table_of(region, POINTER, data), table_of(region, I64, sizes),
        table_of(region, I64, strides),
    ]  # fmt: skip
    grain = b.add(b.udiv(I64(GRAIN), B.larger(b, sizes[-1], I64(1))), I64(1))
    region.parallel(total, grain, kernel, tables)
    return made


def _dtypes(card: Any, x: DType, given: dict[str, Any]) -> tuple[DType, DType]:
    """The dtypes to compute in and of the result."""
    try:
        common: DType = card.taken(x, given.get("dtype"))
    except RuntimeError as e:
        raise Declined(str(e)) from None
    if type_letter(common) == "c" or common not in ELEMENT:
        raise Declined(f"{common.name} tensors stay on the interpreter")
    if common.category == BOOL:
        raise Declined("a scan of bools")
    if common.category < FLOATING <= x.category:
        raise Declined("floats that are scanned as integers")
    return compute_dtype(common), card.result(common)


@lowering(
    "aten::cumsum",
    "aten::cumprod",
    "aten::cummax",
    "aten::cummin",
    "aten::logcumsumexp",
)
def scan(region: Region, node: Node) -> Sequence[Buffer]:
    """What the elements so far come to, along a dim."""
    card: Any = card_of(node)
    x, given = tensor_at(region, node.inputs[0]), arguments_of(node)
    kind = KINDS[node.kind.partition("::")[2]]
    compute, result = _dtypes(card, x.dtype, given)
    try:
        axis = F.wrap_dim(given["dim"], x.rank)
    except (IndexError, RuntimeError) as e:
        raise Declined(str(e)) from None
    if compute is not compute_dtype(x.dtype) and x.dtype.category == FLOATING:
        x = converted(region, x, compute)
    return scanned(
        region, x, axis, Scan(kind, x.dtype, compute, result, max(x.rank, 1))
    )

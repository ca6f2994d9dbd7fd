"""What follows a product or convolution in a fusion group: done before sums are written.

    %y = aten::linear(%x, %w, %b)      the head: its lowering makes tiles of sums
    %z = aten::add(%y, %residual, 1)   the tail: pointwise operators on these sums
    %a = aten::relu(%z)

A head is lowered by a function `(region, node, tail)`, registered with `@head`. The tail
is None where the node stands alone. Otherwise the function hands `tail.finish` two ways
to make the result: one with the epilogue `tail.after(...)` in its kernel, and one without,
for calls where an operand of the tail has more elements than the product; which one runs
is decided by the sizes of each call.

    @head("aten::mm")
    def mm(region, node, tail=None):
        ...
        def make(dtype, epilogue, operands): ...     gives a Buffer, fresh
        if tail is None:
            return make(dtype, PLAIN, [])
        if not tail.begin(dtype, len(sizes)):
            return tail.apart(make(dtype, PLAIN, []))
        return tail.finish(
            sizes,
            lambda: make(tail.dtype, tail.after(PLAIN, dtype), tail.operands_for(sizes)),
            lambda: make(dtype, PLAIN, []),
        )
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.passes.fuse_epilogues import is_head
from jit.runtime.codegen.kinds import Declined, TensorKind
from jit.runtime.codegen.lowering import lower, lowering
from jit.runtime.codegen.nests.emit_nest import emit_body
from jit.runtime.codegen.nests.nest import Nest
from jit.runtime.codegen.nests.pointwise import (
    Group,
    Memory,
    Sizes,
    finish,
    group_of,
    operators_of,
)
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I1, I64, POINTER, Buffer
from jit.runtime.ops.pointwise_family import compute_dtype

Head = Callable[[Region, Node, "Tail | None"], Any]

_heads: dict[str, Head] = {}


def head(*names: str) -> Callable[[Head], Head]:
    """Register the lowering of an operator that a fusion group may begin with."""

    def register(function: Head) -> Head:
        for name in names:
            _heads[name] = function
        lowering(*names)(lambda region, node: function(region, node, None))
        return function

    return register


@dataclass(frozen=True)
class TailOperand:
    """A tensor or number that a tail reads, with strides for each dim of the result."""

    dtype: DType
    data: ll.Value
    strides: tuple[ll.Value, ...]
    """Bytes; 0 along dims that it is broadcast along."""


class Tail:
    """The operators after a head, as an epilogue or, with `apart`, by themselves."""

    def __init__(self, region: Region, first: Node, nodes: Sequence[Node]) -> None:
        self.region = region
        self.head = first
        self.nodes = nodes
        self.reason: str | None = None
        """Why the tail cannot be an epilogue, once `begin` was called."""

    def begin(self, dtype: DType, rank: int) -> bool:
        """Whether the tail can be the epilogue of a result of a dtype and rank.

        To be called before anything below.
        """
        zero = ll.Constant(POINTER, None)
        one = (I64(1),) * rank
        known = {self.head.output: Buffer(dtype, zero, one, one)}
        try:
            group = _Registers(self.region, rank, known)
            group.take(self.head.output)
            group.take_all(self.nodes)
            for node in self.nodes:
                group.add(node)
            (result,) = [group.made[self.nodes[-1].output]]
            self.nest: Nest = group.build.finish([result.operand])
        except Declined as declined:
            self.reason = str(declined)
            return False
        self._read = group.read[1:]
        if any(len(memory.sizes) > rank for memory in self._read):
            self.reason = "an operand has more dims"
            return False
        self.dtype: DType = self.nest.outputs[0].dtype
        """The dtype of the result."""
        return True

    def fits(self, sizes: Sequence[ll.Value]) -> ll.Value:
        """Whether no operand has more elements than a product of these sizes, or others."""
        b = self.region.b
        found: ll.Value = I1(1)
        for memory in self._read:
            if not memory.sizes:
                continue
            for own, size in zip(
                memory.sizes, sizes[-len(memory.sizes) :], strict=True
            ):
                if own is size:
                    continue
                one = b.icmp_signed("==", own, I64(1))
                same = b.icmp_signed("==", own, size)
                found = b.and_(found, b.or_(one, same))
        return found

    def operands_for(self, sizes: Sequence[ll.Value]) -> list[TailOperand]:
        """The operands, broadcast to the sizes of the result."""
        b, made = self.region.b, []
        for memory, given in zip(self._read, self.nest.inputs[1:], strict=True):
            strides: list[ll.Value] = [I64(0)] * (len(sizes) - len(memory.sizes))
            for size, stride in zip(memory.sizes, memory.strides, strict=True):
                one = b.icmp_signed("==", size, I64(1))
                strides.append(b.select(one, I64(0), stride))
            made.append(TailOperand(given.dtype, memory.data, tuple(strides)))
        return made

    def after(self, first: T.Epilogue, dtype: DType) -> T.Epilogue:
        """The epilogue that does another one first, whose result has a dtype.

        The operands of the tail follow those of the first one.
        """
        nest, count = self.nest, len(first.operands)
        computed = [compute_dtype(x.dtype) for x in nest.inputs[1:]]
        last = nest.outputs[0].value.index

        def apply(b: ll.IRBuilder, sums: ll.Value, given: list[ll.Value]) -> ll.Value:
            if first.apply is not None:
                sums = first.apply(b, sums, given[:count])
            m = T.vocabulary(b, sums.type)
            values = [m.rounded(m.element(sums, compute_dtype(dtype)), dtype)]
            for value, kind in zip(given[count:], computed, strict=True):
                values.append(m.element(value, kind))
            made = emit_body(m, nest.steps, values)[last]
            return m.cast(made, compute_dtype(nest.outputs[0].dtype)).value

        digest = hashlib.sha256(f"{first.name} {dtype.name} {nest}".encode())
        operands = tuple(T.Operand(dtype=x.dtype) for x in nest.inputs[1:])
        return T.Epilogue(
            f"tail_{digest.hexdigest()[:16]}", (*first.operands, *operands), apply
        )

    def finish(
        self,
        sizes: Sequence[ll.Value],
        fused: Callable[[], Buffer],
        plain: Callable[[], Buffer],
        holds: ll.Value | None = None,
    ) -> Buffer:
        """The result: of `fused` where the operands fit, else of `plain` and a nest.

        `holds` is what else has to hold for `fused`.
        """
        region, b = self.region, self.region.b
        fits = self.fits(sizes)
        if holds is not None and not isinstance(holds, ll.Constant):
            fits = b.and_(fits, holds)
        if isinstance(fits, ll.Constant):
            return fused()
        kind = TensorKind(self.dtype, len(sizes))
        ends = []
        with b.if_else(fits, likely=True) as (together, apart):
            with together:
                made = fused()
                region.moved(made)
                ends.append((b.block, kind_leaves(made)))
            with apart:
                product = plain()
                region.moved(product)
                made = self.apart(product)
                region.moved(made)
                region.release(product)
                ends.append((b.block, kind_leaves(made)))
        leaves = []
        for place, type in enumerate(kind.leaf_types()):
            phi = b.phi(type)
            for block, found in ends:
                phi.add_incoming(found[place], block)
            leaves.append(phi)
        merged: Buffer = region.claim(kind.build(leaves))
        return merged

    def apart(self, product: Buffer) -> Buffer:
        """The result of the tail as a loop nest over what the head gave."""
        known: dict[Value, Any] = {self.head.output: product}
        group = group_of(self.region, self.nodes, known)
        for node in self.nodes:
            group.add(node)
        (made,) = finish(group, [self.nodes[-1].output])
        return made


def kind_leaves(buffer: Buffer) -> list[ll.Value]:
    """The leaves of a tensor with an owner."""
    return [buffer.data, *buffer.sizes, *buffer.strides, buffer.owner]


class _Registers(Group):
    """Operators on one tensor that is not in memory: its sizes are everybody's."""

    def take_all(self, nodes: Sequence[Node]) -> None:
        inside = {v for n in nodes for v in n.outputs} | set(self.known)
        for node in nodes:
            for value in node.inputs:
                if value.node.kind == "prim::ListConstruct":
                    continue
                if value not in inside and value not in self.made:
                    self.take(value)

    def broadcast(self, node: Node, operands: Sequence[Sizes]) -> Sizes:
        return max(operands, key=len, default=())


def begins_group(node: Node) -> bool:
    """Whether the first operator of a fusion group is a head."""
    nodes, _, _ = operators_of(node)
    return is_head(nodes[0])


def lower_group(region: Region, node: Node) -> Buffer:
    """A fusion group that begins with a product or convolution."""
    nodes, inputs, _ = operators_of(node)
    for inner, outer in inputs.items():
        region.values[inner] = region.value(outer)
    first, *rest = nodes
    for value in first.inputs:
        if value.node.kind == "prim::ListConstruct":
            (region.values[value],) = lower(region, value.node)
    tail = Tail(region, first, rest)
    made = _heads.get(first.full_name)
    if made is not None:
        result: Buffer = made(region, first, tail)
        return result
    product = lower(region, first)
    if isinstance(product, tuple | list):
        (product,) = product
    if not isinstance(product, Buffer):
        raise Declined("the first operator gives no tensor")
    return tail.apart(product)


__all__ = [
    "Head",
    "Memory",
    "Tail",
    "TailOperand",
    "begins_group",
    "head",
    "lower_group",
]

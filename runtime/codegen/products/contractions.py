"""Sums of products along named dims: einsum, tensordot, inner and outer products.

Each operand has labels for its dims. Two operands become one, with the labels that are
still needed: a product of matrices where one of them has labels of its own, read with
the strides that the operands have; batches where both have a label that is kept; and a
loop nest where nothing is left for rows and columns. Labels of size 1 broadcast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.runtime.codegen.kinds import Declined, Items, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.pointwise import Group, Memory
from jit.runtime.codegen.products.products import (
    Matrices,
    check_halves,
    common_dtype,
    fold,
    multiply,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import copy_elements
from jit.runtime.codegen.tensors.views import constant_ints, tensor
from jit.runtime.codegen.values import COMPUTE, F32, I1, I64, Buffer
from jit.runtime.kernels.einsum import spell_all


@dataclass
class Term:
    """A tensor whose dims have names; what it broadcasts along has stride 0."""

    data: ll.Value
    sizes: dict[str, ll.Value]
    strides: dict[str, ll.Value]

    def stride(self, label: str) -> ll.Value:
        """Bytes from one element to the next; 0 for what it does not have."""
        return self.strides.get(label, I64(0))


class Contraction:
    """The operands of a node, while they become one."""

    def __init__(
        self, region: Region, node: Node, dtype: DType,
        operands: Sequence[tuple[Buffer, Sequence[str]]],
    ) -> None:  # fmt: skip
        self.region, self.node, self.dtype = region, node, dtype
        self.sizes: dict[str, ll.Value] = {}
        """Of all labels, after broadcasting."""
        self.fits: ll.Value = I1(1)
        self.terms = [self._term(buffer, labels) for buffer, labels in operands]
        region.fail_unless(self.fits, node)
        for term in self.terms:
            self._broadcast(term)

    def _term(self, buffer: Buffer, labels: Sequence[str]) -> Term:
        b = self.region.b
        term = Term(buffer.data, {}, {})
        for label, size, stride in zip(
            labels, buffer.sizes, buffer.strides, strict=True
        ):
            if label in term.sizes:  # a diagonal
                same = b.icmp_signed("==", term.sizes[label], size)
                self.fits = b.and_(self.fits, same)
                term.strides[label] = b.add(term.strides[label], stride)
                continue
            term.sizes[label], term.strides[label] = size, stride
        for label, size in term.sizes.items():
            known = self.sizes.get(label)
            if known is None:
                self.sizes[label] = size
                continue
            free = b.icmp_signed("==", known, I64(1))
            alone = b.icmp_signed("==", size, I64(1))
            same = b.icmp_signed("==", known, size)
            self.fits = b.and_(self.fits, b.or_(same, b.or_(free, alone)))
            self.sizes[label] = b.select(free, size, known)
        return term

    def _broadcast(self, term: Term) -> None:
        b = self.region.b
        for label, size in term.sizes.items():
            alone = b.icmp_signed("==", size, I64(1))
            term.strides[label] = b.select(alone, I64(0), term.strides[label])

    def run(self, kept: Sequence[str]) -> Buffer:
        """The sums of the products of all terms, with these dims."""
        first, *rest = self.terms
        made: Buffer | None = None
        for place, other in enumerate(rest):
            needed = {x for t in rest[place + 1 :] for x in t.sizes} | set(kept)
            is_last = place == len(rest) - 1
            both = list(dict.fromkeys((*first.sizes, *other.sizes)))
            labels = list(kept) if is_last else [x for x in both if x in needed]
            made = self._pair(first, other, labels)
            first = self._named(made, labels)
        if made is None:
            return self._alone(first, kept)
        return made

    def _named(self, buffer: Buffer, labels: Sequence[str]) -> Term:
        return Term(
            buffer.data,
            dict(zip(labels, buffer.sizes, strict=True)),
            dict(zip(labels, buffer.strides, strict=True)),
        )

    def _allocate(self, labels: Sequence[str]) -> Buffer:
        sizes = [self.sizes.get(x, I64(1)) for x in labels]
        return self.region.allocate(self.dtype, sizes)

    def _alone(self, term: Term, kept: Sequence[str]) -> Buffer:
        """One term: its dims in another order, or sums along some."""
        if set(term.sizes) - set(kept):
            return self._nest([term], kept)
        made = self._allocate(kept)
        copy_elements(self.region, self._seen(term, kept), made)
        return made

    def _seen(self, term: Term, labels: Sequence[str]) -> Buffer:
        """A term with dims for all labels, as a view."""
        sizes = tuple(self.sizes[x] for x in labels)
        return Buffer(self.dtype, term.data, sizes, tuple(map(term.stride, labels)))

    def _pair(self, x: Term, y: Term, kept: Sequence[str]) -> Buffer:
        summed = [n for n in dict.fromkeys((*x.sizes, *y.sizes)) if n not in kept]
        left = [n for n in kept if n in x.sizes and n not in y.sizes]
        right = [n for n in kept if n in y.sizes and n not in x.sizes]
        if not summed or not (left or right):
            return self._nest([x, y], kept)
        if kept[-1] in left:
            return self._product(y, x, summed, right, kept)
        if kept[-1] in right:
            return self._product(x, y, summed, left, kept)
        # batches lie innermost: the matrices are made first, then put into order
        batches = [n for n in kept if n not in left and n not in right]
        order = [*batches, *left, *right]
        made = self._pair(x, y, order)
        result = self._allocate(kept)
        view = self._seen(self._named(made, order), kept)
        copy_elements(self.region, view, result)
        return result

    def _product(
        self, x: Term, y: Term, summed: list[str], own: list[str], kept: Sequence[str]
    ) -> Buffer:
        """A product whose columns are the last label, which only `y` has."""
        region = self.region
        x, depth = self._merged(x, summed)
        y, _ = self._merged(y, summed)
        last = summed[-1]
        column = kept[-1]
        row = own[-1] if own else None
        batches = [n for n in kept if n not in (row, column)]
        made = self._allocate(kept)
        c = self._named(made, kept)
        one, none = I64(1), I64(0)
        rows = self.sizes[row] if row else one
        columns = self.sizes[column]

        def matrices(
            t: Term, rows: ll.Value, columns: ll.Value, names: Sequence[str | None]
        ) -> Matrices:
            steps = [t.stride(n) if n else none for n in names]
            sizes = [self.sizes[n] for n in batches]
            return Matrices(
                t.data, sizes, [t.stride(n) for n in batches], rows, columns, *steps
            )

        a = matrices(x, rows, depth, (row, last))
        b = matrices(y, depth, columns, (last, column))
        out = matrices(c, rows, columns, (row, column))
        sizes = list(a.sizes)
        fold(region, a, sizes, [out], b)
        multiply(region, self.node, self.dtype, a, b, out, sizes)
        return made

    def _merged(self, term: Term, labels: list[str]) -> tuple[Term, ll.Value]:
        """A term in which some labels follow each other as one dim, and its length.

        It is copied where they do not lie so.
        """
        region, b = self.region, self.region.b
        length = self.sizes[labels[-1]]
        follows: ll.Value = I1(1)
        for outer, inner in zip(reversed(labels[:-1]), reversed(labels), strict=False):
            step = b.mul(term.stride(inner), self.sizes[inner])
            single = b.icmp_signed("==", self.sizes[outer], I64(1))
            same = b.icmp_signed("==", term.stride(outer), step)
            follows = b.and_(follows, b.or_(single, same))
            length = b.mul(length, self.sizes[outer])
        if len(labels) == 1:
            return term, length
        order = [n for n in term.sizes if n not in labels] + labels
        view = self._seen(term, order)
        # nothing is copied where it need not be
        count = b.select(follows, I64(0), view.sizes[0])
        sizes = (count, *view.sizes[1:])
        copy = region.allocate(self.dtype, sizes)
        source = Buffer(self.dtype, view.data, sizes, view.strides)
        copy_elements(region, source, copy)
        strides = {
            n: b.select(follows, own, new)
            for n, own, new in zip(order, view.strides, copy.strides, strict=True)
        }
        data = b.select(follows, term.data, copy.data)
        return Term(data, {n: self.sizes[n] for n in order}, strides), length

    def _nest(self, terms: Sequence[Term], kept: Sequence[str]) -> Buffer:
        """Products of elements, and their sums, as a loop nest."""
        region = self.region
        labels = list(dict.fromkeys(n for t in terms for n in t.sizes))
        summed = [n for n in labels if n not in kept]
        axes = [*kept, *summed]
        if not axes:
            raise Declined("a product of single elements")
        group = Group(region, len(axes), {})
        wide = tuple(self.sizes[n] for n in axes)
        operands = []
        for term in terms:
            operands.append(group.build.input(self.dtype))
            strides = tuple(map(term.stride, axes))
            group.read.append(Memory(term.data, wide, strides))
        computed = dtypes.float32 if COMPUTE[self.dtype] == F32 else self.dtype
        value = operands[0]
        for operand in operands[1:]:
            value = group.build.apply(
                "aten::mul.Tensor", [value, operand], computed, computed
            )
        made = self._allocate(kept)
        reduced = range(len(kept), len(axes))
        if summed:
            value = group.build.reduce("sum", value)
        nest = group.build.finish([value], [self.dtype], list(reduced))
        sizes = (*made.sizes, *(I64(1) for _ in summed))
        strides = (*made.strides, *(I64(0) for _ in summed))
        group.run(nest, [Memory(made.data, sizes, strides)], wide)
        return made


def _tensors(region: Region, node: Node, place: int) -> list[Buffer]:
    found = region.value(node.inputs[place])
    if isinstance(found, Items) and all(isinstance(x, Buffer) for x in found.items):
        return list(found.items)
    raise Declined("the tensors of the list are not known one by one")


@lowering("aten::einsum", "np::einsum")
def einsum(region: Region, node: Node) -> Buffer:
    """Sums of products, as an equation says."""
    equation = region.value(node.inputs[0])
    if not isinstance(equation, Static):
        raise Declined("the equation is not a constant")
    operands = _tensors(region, node, 1)
    dtype = common_dtype(*operands)
    check_halves(node, operands[0])
    try:
        labels, kept = spell_all(equation.value, [(None,) * x.rank for x in operands])
    except RuntimeError as e:
        raise Declined(str(e)) from None
    pairs = list(zip(operands, labels, strict=True))
    return Contraction(region, node, dtype, pairs).run(kept)


@lowering("aten::tensordot")
def tensordot(region: Region, node: Node) -> Buffer:
    """Sums of products over pairs of dims."""
    x, y = (tensor(region, v) for v in node.inputs[:2])
    pairs = [constant_ints(region, v) for v in node.inputs[2:4]]
    if len(pairs[0]) != len(pairs[1]):
        raise Declined("the lists of dims have different lengths")
    names = [[f"x{d}" for d in range(x.rank)], [f"y{d}" for d in range(y.rank)]]
    for d, e in zip(*pairs, strict=True):
        if not (-x.rank <= d < x.rank and -y.rank <= e < y.rank):
            raise Declined("there is no such dim")
        names[1][e] = names[0][d]
    kept = [n for n in (*names[0], *names[1]) if not (n in names[0] and n in names[1])]
    operands = [(x, names[0]), (y, names[1])]
    return Contraction(region, node, common_dtype(x, y), operands).run(kept)


@lowering("aten::inner", "np::inner")
def inner(region: Region, node: Node) -> Buffer:
    """Sums of products over the last dims."""
    x, y = (tensor(region, v) for v in node.inputs)
    if not x.rank or not y.rank:
        raise Declined("an operand has no dims")
    check_halves(node, x)
    same = region.b.icmp_signed("==", x.sizes[-1], y.sizes[-1])
    region.fail_unless(same, node)
    left = [f"x{d}" for d in range(x.rank - 1)]
    right = [f"y{d}" for d in range(y.rank - 1)]
    operands = [(x, [*left, "last"]), (y, [*right, "last"])]
    contraction = Contraction(region, node, common_dtype(x, y), operands)
    return contraction.run([*left, *right])


@lowering("aten::outer", "aten::ger", "np::outer")
def outer(region: Region, node: Node) -> Buffer:
    """All products of the elements of two vectors."""
    x, y = (tensor(region, v) for v in node.inputs)
    if (x.rank, y.rank) != (1, 1):
        raise Declined("an operand is no vector")
    check_halves(node, x)
    operands = [(x, ["x"]), (y, ["y"])]
    return Contraction(region, node, common_dtype(x, y), operands).run(["x", "y"])


@lowering("aten::vdot")
def vdot(region: Region, node: Node) -> Buffer:
    """The product of two vectors of real numbers."""
    x, y = (tensor(region, v) for v in node.inputs)
    if (x.rank, y.rank) != (1, 1):
        raise Declined("an operand is no vector")
    same = region.b.icmp_signed("==", x.sizes[0], y.sizes[0])
    region.fail_unless(same, node)
    operands = [(x, ["x"]), (y, ["x"])]
    return Contraction(region, node, common_dtype(x, y), operands).run([])

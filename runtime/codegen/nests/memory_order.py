"""In which order the axes of a new tensor lie in memory: that of the operands, as in NumPy.

The order is found when the program runs. Of two axes the later one lies inside, unless
all operands that move along both say otherwise; an operand does not move along an axis of
one element, nor where it broadcasts. So a transposed matrix plus one is transposed, and
what is made of a transposed and of another matrix is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen.values import I1, I64

Words = Sequence[ll.Value]
NO, YES = I1(0), I1(1)


@dataclass
class Order:
    """How the axes of a tensor lie inside each other."""

    rank: int
    turned: dict[tuple[int, int], ll.Value]
    """For axes i < j whether i lies inside j; axes that are left out do not."""

    def _inside(self, b: ll.IRBuilder, i: int, j: int) -> ll.Value:
        """Whether axis j lies inside axis i."""
        if i < j:
            turned = self.turned.get((i, j))
            return YES if turned is None else b.not_(turned)
        return self.turned.get((j, i), NO)

    def strides(
        self, b: ll.IRBuilder, itemsize: int, sizes: Words
    ) -> tuple[ll.Value, ...]:
        """The bytes between neighbours along each axis, without gaps."""
        found = []
        for i in range(self.rank):
            step: ll.Value = I64(itemsize)
            for j in reversed(range(self.rank)):
                if j == i:
                    continue
                inside = self._inside(b, i, j)
                if inside is not NO:
                    size = sizes[j]
                    each = size if inside is YES else b.select(inside, size, I64(1))
                    step = b.mul(step, each)
            found.append(step)
        return tuple(found)

    def places(self, b: ll.IRBuilder) -> list[ll.Value]:
        """For each axis how many lie around it."""
        found = []
        for j in range(self.rank):
            count: ll.Value = I64(0)
            for i in range(self.rank):
                if i != j:
                    count = b.add(count, b.zext(self._inside(b, i, j), I64))
            found.append(count)
        return found


def order_of(
    b: ll.IRBuilder, rank: int, operands: Sequence[tuple[Words, Words]]
) -> Order | None:
    """The order that operands, sizes and strides of each, give; None if it is row-major.

    Operands have as many axes as the tensor, or fewer, which are its last ones.
    """
    if rank < 2:
        return None
    if rank == 2:
        return _order_here(b, rank, operands)
    ranks = [len(sizes) for sizes, _ in operands]
    pairs = sorted({
        (rank - own + i, rank - own + j)
        for own in ranks
        for j in range(own)
        for i in range(j)
    })  # fmt: skip
    if not pairs:
        return None
    function = _order_function(b.module, rank, ranks, pairs)
    words = [word for sizes, strides in operands for word in (*sizes, *strides)]
    flags = b.call(function, words)
    return Order(rank, {
        pair: b.trunc(b.lshr(flags, I64(place)), I1) for place, pair in enumerate(pairs)
    })  # fmt: skip


def _order_function(
    module: ll.Module,
    rank: int,
    ranks: Sequence[int],
    pairs: Sequence[tuple[int, int]],
) -> ll.Function:
    """The order of operands, given by their sizes and strides, as a bit for each of the
    pairs of axes: whether it is turned."""
    name = f"memory_order.{rank}.{'.'.join(map(str, ranks))}"
    found = module.globals.get(name)
    if found is not None:
        return found
    type = ll.FunctionType(I64, [I64] * (2 * sum(ranks)))
    function = ll.Function(module, type, name)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    b = ll.IRBuilder(function.append_basic_block("start"))
    left = iter(function.args)
    operands = [
        ([next(left) for _ in range(own)], [next(left) for _ in range(own)])
        for own in ranks
    ]
    order = _order_here(b, rank, operands)
    flags: ll.Value = I64(0)
    for place, pair in enumerate(pairs):
        assert order is not None
        flag = b.zext(order.turned[pair], I64)
        flags = b.or_(flags, b.shl(flag, I64(place)))
    b.ret(flags)
    return function


def _order_here(
    b: ll.IRBuilder, rank: int, operands: Sequence[tuple[Words, Words]]
) -> Order | None:
    """What `order_of` gives, found by the code at the place of the builder."""
    keeps: dict[tuple[int, int], ll.Value] = {}
    turns: dict[tuple[int, int], ll.Value] = {}
    for sizes, strides in operands:
        first = rank - len(sizes)
        moves = [
            b.and_(
                b.icmp_signed("!=", stride, I64(0)), b.icmp_signed("!=", size, I64(1))
            )
            for size, stride in zip(sizes, strides, strict=True)
        ]
        reach = [_size(b, stride) for stride in strides]
        for i in range(len(sizes)):
            for j in range(i + 1, len(sizes)):
                both = b.and_(moves[i], moves[j])
                less = b.icmp_unsigned("<", reach[i], reach[j])
                pair = first + i, first + j
                keeps[pair] = b.or_(keeps.get(pair, NO), b.and_(both, b.not_(less)))
                turns[pair] = b.or_(turns.get(pair, NO), b.and_(both, less))
    turned = {pair: b.and_(turns[pair], b.not_(keeps[pair])) for pair in turns}
    if not turned:
        return None
    return _consistent(b, Order(rank, turned))


def _consistent(b: ll.IRBuilder, order: Order) -> Order:
    """The order, or row-major where axes would lie inside each other in a circle."""
    if order.rank < 3:
        return order
    total: ll.Value = I64(0)
    for place in order.places(b):
        total = b.add(total, b.mul(place, place))
    n = order.rank
    # places are all different then, and only then
    fine = b.icmp_signed("==", total, I64(n * (n - 1) * (2 * n - 1) // 6))
    turned = {pair: b.and_(fine, flag) for pair, flag in order.turned.items()}
    return Order(order.rank, turned)


def _size(b: ll.IRBuilder, stride: ll.Value) -> ll.Value:
    negative = b.icmp_signed("<", stride, I64(0))
    return b.select(negative, b.sub(I64(0), stride), stride)

"""Results that take over the memory of an operand which nobody reads afterwards.

    y = x @ w            a block of its own
    z = torch.tanh(y)    the block of y, if nobody else has it: one stream of memory less

Whether it is possible is asked when the code runs: the operand has to be a whole block
of the region, with one owner, row by row, of the sizes of the result.
"""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen.process.ownership import ARGUMENT, VIEW, Owner, count_of_block
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import row_major
from jit.runtime.codegen.values import I1, I64, Buffer


def dying_operand(region: Region, dtype: DType, rank: int) -> Buffer | None:
    """An operand of the node being made that dies there and could be overwritten."""
    for value in region.dying:
        found = region.values.get(value)
        if not isinstance(found, Buffer) or found.owner is None or not rank:
            continue
        if found.dtype.itemsize == dtype.itemsize and found.rank == rank:
            return found
    return None


def allocate_over(region: Region, dtype: DType, sizes: Sequence[ll.Value]) -> Buffer:
    """Memory for a result that is written place by place, each place after the same one
    of all operands was read."""
    old = dying_operand(region, dtype, len(sizes))
    if old is None:
        return region.allocate(dtype, sizes)
    b = region.b
    names = ("alone", "reuse", "fresh", "allocated")
    alone, reuse, fresh, done = (region.append_block(n) for n in names)
    strides = row_major(region, dtype, sizes)
    assert old.owner is not None
    word = b.ptrtoint(old.owner, I64)
    whole = b.icmp_signed("==", b.and_(word, I64(ARGUMENT | VIEW)), I64(0))
    fits = b.and_(whole, b.icmp_signed("!=", word, I64(0)))
    pairs = [
        *zip(old.sizes, sizes, strict=True),
        *zip(old.strides, strides, strict=True),
    ]
    for x, y in pairs:
        same: ll.Value = I1(1) if x is y else b.icmp_signed("==", x, y)
        fits = b.and_(fits, same)
    b.cbranch(fits, alone, fresh)
    b.position_at_end(alone)
    one = b.icmp_signed("==", count_of_block(b, old.owner), I64(1))
    b.cbranch(one, reuse, fresh)

    b.position_at_end(reuse)
    region.retain(old)
    if region.slots is not None:
        region.slots.drop(Owner(old.owner))  # what comes of both ways is claimed
    taken = Buffer(dtype, old.data, tuple(sizes), tuple(strides), old.owner)
    reuse_end = b.block
    b.branch(done)

    b.position_at_end(fresh)
    made = region.allocate(dtype, sizes)
    region.moved(made)
    fresh_end = b.block
    b.branch(done)

    b.position_at_end(done)
    data = b.phi(made.data.type)
    owner = b.phi(old.owner.type)
    for buffer, block in ((taken, reuse_end), (made, fresh_end)):
        data.add_incoming(buffer.data, block)
        owner.add_incoming(buffer.owner, block)
    result: Buffer = region.claim(
        Buffer(dtype, data, tuple(sizes), tuple(strides), owner)
    )
    return result

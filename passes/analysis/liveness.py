"""Where values are read for the last time, and what a block needs from outside."""

from __future__ import annotations

from jit.ir.graph import Block, Node, Value, outer_values


def live_out(block: Block) -> dict[Node, set[Value]]:
    """For each node of a block, the values that are still read after it.

    Values defined outside of the block count while a later node of it reads them; what
    the block returns is live to its end.
    """
    alive = set(block.returns)
    result: dict[Node, set[Value]] = {}
    for node in reversed(list(block.nodes)):
        result[node] = set(alive)
        alive.difference_update(node.outputs)
        alive.update(node.inputs)
        alive.update(outer_values(node.blocks))
    return result


def last_uses(block: Block) -> dict[Node, list[Value]]:
    """For each node of a block, the values that nobody in the block reads after it.

    Only values that the block itself defines; results that nobody reads are listed at
    the node that makes them.
    """
    after = live_out(block)
    result: dict[Node, list[Value]] = {}
    for node in block.nodes:
        read = [*node.inputs, *outer_values(node.blocks), *node.outputs]
        unique = dict.fromkeys(v for v in read if v.block is block)
        result[node] = [v for v in unique if v not in after[node]]
    return result

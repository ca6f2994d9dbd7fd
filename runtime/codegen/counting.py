"""Ints that only count: they grow by a little from a little, so they cannot overflow.

    n = 0                      n counts: to pass 2**62 by steps of 16 takes longer than
    while …:                   any program runs, so `n + 1` is not checked
        n = n + 1

A value counts if it is a small constant, what a branch or a loop makes of values that
count, or a value that counts and a constant of at most 16 together.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.graph import Node, Value

MOST_START = 2**32
MOST_STEP = 16
_MOST_VISITED = 100


def counts(value: Value) -> bool:
    """Whether a value can only be reached by counting."""
    return _Visit().counts(value)


class _Visit:
    """One question. A value that is met again is assumed to count: if all that leads to
    it does, the assumption holds."""

    def __init__(self) -> None:
        self.seen: set[Value] = set()

    def counts(self, value: Value) -> bool:
        if value in self.seen:
            return True
        self.seen.add(value)
        if value.type != T.INT or len(self.seen) > _MOST_VISITED:
            return False
        node = value.node
        match node.full_name:
            case "prim::Constant":
                return _is_small(value, MOST_START)
            case "prim::Uninitialized":
                return True
            case "aten::add.int" | "aten::sub.int":
                return self._is_step(node)
            case "prim::If":
                return all(self.counts(b.returns[value.index]) for b in node.blocks)
            case "prim::Loop":
                first = node.inputs[2 + value.index]
                return self.counts(first) and self.counts(
                    node.blocks[0].returns[1 + value.index]
                )
            case "prim::Param":
                return self._counts_in_loop(value)
        return False

    def _is_step(self, node: Node) -> bool:
        x, y = node.inputs
        if _is_small(y, MOST_STEP):
            return self.counts(x)
        return node.kind == "aten::add" and _is_small(x, MOST_STEP) and self.counts(y)

    def _counts_in_loop(self, value: Value) -> bool:
        """A parameter: the iteration, or what a loop carries."""
        owner = value.node.block.owner
        if owner is None or owner.kind != "prim::Loop":
            return False
        if value.index == 0:
            return True
        return self.counts(owner.inputs[1 + value.index]) and self.counts(
            owner.blocks[0].returns[value.index]
        )


def _is_small(value: Value, most: int) -> bool:
    number = value.constant
    return isinstance(number, int) and abs(number) <= most

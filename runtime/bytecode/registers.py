"""Which register holds which value, and when a value is read for the last time.

A value dies at the node of its own block that reads it last, itself or in its nested
blocks; a branch releases what dies at its `prim::If` earlier, at the last use inside.
Registers of dead values are taken again. What a block returns is computed in the
register where it is needed, if that is free by then, so that most loops move nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from jit.ir import types as T
from jit.ir.graph import Block, Node, Value

_LIGHT = (T.INT, T.FLOAT, T.BOOL, T.COMPLEX, T.NONE, T.DTYPE, T.DEVICE, T.NUMBER)


def is_heavy(type: T.Type) -> bool:
    """Whether a value may hold memory that is worth releasing early."""
    return type not in _LIGHT


def values_read(block: Block) -> set[Value]:
    """Values that a block reads, in nested blocks as well."""
    found = set(block.returns)
    for node in block.nodes:
        found |= values_read_by(node)
    return found


def values_read_by(node: Node) -> set[Value]:
    """Values that a node reads, itself or in its blocks."""
    found = set(node.inputs)
    for block in node.blocks:
        found |= values_read(block)
    return found


class Deaths:
    """Where the values die that a block releases: the outputs of its nodes, and
    `owned`, parameters and values from outside that nobody reads after the block."""

    def __init__(self, block: Block, owned: Iterable[Value]) -> None:
        owned = list(owned)
        born = [v for node in block.nodes for v in node.outputs]
        places = {v: place for place, v in enumerate((*owned, *born))}
        mine = places.keys()
        seen = set(block.returns)
        self.at_end = [v for v in (*owned, *born) if v in seen]
        """Returned: they die when they have been moved to where they are needed."""
        self.at_node: dict[Node, list[Value]] = {}
        """By the node that reads them last."""
        for node in block.reversed_nodes:
            read = values_read_by(node) & mine
            # in one order in every run: code is found by what was made before
            self.at_node[node] = sorted(read - seen, key=places.__getitem__)
            seen |= read
        self.at_start = [v for v in owned if v not in seen]
        """Owned, but not read in the block."""
        self.unread = {v for v in born if v not in seen}
        """Outputs that nobody reads."""


State = tuple[list[int], set[int], int]


class Registers:
    """The registers of one function while it is assembled."""

    def __init__(self) -> None:
        self.count = 0
        self.of: dict[Value, int] = {}
        self.free: list[int] = []
        """A heap: the lowest is taken first."""
        self.constant: set[int] = set()
        """Never free: constants and, inside of their loop, counters."""
        self.carried: set[int] = set()
        """What the loops around carry: not free inside."""
        self.wanted: dict[Value, int] = {}
        """The register in which a value is needed at the end of its block."""
        self.open: set[int] = set()
        """Wanted registers whose last value is dead: the wanted value may take them."""

    def new(self) -> int:
        """A register that has never been used."""
        self.count += 1
        return self.count - 1

    def take(self) -> int:
        """Any free register."""
        return heapq.heappop(self.free) if self.free else self.new()

    def assign(self, value: Value) -> int:
        """A register for a value: the wanted one if it is open."""
        wanted = self.wanted.get(value)
        if wanted is not None and wanted in self.open:
            self.open.discard(wanted)
            self.of[value] = wanted
        else:
            self.of[value] = self.take()
        return self.of[value]

    def give_back(self, register: int) -> None:
        """Let a register be taken again."""
        heapq.heappush(self.free, register)

    def release(self, values: Iterable[Value]) -> list[int]:
        """Let the registers of dead values be taken again; return the heavy ones."""
        heavy = []
        for value in values:
            register = self.of[value]
            if register in self.constant:
                continue
            if register in self.carried:
                self.open.add(register)
            else:
                self.give_back(register)
            if is_heavy(value.type):
                heavy.append(register)
        return heavy

    def want(self, block: Block, targets: Sequence[int]) -> None:
        """Ask for the last returns of a block in the registers `targets`."""
        returns = block.returns[len(block.returns) - len(targets) :]
        for value, target in zip(returns, targets, strict=True):
            if value.block is block and value.node is not block.param:
                self.wanted.setdefault(value, target)

    def snapshot(self) -> State:
        """The state before one of several branches."""
        return list(self.free), set(self.open), self.count

    def rewind(self, state: State) -> None:
        """Back to the state before a branch; registers that it added are free."""
        free, opened, count = state
        self.free = [*free, *range(count, self.count)]
        heapq.heapify(self.free)
        self.open = set(opened)

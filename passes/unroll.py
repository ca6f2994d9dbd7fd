"""Write out loops that run a few times, always.

    %y : int = prim::Loop(%two, %true, %x)
      block0(%i : int, %a : int):              %b : int = aten::add(%x, %0)
        %b : int = aten::add(%a, %i)     →     %y : int = aten::add(%b, %1)
        -> (%true, %b)

Loops without trips become what they carry. A loop whose first trip is the last, because
its body ends with a false condition, counts as one trip.

Idempotent, unless an unrolled body makes an outer loop short enough.
"""

from __future__ import annotations

from jit.ir.builder import Builder
from jit.ir.clone import clone_nodes
from jit.ir.graph import Graph, Node
from jit.passes.reasons import decline

MOST_TRIPS = 8
MOST_NODES = 64
"""Nodes that an unrolled loop may have."""


def run(graph: Graph) -> bool:
    """Return whether any loop was unrolled."""
    changed = False
    for loop in reversed(graph.find_nodes("prim::Loop")):
        trips = count_trips(loop)
        if trips is None:
            continue
        size = sum(1 for _ in loop.blocks[0].all_nodes)
        if trips > MOST_TRIPS or trips * size > MOST_NODES:
            decline("unroll", loop, f"{trips} trips of {size} nodes are too many")
            continue
        unroll(loop, trips)
        changed = True
    return changed


def count_trips(loop: Node) -> int | None:
    """How often a loop runs, if that is known."""
    most, condition = loop.inputs[0].constant, loop.inputs[1].constant
    if condition is False or (isinstance(most, int) and most <= 0):
        return 0
    if condition is not True or not isinstance(most, int):
        return None
    again = loop.blocks[0].returns[0].constant
    if again is False:
        return 1
    return most if again is True else None


def unroll(loop: Node, trips: int) -> None:
    """Replace a loop by copies of its body."""
    (body,) = loop.blocks
    carried = loop.inputs[2:]
    for trip in range(trips):
        number = Builder(loop).constant(trip)
        mapping = dict(zip(body.params, (number, *carried), strict=True))
        carried = clone_nodes(body, loop, mapping)[1:]
    for output, value in zip(loop.outputs, carried, strict=True):
        output.replace_all_uses_with(value)
    loop.destroy()

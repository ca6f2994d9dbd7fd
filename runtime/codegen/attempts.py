"""The lowering of `prim::Try`: failures of the body go to the handler.

    body        slots from a new first one on; failures jump to the landing
    landing     the exception is made, and gets the places that led to it; what the body
                owned is released; an exception that no program catches goes on
    handler     reads the exception as an object

What is owned outside of the body is not handed to it: it lives until the ways meet.
"""

from __future__ import annotations

from typing import Any

from jit.ir import types as T
from jit.ir.graph import Node
from jit.runtime.codegen import failures, meeting, objects
from jit.runtime.codegen.building import at, store
from jit.runtime.codegen.host import read_slot
from jit.runtime.codegen.kinds import Declined, Handle
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.ownership import NULL, Owner
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I32, POINTER


@lowering("prim::Try", objects=True)
def attempt(region: Region, node: Node) -> list[Any]:
    """The body, and the handler of what it raises."""
    if region.slots is None:
        raise Declined("exceptions are Python objects")
    b, slots = region.b, region.slots
    body, handler = node.blocks
    dying, region.dying = region.dying, []
    before = slots.copy()
    slots.first = max((i + 1 for i in slots.held), default=0)
    first = slots.first
    landing = region.append_block("landing")
    region.landings.append(landing)
    values = region.emit_block(body)
    region.landings.pop()
    slots.first = before[1]
    ways: list[meeting.Way] = [(b.block, values, slots.copy())]

    b.position_at_end(landing)
    slots.restore(before)
    error = _caught(region, first)
    slots.take(Owner(error.word, True))
    (parameter,) = handler.params
    region.values[parameter] = error
    values = region.emit_block(handler, [parameter])
    ways.append((b.block, values, slots.copy()))
    results = meeting.meet(region, node, ways)
    region.dying = dying
    return results


def _caught(region: Region, first: int) -> Handle:
    """The exception of a failure, taken from the state; what is no Exception goes on."""
    b, slots = region.b, region.slots
    assert slots is not None
    word = objects.settle(region, again=True)
    slots.release_from(first)
    wanted = b.inttoptr(read_slot(b, "Exception"), POINTER)
    matches = region.host("PyErr_GivenExceptionMatches", I32, [word, wanted])
    go_on = region.append_block("caught")
    b.cbranch(b.icmp_signed("!=", matches, I32(0)), go_on, region.failed_block())
    b.position_at_end(go_on)
    store(b, NULL, at(b, region.state, 8 * failures.ERROR))
    return Handle(word, T.SIMPLE["Exception"])

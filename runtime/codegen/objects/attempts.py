"""The lowering of `prim::Try`: failures of the body go to the handler.

    body        slots from a new first one on; failures jump to the landing
    landing     the exception is made, and gets the places that led to it; what the body
                owned is released; an exception that no program catches goes on
    handler     reads the exception as an object

What is owned outside of the body is not handed to it: it lives until the ways meet.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime import exceptions
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.host import read_slot
from jit.runtime.codegen.kinds import Declined, Handle
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.objects import boxed, meeting, objects
from jit.runtime.codegen.process.ownership import NULL, Owner
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I32, I64, POINTER


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
    (parameter,) = handler.params
    error = _caught(region, first, parameter)
    slots.take(Owner(error.word, True))
    region.values[parameter] = error
    values = region.emit_block(handler, [parameter])
    ways.append((b.block, values, slots.copy()))
    results = meeting.meet(region, node, ways)
    region.dying = dying
    return results


_LIGHT = ("prim::ExceptionMatches", "prim::ExceptionMessage", "prim::ReRaise")
"""They do not need the places that led to an exception, or note them again."""


def _caught(region: Region, first: int, parameter: Value) -> Handle:
    """The exception of a failure, taken from the state; what is no Exception goes on."""
    b, slots = region.b, region.slots
    assert slots is not None
    if all(use.node.kind in _LIGHT for use in parameter.uses):
        site = _settle_light(region)
        region.raised_at[parameter] = site
    else:
        objects.settle(region, again=True)
    place = at(b, region.state, 8 * failures.ERROR)
    word = load(b, place, POINTER)
    slots.release_from(first)
    wanted = b.inttoptr(read_slot(b, "Exception"), POINTER)
    matches = region.host("PyErr_GivenExceptionMatches", I32, [word, wanted])
    go_on = region.append_block("caught")
    b.cbranch(b.icmp_signed("!=", matches, I32(0)), go_on, region.failed_block())
    b.position_at_end(go_on)
    store(b, NULL, place)
    return Handle(word, T.SIMPLE["Exception"])


def _settle_light(region: Region) -> ll.Value:
    """Let the exception be made, if it is not. Where one place alone led to it, that
    place is told, and noted only if the exception is raised again; otherwise -1."""
    b = region.b
    word = load(b, at(b, region.state, 8 * failures.ERROR), POINTER)
    count = load(b, at(b, region.state, 8), I64)
    is_made = b.icmp_unsigned("!=", word, NULL)
    alone = b.and_(is_made, b.icmp_signed("==", count, I64(1)))
    blocks = [region.append_block(n) for n in ("alone", "many", "settled")]
    b.cbranch(alone, blocks[0], blocks[1])
    b.position_at_end(blocks[0])
    calls = load(b, at(b, region.state, 24), POINTER)
    only = load(b, calls, I64)
    store(b, I64(0), at(b, region.state, 8))
    b.branch(blocks[2])
    b.position_at_end(blocks[1])
    objects.settle(region, again=True)
    b.branch(blocks[2])
    b.position_at_end(blocks[2])
    site = b.phi(I64)
    site.add_incoming(only, blocks[0])
    site.add_incoming(I64(-1), blocks[1])
    return site


@lowering("prim::ReRaise", objects=True)
def raise_again(region: Region, node: Node) -> None:
    """The exception of a handler goes on."""
    value = node.inputs[0]
    error = region.value(value)
    site = region.raised_at.get(value)
    if not isinstance(error, Handle):
        raise Declined("it is not known as an exception")
    b = region.b
    b.call(region.unit.ownership("count_up"), [error.word])
    store(b, error.word, at(b, region.state, 8 * failures.ERROR))
    if site is not None:
        with b.if_then(b.icmp_signed(">=", site, I64(0))):
            record = region.function("record_call", failures.make_record_call)
            b.call(record, [region.state, site])
    b.branch(region.failed_block())
    b.position_at_end(region.append_block("unreachable"))


@lowering("prim::ExceptionMatches", objects=True)
def matches(region: Region, node: Node) -> ll.Value:
    """Whether an exception is of one of some classes."""
    error = region.value(node.inputs[0])
    if not isinstance(error, Handle):
        raise Declined("it is not known as an exception")
    classes = tuple(exceptions.resolve(name) for name in node.attributes["names"])
    wanted = objects.constant(region, classes)
    found = region.host("PyErr_GivenExceptionMatches", I32, [error.word, wanted])
    return region.b.icmp_signed("!=", found, I32(0))


@lowering("prim::ExceptionMessage", objects=True)
def message(region: Region, node: Node) -> Handle:
    """The text of an exception."""
    error = region.value(node.inputs[0])
    if not isinstance(error, Handle):
        raise Declined("it is not known as an exception")
    return objects.fresh(
        region, region.host("PyObject_Str", POINTER, [error.word]), T.STR
    )


def raise_new(region: Region, node: Node) -> bool:
    """Raise a new exception, of a class and with a message that are known when code is
    made. Whether that was possible."""
    text, name = (v.constant for v in node.inputs[:2])
    if len(node.inputs) > 2:
        return False
    if not isinstance(text, str) or not isinstance(name, str):
        return False
    words = [objects.constant(region, text)]
    made = boxed.call_object(region, exceptions.resolve(name), words)
    objects.not_null(region, made)
    b = region.b
    store(b, made, at(b, region.state, 8 * failures.ERROR))
    site = region.unit.add_site(node, region.name)
    record = region.function("record_call", failures.make_record_call)
    b.call(record, [region.state, I64(site.number)])
    b.branch(region.failed_block())
    b.position_at_end(region.append_block("unreachable"))
    return True

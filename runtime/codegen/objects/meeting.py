"""Branches, loops and `try` where Python objects may be: ways that meet.

What two ways give as different kinds becomes a kind that holds both, in the end an object.
Each owner moves to a slot that is the same on all ways. A loop is made again where what
it carries turns out to need another kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.bytecode.registers import values_read
from jit.runtime.codegen.calls import interrupting
from jit.runtime.codegen.kinds import (
    Kind,
    ObjectKind,
    StaticKind,
    TupleKind,
    Unset,
    kind_of_type,
    leaves_of,
)
from jit.runtime.codegen.objects import conversions
from jit.runtime.codegen.objects.escapes import is_list_of_numbers
from jit.runtime.codegen.objects.slots import State
from jit.runtime.codegen.process.ownership import Owner, owners_of
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64

ENDLESS = 2**63 - 1

Way = tuple[ll.Block, list[Any], State]
"""The end of a branch, what it gives, and what is owned there."""


def lent(region: Region, value: Any, kind: Kind) -> Any:
    """A value as an argument of a call: its owner stays with the caller."""
    if region.slots is None or isinstance(value, Unset):
        return value
    if isinstance(kind, ObjectKind):
        return kind.build([conversions.box(region, value, kind.type)])
    if isinstance(kind, TupleKind):
        from jit.runtime.codegen.kinds import Tuple

        pairs = zip(value.items, kind.items, strict=True)
        return Tuple(tuple(lent(region, v, k) for v, k in pairs), kind.type)
    return value


# branches -------------------------------------------------------------------------------


def if_(
    region: Region, node: Node, condition: ll.Value, dying: Sequence[Value]
) -> list[Any]:
    """Two branches and a block where they meet."""
    b, slots = region.b, _slots(region)
    starts = [region.append_block("then"), region.append_block("else")]
    b.cbranch(condition, *starts)
    before = slots.copy()
    ways: list[Way] = []
    for start, block in zip(starts, node.blocks, strict=True):
        b.position_at_end(start)
        slots.restore(before)
        values = region.emit_block(block, dying)
        ways.append((b.block, values, slots.copy()))
    return meet(region, node, ways)


def meet(region: Region, node: Node, ways: Sequence[Way]) -> list[Any]:
    """The outputs of a node, where ways meet that have no end yet."""
    b, slots = region.b, _slots(region)
    types = [v.type for v in node.outputs]
    kinds = [
        _common_kind(region, [way[1][index] for way in ways], type, output)
        for index, (type, output) in enumerate(zip(types, node.outputs, strict=True))
    ]
    end = region.append_block("meet")
    b.position_at_end(end)
    phis = [[b.phi(t) for t in kind.leaf_types()] for kind in kinds]
    merged = [kind.build(row) for kind, row in zip(kinds, phis, strict=True)]
    owners = [owner for value in merged for owner in owners_of(value)]
    taken = {index for *_, (held, _) in ways for index in held}
    places = _free(taken, len(owners), slots.first)
    slots.count = max(slots.count, *(p + 1 for p in places)) if places else slots.count
    held: dict[int, Owner] | None = None
    """What is held besides the values, in the slots of the first way."""
    for block, values, state in ways:
        b.position_at_end(block)
        slots.restore(state)
        leaves = hand_over(region, values, kinds, places)
        for row, column in zip(phis, leaves, strict=True):
            for phi, leaf in zip(row, column, strict=True):
                phi.add_incoming(leaf, b.block)
        slots.held = {i: o for i, o in slots.held.items() if i not in places}
        if held is None:
            held = dict(slots.held)
        slots.arrange(held)
        b.branch(end)
    b.position_at_end(end)
    slots.held = {**(held or {}), **dict(zip(places, owners, strict=True))}
    return region.claim_all(merged, node)


def hand_over(
    region: Region, values: Sequence[Any], kinds: Sequence[Kind], places: Sequence[int]
) -> list[list[ll.Value]]:
    """The leaves of values that are owned here, converted; their owners move to slots."""
    slots = _slots(region)
    pairs = zip(values, kinds, strict=True)
    found = [conversions.convert(region, value, kind) for value, kind in pairs]
    # from here on nothing fails: owners may be without a slot
    leaves, owners = [], []
    for value, kind in zip(found, kinds, strict=True):
        row = leaves_of(value, kind)
        leaves.append(row)
        given = {owner.word for owner in owners_of(value)}
        for owner in owners_of(kind.build(row)):
            owners.append(owner)
            if owner.word in given:
                slots.drop(owner)
    for place in places:
        if place in slots.held:  # something that stays, in the way
            slots.move(place, _free({*slots.held, *places}, 1, slots.first)[0])
    for place, owner in zip(places, owners, strict=True):
        slots.put(place, owner)
    return leaves


def _free(taken: set[int], count: int, first: int) -> list[int]:
    found: list[int] = []
    index = first
    while len(found) < count:
        if index not in taken:
            found.append(index)
        index += 1
    return found


def _common_kind(
    region: Region, values: Sequence[Any], type: T.Type, output: Value
) -> Kind:
    kinds = [
        conversions.kind_of(region, v, type) for v in values if not isinstance(v, Unset)
    ]
    if not kinds and is_list_of_numbers(type) and region.unit.is_local(output):
        return kind_of_type(type, True)
    if not kinds:
        return conversions.held_kind(type)
    return conversions.common_kind(kinds, type)


def _slots(region: Region) -> Any:
    assert region.slots is not None
    return region.slots


# loops ----------------------------------------------------------------------------------


def loop(region: Region, node: Node, trips: ll.Value, condition: ll.Value) -> list[Any]:
    """A rotated loop; made again with wider kinds where that is needed."""
    dying, region.dying = region.dying, []
    initial = [region.value(v) for v in node.inputs[2:]]
    kinds = [
        _first_kind(region, value, output)
        for value, output in zip(initial, node.outputs, strict=True)
    ]
    known = region.loop_kinds.get(node)
    if known is not None:  # of an earlier try, when less may have been an object
        kinds = [
            conversions.common_kind([mine, other], output.type)
            for mine, other, output in zip(kinds, known, node.outputs, strict=True)
        ]
    while True:
        mark = region.checkpoint()
        left = list(dying)
        wider = _Loop(region, node, kinds).make(trips, condition, left)
        if wider is None:
            break
        region.back_to(mark)
        region.loop_kinds[node] = kinds = wider
    region.dying = left
    return region.loop_results


def _first_kind(region: Region, value: Any, output: Value) -> Kind:
    type = output.type
    kind = _common_kind(region, [value], type, output)
    if isinstance(kind, StaticKind) and type != T.NONE:
        return conversions.held_kind(type)
    return kind


class _Loop:
    """Makes a loop with certain kinds of carried values."""

    def __init__(self, region: Region, node: Node, kinds: list[Kind]) -> None:
        self.region = region
        self.node = node
        self.kinds = kinds

    def make(
        self, trips: ll.Value, condition: ll.Value, dying: list[Value]
    ) -> list[Kind] | None:
        """Make the code, and leave the results with the region; or the kinds that are
        needed instead."""
        region, node, kinds = self.region, self.node, self.kinds
        b, slots = region.b, _slots(region)
        (body,) = node.blocks
        initial = self._take_initial(dying)
        first_values = [k.build([ll.Constant(t, None) if isinstance(t, ll.PointerType)
                                 else ll.Constant(t, 0) for t in k.leaf_types()])
                        for k in kinds]  # fmt: skip
        count = sum(len(owners_of(v)) for v in first_values)
        places = self._reserve(count)
        first = hand_over(region, initial, kinds, places)
        around = {i: o for i, o in slots.held.items() if i not in places}
        counted = not (isinstance(trips, ll.Constant) and trips.constant == ENDLESS)
        before = b.block
        head, end = region.append_block("loop"), region.append_block("endloop")
        enter = condition
        if counted:
            enter = b.and_(enter, b.icmp_signed(">", trips, I64(0)))
        b.cbranch(enter, head, end)

        b.position_at_end(head)
        index = b.phi(I64, "i")
        index.add_incoming(I64(0), before)
        phis = self._phis(first, before)
        carried = [k.build(row) for k, row in zip(kinds, phis, strict=True)]
        slots.held = {**around, **_placed(places, carried)}
        region.values[body.params[0]] = index
        region.values.update(zip(body.params[1:], carried, strict=True))
        go_on, *last = region.emit_block(body, body.params)
        wider = [
            conversions.common_kind([k, _common_kind(region, [v], o.type, o)], o.type)
            if not isinstance(v, Unset) else k
            for k, v, o in zip(kinds, last, node.outputs, strict=True)
        ]  # fmt: skip
        if wider != kinds:
            return wider
        go_on = region.as_number(go_on, body.returns[0])
        leaves = hand_over(region, last, kinds, places)
        slots.held = {i: o for i, o in slots.held.items() if i not in places}
        slots.arrange(around)
        following = b.add(index, I64(1), flags=["nsw"])
        interrupting.look_now_and_then(region, node, following)
        if counted:
            go_on = b.and_(go_on, b.icmp_signed("<", following, trips))
        latch = b.block
        index.add_incoming(following, latch)
        for row, column in zip(phis, leaves, strict=True):
            for phi, leaf in zip(row, column, strict=True):
                phi.add_incoming(leaf, latch)
        b.cbranch(go_on, head, end)

        b.position_at_end(end)
        ends = self._phis(first, before)
        for row, column in zip(ends, leaves, strict=True):
            for phi, leaf in zip(row, column, strict=True):
                phi.add_incoming(leaf, latch)
        results = [k.build(row) for k, row in zip(kinds, ends, strict=True)]
        slots.held = {**around, **_placed(places, results)}
        region.loop_results = region.claim_all(results, node)
        return None

    def _take_initial(self, dying: list[Value]) -> list[Any]:
        """The first values, each with an owner for the loop."""
        region, node = self.region, self.node
        needed = values_read(node.blocks[0]) | set(node.inputs[:2])
        found = []
        for given in node.inputs[2:]:
            value = region.value(given)
            found.append(value)
            is_constant = given.node.kind == "prim::Constant"  # it belongs to the code
            if given in dying and given not in needed and not is_constant:
                dying.remove(given)  # what nobody else reads moves into the loop
            else:
                region.retain(value)
        return found

    def _reserve(self, count: int) -> list[int]:
        slots = _slots(self.region)
        places = _free(set(slots.held), count, slots.first)
        if places:
            slots.count = max(slots.count, places[-1] + 1)
        return places

    def _phis(
        self, first: Sequence[Sequence[ll.Value]], before: ll.Block
    ) -> list[list[Any]]:
        rows = []
        for kind, column in zip(self.kinds, first, strict=True):
            row = [self.region.b.phi(t) for t in kind.leaf_types()]
            for phi, leaf in zip(row, column, strict=True):
                phi.add_incoming(leaf, before)
            rows.append(row)
        return rows


def _placed(places: Sequence[int], values: Sequence[Any]) -> dict[int, Owner]:
    owners = [owner for value in values for owner in owners_of(value)]
    return dict(zip(places, owners, strict=True))

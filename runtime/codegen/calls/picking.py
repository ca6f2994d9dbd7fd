"""Picked: machine code whose callers give some arguments that are the same in each call.

`x.sum(1)` is code for the one tensor, made for the dim 1. The entry takes both and asks
whether the second is 1. What goes wrong in such code counts as a miss: Python runs the
call again and tells what there is to tell, so that the code must have no effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.runtime.codegen.building import at, load
from jit.runtime.codegen.calls.callable_type import HEAD
from jit.runtime.codegen.host import read_slot
from jit.runtime.codegen.values import F64, I32, I64, POINTER
from jit.runtime.gathering import Gathering

if TYPE_CHECKING:
    from jit.runtime.codegen.calls.calling import Entry


@dataclass(frozen=True, slots=True)
class Picked(Gathering):
    """Which arguments of a call are inputs, and what the others have to be.

    Positions count the items of lists and tuples in `sequences` instead of these.
    """

    literals: tuple[tuple[int, Any], ...] = ()
    """Positions of arguments that are no inputs, and their values."""
    sequences: tuple[tuple[int, str, int], ...] = ()
    """Arguments whose items are inputs: their own positions, "list" or "tuple", and how
    many items they have."""


def is_literal(value: Any) -> bool:
    """Whether an entry can tell that an argument has a value."""
    if isinstance(value, tuple):
        return type(value) is tuple and all(map(is_literal, value))
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return value is None or type(value) in (bool, float)


def pick(entry: Entry, picked: Picked, given: list[ll.Value]) -> list[ll.Value]:
    """Those of the arguments that are inputs; guards what the others are."""
    for place, type, count in reversed(picked.sequences):
        given = [
            *given[:place],
            *_items(entry, given[place], type, count),
            *given[place + 1 :],
        ]
    for position, value in picked.literals:
        guard_literal(entry, given[position], value)
    return [given[place] for place in picked.inputs if isinstance(place, int)]


_ITEMS_OF_LIST = 24
"""Where a list has the address of its items."""


def _items(entry: Entry, given: ll.Value, type: str, count: int) -> list[ll.Value]:
    """The items of a list or tuple, kept alive until the call is done."""
    b = entry.b
    entry.guard(entry.has_type(given, type))
    length = entry.field(given, HEAD, I64)
    entry.guard(b.icmp_signed("==", length, I64(count)))
    if type == "list":
        items = entry.field(given, _ITEMS_OF_LIST, POINTER)
    else:
        items = at(b, given, read_slot(b, "tuple.items"))
    found = []
    for index in range(count):
        item = load(b, at(b, items, 8 * index), POINTER)
        entry.borrow(item)
        found.append(item)
    return found


def guard_literal(entry: Entry, given: ll.Value, value: Any) -> None:
    """Go to the slow path unless an argument is a value."""
    b = entry.b
    if value is None or type(value) is bool:
        wanted = entry.object(repr(value))
        entry.guard(b.icmp_unsigned("==", given, wanted))
    elif type(value) is int:
        entry.guard(entry.has_type(given, "int"))
        over = entry.stack(I32)
        number = entry.call("PyLong_AsLongLongAndOverflow", I64, given, over)
        fits = b.icmp_signed("==", b.load(over), I32(0))
        entry.guard(b.and_(fits, b.icmp_signed("==", number, I64(value))))
    elif type(value) is float:
        entry.guard(entry.has_type(given, "float"))
        bits = b.bitcast(ll.Constant(F64, value), I64)
        entry.guard(b.icmp_unsigned("==", entry.field(given, HEAD, I64), bits))
    else:
        entry.guard(entry.has_type(given, "tuple"))
        length = entry.field(given, HEAD, I64)
        entry.guard(b.icmp_signed("==", length, I64(len(value))))
        items = at(b, given, read_slot(b, "tuple.items"))
        for index, item in enumerate(value):
            guard_literal(entry, load(b, at(b, items, 8 * index), POINTER), item)

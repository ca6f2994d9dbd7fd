"""What modules hold, read by the entry of a graph whose inputs are gathered.

    model(x)      self, a module, is found in the table of the callable, x among the
                  arguments; the slots of self and of its submodules are looked up, and
                  their tensors are taken apart like those of arguments

Attributes are read anew in each call, and held while it runs: another thread may replace
them meanwhile. A call whose modules hold something else misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll
import numpy as np

from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.building import loop as counted
from jit.runtime.codegen.callable_type import HEAD, slot_offset
from jit.runtime.codegen.host import (
    SLOTS,
    host_function,
    python_address,
    read_slot,
    slot,
)
from jit.runtime.codegen.kinds import Kind, TensorKind
from jit.runtime.codegen.native_function import TABLE
from jit.runtime.codegen.tensor_calling import unbox_tensor
from jit.runtime.codegen.values import I64, POINTER
from jit.runtime.gathering import Gathering, Slot
from jit.runtime.objects import Object

if TYPE_CHECKING:
    from jit.runtime.codegen.calling import Entry

NULL = ll.Constant(POINTER, None)
VOID = ll.VoidType()

slot("Object", lambda: id(Object))
slot("Object.slots", lambda: slot_offset(Object, "slots"))
slot("Object.type", lambda: slot_offset(Object, "type"))
slot("dict", lambda: id(dict))
for _name in ("PyDict_GetItemWithError", "Py_IncRef", "Py_DecRef"):
    if _name not in SLOTS:
        slot(_name, python_address(_name))


class Names:
    """The objects that an entry compares with and looks up, and their addresses.

    The first place is that of the module to which a callable is bound, or empty.
    """

    def __init__(self, objects: Sequence[Any], bound: Object | None = None) -> None:
        self.objects = list(objects)
        self.bound = bound
        first = 0 if bound is None else id(bound)
        self.addresses = np.array([first, *map(id, objects)], np.uint64)


def names_of(gathering: Gathering) -> tuple[Names, list[int]]:
    """What the entry of a graph looks up, each once, and where it finds each of all."""
    names: list[Any] = [type for _, type in gathering.roots]
    attributes = [p for p in gathering.inputs if isinstance(p, Slot)]
    guarded = [guard.slot for guard in gathering.guards]
    names += [found.name for found in (*gathering.steps, *attributes, *guarded)]
    names += [guard.value for guard in gathering.guards]
    distinct = {id(name): name for name in names}
    places = {name: index for index, name in enumerate(distinct)}
    return Names(list(distinct.values())), [places[id(name)] for name in names]


def bind(array: np.ndarray, holder: Any, bound: Object) -> tuple[np.ndarray, Any]:
    """A constant of machine code for a callable that is bound to a module."""
    if not isinstance(holder, Names):
        return array, holder
    names = Names(holder.objects, bound)
    return names.addresses, names


class Attributes:
    """Finds the inputs of a graph for an entry."""

    def __init__(self, entry: Entry, gathering: Gathering) -> None:
        self.entry = entry
        self.gathering = gathering
        self._names, _ = names_of(gathering)
        objects = enumerate(self._names.objects)
        self._places = {id(name): 1 + i for i, name in objects}
        attributes = [p for p in gathering.inputs if isinstance(p, Slot)]
        count = max(len(attributes), 1)
        self._held = entry.b.bitcast(entry.stack(ll.ArrayType(I64, count)), POINTER)
        self._held_count = entry.stack(I64)
        entry.b.store(I64(0), self._held_count)
        self._attributes: list[ll.Value] = []

    def gather(self) -> list[ll.Value]:
        """The objects of the inputs, borrowed; guards that they can be."""
        entry, b, gathering = self.entry, self.entry.b, self.gathering
        table = load(b, at(b, entry.self, HEAD + 8 * TABLE), POINTER)
        place = entry.unit.add_constant(self._names.addresses, self._names)
        self._table = load(b, at(b, table, 16 * place), POINTER)
        arguments = self._arguments()
        owners = [self._root(arguments[i], type) for i, type in gathering.roots]
        for step in gathering.steps:
            held = self._look_up(owners, step)
            entry.guard(entry.has_type(held, "Object"))
            owners.append(self._slots(held))
        for guard in gathering.guards:
            held = self._look_up(owners, guard.slot)
            entry.guard(b.icmp_unsigned("==", held, self._object(guard.value)))
        found = []
        for place_of in gathering.inputs:
            if isinstance(place_of, int):
                found.append(arguments[place_of])
            else:
                found.append(self._look_up(owners, place_of))
                self._attributes.append(found[-1])
        return found

    def has(self, index: int) -> bool:
        """Whether an input of the graph is an attribute."""
        return isinstance(self.gathering.inputs[index], Slot)

    def unbox(self, held: ll.Value, kind: Kind) -> list[ll.Value]:
        """The leaves of an attribute: a Tensor, also where callers give arrays."""
        if isinstance(kind, TensorKind):
            return unbox_tensor(self.entry, held, kind)
        return self.entry.unbox(held, kind)

    def _arguments(self) -> list[ll.Value]:
        """The arguments of a call; the first may be what the callable is bound to."""
        entry, b, count = self.entry, self.entry.b, self.gathering.count
        given = b.and_(entry.count, I64(2**63 - 1))
        bound = load(b, self._table, POINTER)
        is_bound = b.zext(b.icmp_unsigned("!=", bound, NULL), I64)
        fits = b.icmp_unsigned("==", b.add(given, is_bound), I64(count))
        entry.guard(b.and_(fits, entry.is_null(entry.names)))
        first = entry.stack(POINTER)
        b.store(bound, first)
        with b.if_then(b.icmp_signed("==", is_bound, I64(0))):
            b.store(b.load(entry.args), first)
        # where the callable is bound, the others begin one place earlier
        places = [b.sub(I64(index), is_bound) for index in range(1, count)]
        others = [b.load(b.gep(entry.args, [p], inbounds=True)) for p in places]
        return [b.load(first), *others]

    def _object(self, value: Any) -> ll.Value:
        b = self.entry.b
        return load(b, at(b, self._table, 8 * self._places[id(value)]), POINTER)

    def _root(self, given: ll.Value, type: Any) -> ll.Value:
        """The slots of an argument that has to be a module of a type."""
        entry, b = self.entry, self.entry.b
        entry.guard(entry.has_type(given, "Object"))
        held = load(b, at(b, given, read_slot(b, "Object.type")), POINTER)
        entry.guard(b.icmp_unsigned("==", held, self._object(type)))
        return self._slots(given)

    def _slots(self, owner: ll.Value) -> ll.Value:
        b = self.entry.b
        slots = load(b, at(b, owner, read_slot(b, "Object.slots")), POINTER)
        self.entry.guard(self.entry.has_type(slots, "dict"))
        return slots

    def _look_up(self, owners: Sequence[ll.Value], found: Slot) -> ll.Value:
        """What a slot holds."""
        entry = self.entry
        name = self._object(found.name)
        held = entry.call("PyDict_GetItemWithError", POINTER, owners[found.owner], name)
        entry.guard(entry.b.icmp_unsigned("!=", held, NULL))
        return held

    def hold(self) -> None:
        """Keep what was found alive; from here on, every way out has to let go."""
        b = self.entry.b
        if not self._attributes:
            return
        for index, held in enumerate(self._attributes):
            store(b, held, at(b, self._held, 8 * index))
        count = I64(len(self._attributes))
        hold = self.entry.unit.function(
            "hold_objects", lambda m, n: _make_for_each(m, n, "Py_IncRef")
        )
        b.call(hold, [self._held, count])
        b.store(count, self._held_count)

    def let_go(self) -> None:
        """Give back what `hold` took, if it did."""
        b = self.entry.b
        if not self._attributes:
            return
        let_go = self.entry.unit.function(
            "let_go_of_objects", lambda m, n: _make_for_each(m, n, "Py_DecRef")
        )
        b.call(let_go, [self._held, b.load(self._held_count)])


def _make_for_each(module: ll.Module, name: str, function: str) -> ll.Function:
    """`(objects, count)`: call a function of CPython for each object."""
    b, a = new_function(module, name, [("objects", POINTER), ("count", I64)])
    with counted(b, I64(0), a["count"]) as index:
        held = load(b, at(b, a["objects"], b.mul(index, I64(8))), POINTER)
        type = ll.FunctionType(VOID, [POINTER])
        b.call(host_function(b, function, type), [held])
    b.ret_void()
    return b.function

"""What modules hold, read by the entry of a graph whose inputs are gathered.

    model(x)      self, a module, is found in the table of the callable, x among the
                  arguments; the slots of self and of its submodules are looked up, and
                  their tensors are taken apart like those of arguments

Attributes are read anew in each call, and held while it runs: another thread may replace
them meanwhile. A call whose modules hold something else misses.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.building import loop as counted
from jit.runtime.codegen.calls.callable_type import HEAD, slot_offset
from jit.runtime.codegen.calls.native_function import TABLE
from jit.runtime.codegen.calls.tensor_calling import (
    ALIGNED,
    DATA,
    DESCR,
    RANK,
    SIZES,
    STRIDES,
    TYPE,
    WRITEABLE,
    wants_no_gradient,
)
from jit.runtime.codegen.host import (
    SLOTS,
    host_function,
    python_address,
    read_slot,
    slot,
)
from jit.runtime.codegen.kinds import Kind, TensorKind, kind_of_type
from jit.runtime.codegen.process.ownership import ARGUMENT
from jit.runtime.codegen.values import I1, I32, I64, POINTER
from jit.runtime.gathering import Gathering, Slot
from jit.runtime.objects import Object

if TYPE_CHECKING:
    from jit.runtime.codegen.calls.calling import Entry

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


STEP, GUARD, NUMBER, TENSOR, SIZE = range(5)
"""What is done with what a slot holds: look into it; compare it; keep it as it is; keep
it if it is a tensor of a dtype and rank; and if that has a size."""
ROW = 6
"""A row of a plan: what is done, owner and name of the slot, and what that needs: the
number of the new owner; the object; the place; the place, the rank and the dtype. For a
size: the place, the dim and the size instead of owner, name and the rest."""


def names_of(gathering: Gathering) -> tuple[Names, list[int]]:
    """What the entry of a graph looks up, each once, and numbers that say how: where the
    types of the roots are, then the rows of the plan."""
    objects: list[Any] = []
    places: dict[int, int] = {}

    def place(value: Any) -> int:
        if id(value) not in places:
            objects.append(value)
            places[id(value)] = len(objects)
        return places[id(value)]

    numbers = [place(type) for _, type in gathering.roots]
    for number, step in enumerate(gathering.steps, len(gathering.roots)):
        numbers += [STEP, step.owner, place(step.name), number, 0, 0]
    for guard in gathering.guards:
        slot = guard.slot
        numbers += [GUARD, slot.owner, place(slot.name), place(guard.value), 0, 0]
    for number, (slot, type) in enumerate(attributes_of(gathering)):
        kind = kind_of_type(type)
        needs = [NUMBER, 0, 0]
        if isinstance(kind, TensorKind):
            needs = [TENSOR, kind.rank, place(kind.dtype.numpy)]
        what, rank, dtype = needs
        numbers += [what, slot.owner, place(slot.name), number, rank, dtype]
        for dim, size in enumerate(getattr(type, "sizes", None) or ()):
            if size is not None:
                numbers += [SIZE, number, dim, size, 0, 0]
    return Names(objects), numbers


def attributes_of(gathering: Gathering) -> list[tuple[Slot, T.Type]]:
    """The inputs that are attributes, and their types."""
    pairs = zip(gathering.inputs, gathering.types, strict=True)
    return [(place, type) for place, type in pairs if isinstance(place, Slot)]


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
        self._attributes = attributes_of(gathering)
        self._held = self._array(2 * len(self._attributes))
        """First the attributes, then the arrays of those that are Tensors: either may be
        replaced by another thread."""
        self._held_count = entry.stack(I64)
        entry.b.store(I64(0), self._held_count)

    def _array(self, count: int) -> ll.Value:
        """Room for some addresses in the frame of the entry."""
        room = self.entry.stack(ll.ArrayType(I64, max(count, 1)))
        return self.entry.b.bitcast(room, POINTER)

    def gather(self) -> list[ll.Value]:
        """The objects of the inputs, borrowed; guards that they can be."""
        entry, b, gathering = self.entry, self.entry.b, self.gathering
        names, numbers = names_of(gathering)
        types, plan = numbers[: len(gathering.roots)], numbers[len(gathering.roots) :]
        table = load(b, at(b, entry.self, HEAD + 8 * TABLE), POINTER)
        place = entry.unit.add_constant(names.addresses, names)
        objects = load(b, at(b, table, 16 * place), POINTER)
        arguments = self._arguments(load(b, objects, POINTER))
        owners = self._array(len(gathering.roots) + len(gathering.steps))
        for number, (index, _) in enumerate(gathering.roots):
            type = load(b, at(b, objects, 8 * types[number]), POINTER)
            slots = self._root(arguments[index], type)
            store(b, slots, at(b, owners, 8 * number))
        find = entry.unit.function("find_attributes", _make_find)
        wanted = ALIGNED | (WRITEABLE if entry.unit.writes else 0)
        done = b.call(
            find,
            [self._constant(plan), I64(len(plan) // ROW), objects, owners, self._held,
             at(b, self._held, 8 * len(self._attributes)), I32(wanted)],
        )  # fmt: skip
        entry.guard(done)
        held = iter(range(len(self._attributes)))
        return [
            arguments[place]
            if isinstance(place, int)
            else load(b, at(b, self._held, 8 * next(held)), POINTER)
            for place in gathering.inputs
        ]

    def _constant(self, plan: Sequence[int]) -> ll.Value:
        """A plan as data of the module."""
        numbers = [I32(number) for number in plan]
        type = ll.ArrayType(I32, len(numbers))
        module = self.entry.unit.module
        data = ll.GlobalVariable(module, type, module.get_unique_name("attributes"))
        data.initializer = ll.Constant(type, numbers)
        data.linkage = "internal"
        data.global_constant = True
        return self.entry.b.bitcast(data, POINTER)

    def has(self, index: int) -> bool:
        """Whether an input of the graph is an attribute."""
        return isinstance(self.gathering.inputs[index], Slot)

    def unbox(self, held: ll.Value, kind: Kind) -> list[ll.Value]:
        """The leaves of an attribute: a Tensor, also where callers give arrays."""
        if not isinstance(kind, TensorKind):
            return self.entry.unbox(held, kind)
        b = self.entry.b
        array = load(b, at(b, held, read_slot(b, "Tensor.array")), POINTER)
        sizes = load(b, at(b, array, SIZES), POINTER)
        strides = load(b, at(b, array, STRIDES), POINTER)
        owner = b.inttoptr(b.or_(b.ptrtoint(held, I64), I64(ARGUMENT)), POINTER)
        leaves = [load(b, at(b, array, DATA), POINTER)]
        leaves += [load(b, at(b, sizes, 8 * d), I64) for d in range(kind.rank)]
        leaves += [load(b, at(b, strides, 8 * d), I64) for d in range(kind.rank)]
        return [*leaves, owner]

    def _arguments(self, bound: ll.Value) -> list[ll.Value]:
        """The arguments of a call; the first may be what the callable is bound to."""
        entry, b, count = self.entry, self.entry.b, self.gathering.count
        given = b.and_(entry.count, I64(2**63 - 1))
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

    def _root(self, given: ll.Value, type: ll.Value) -> ll.Value:
        """The slots of an argument that has to be a module of a type."""
        entry, b = self.entry, self.entry.b
        entry.guard(entry.has_type(given, "Object"))
        held = load(b, at(b, given, read_slot(b, "Object.type")), POINTER)
        entry.guard(b.icmp_unsigned("==", held, type))
        slots = load(b, at(b, given, read_slot(b, "Object.slots")), POINTER)
        entry.guard(entry.has_type(slots, "dict"))
        return slots

    def hold(self) -> None:
        """Keep what was found alive; from here on, every way out has to let go."""
        b = self.entry.b
        if not self._attributes:
            return
        count = I64(2 * len(self._attributes))
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


def _make_find(module: ll.Module, name: str) -> ll.Function:
    """`(plan, rows, objects, owners, held, arrays, flags)`: do what a plan says; whether
    all was found as it has to be."""
    arguments = [("plan", POINTER), ("rows", I64), ("objects", POINTER),
                 ("owners", POINTER), ("held", POINTER), ("arrays", POINTER),
                 ("flags", I32)]  # fmt: skip
    b, a = new_function(module, name, arguments, I1)
    missed = b.append_basic_block("missed")

    def need(holds: ll.Value) -> None:
        go_on = b.append_basic_block("ok")
        b.cbranch(holds, go_on, missed)
        b.position_at_end(go_on)

    def need_type(object: ll.Value, *names: str) -> None:
        type = load(b, at(b, object, TYPE), I64)
        fits = [b.icmp_unsigned("==", type, read_slot(b, n)) for n in names]
        need(functools.reduce(b.or_, fits))

    def item(array: ll.Value, index: ll.Value) -> ll.Value:
        return at(b, array, b.shl(index, I64(3)))

    with counted(b, I64(0), a["rows"]) as row:
        start = at(b, a["plan"], b.mul(row, I64(4 * ROW)))
        what, owner, key, first, second, third = (
            b.zext(load(b, at(b, start, 4 * i), I32), I64) for i in range(ROW)
        )
        following = b.append_basic_block("following")
        with b.if_then(b.icmp_unsigned("==", what, I64(SIZE))):
            array = load(b, item(a["arrays"], owner), POINTER)
            sizes = load(b, at(b, array, SIZES), POINTER)
            need(b.icmp_unsigned("==", load(b, item(sizes, key), I64), first))
            b.branch(following)
        found = b.call(
            host_function(
                b, "PyDict_GetItemWithError", ll.FunctionType(POINTER, [POINTER] * 2)
            ),
            [load(b, item(a["owners"], owner), POINTER),
             load(b, item(a["objects"], key), POINTER)],
        )  # fmt: skip
        need(b.icmp_unsigned("!=", found, NULL))
        with b.if_then(b.icmp_unsigned("==", what, I64(STEP))):
            need_type(found, "Object")
            slots = load(b, at(b, found, read_slot(b, "Object.slots")), POINTER)
            need_type(slots, "dict")
            store(b, slots, item(a["owners"], first))
        with b.if_then(b.icmp_unsigned("==", what, I64(GUARD))):
            expected = load(b, item(a["objects"], first), POINTER)
            need(b.icmp_unsigned("==", found, expected))
        with b.if_then(b.icmp_unsigned(">=", what, I64(NUMBER))):
            store(b, found, item(a["held"], first))
            store(b, NULL, item(a["arrays"], first))
        with b.if_then(b.icmp_unsigned("==", what, I64(TENSOR))):
            need_type(found, "Tensor", "Parameter")
            need(wants_no_gradient(b, found))
            array = load(b, at(b, found, read_slot(b, "Tensor.array")), POINTER)
            need(b.icmp_unsigned("!=", array, NULL))
            store(b, array, item(a["arrays"], first))
            need_type(array, "ndarray")
            rank = load(b, at(b, array, RANK), I32)
            need(b.icmp_signed("==", rank, b.trunc(second, I32)))
            descr = load(b, at(b, array, DESCR), POINTER)
            wanted = load(b, item(a["objects"], third), POINTER)
            need(b.icmp_unsigned("==", descr, wanted))
            flags = load(b, at(b, array, read_slot(b, "ndarray.flags_offset")), I32)
            need(b.icmp_signed("==", b.and_(flags, a["flags"]), a["flags"]))
        b.branch(following)
        b.position_at_end(following)
    b.ret(I1(1))
    b.position_at_end(missed)
    b.ret(I1(0))
    return b.function


def _make_for_each(module: ll.Module, name: str, function: str) -> ll.Function:
    """`(objects, count)`: call a function of CPython for each object."""
    b, a = new_function(module, name, [("objects", POINTER), ("count", I64)])
    with counted(b, I64(0), a["count"]) as index:
        held = load(b, at(b, a["objects"], b.mul(index, I64(8))), POINTER)
        type = ll.FunctionType(VOID, [POINTER])
        b.call(host_function(b, function, type), [held])
    b.ret_void()
    return b.function

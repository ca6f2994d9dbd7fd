"""Python objects at the border of machine code: checked, copied on entry, handed out.

A list or dict that is given is copied, as `jit.runtime.program_values.convert` does; a
list of numbers is copied into memory of the region. What does not have the declared type
misses, and the interpreter says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.program import Program
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.host import read_slot
from jit.runtime.codegen.kinds import Number, TensorKind, TupleKind
from jit.runtime.codegen.numbers import lists
from jit.runtime.codegen.objects import boxing, objects
from jit.runtime.codegen.process.ownership import NULL, VOID
from jit.runtime.codegen.values import I64, POINTER
from jit.runtime.program_values import convert, is_instance, named_tuple_class

if TYPE_CHECKING:
    from jit.runtime.codegen.calls.calling import Entry

_AS_THEY_ARE: dict[T.Type, str] = {T.STR: "str"}
"""Types whose values need no conversion, and the types of Python they have exactly."""
_SIMPLE: dict[T.Type | None, type] = {T.STR: str, T.BOOL: bool, T.FLOAT: float}
"""Types whose values all are of one type of Python."""


class Acceptor:
    """Takes the values of an argument as a program does, and refuses others."""

    def __init__(self, type: T.Type, program: Program | None) -> None:
        self.type = type
        self.program = program
        element = type.element if isinstance(type, T.ListType) else None
        self.element = _SIMPLE.get(element)

    def __call__(self, value: Any) -> Any:
        """The value as the function gets it: containers are copied."""
        if self.element is not None:
            # most lists are simple: their elements are of one type of Python
            if type(value) is list and {*map(type, value)} <= {self.element}:
                return value.copy()
            raise TypeError("it is of another type")
        value = getattr(value, "__script_object__", value)
        if not is_instance(value, self.type, self.program):
            raise TypeError("it is of another type")
        return convert(value, self.type, self.program)


def unbox_object(entry: Entry, given: ll.Value, type: T.Type) -> ll.Value:
    """An argument that stays an object."""
    name = _AS_THEY_ARE.get(type)
    if name is not None:
        entry.guard(entry.has_type(given, name))
        return given
    b = entry.b
    unit = entry.unit
    program = None if unit.root is None else unit.root.program
    accept = _constant(entry, Acceptor(type, program))
    room = entry.stack(POINTER)
    b.store(given, room)
    taken = entry.call("PyObject_Vectorcall", POINTER, accept, room, I64(1), NULL)
    place = entry.stack(POINTER)
    entry.in_frame(lambda frame: frame.store(NULL, place))
    b.store(taken, place)
    entry.borrowed.append(place)
    missing = entry.is_null(taken)
    with b.if_then(missing, likely=False):
        entry.call("PyErr_Clear", VOID)
    entry.guard(b.not_(missing))
    return taken


def unbox_named_tuple(
    entry: Entry, given: ll.Value, kind: TupleKind, type: T.NamedTupleType
) -> list[ll.Value]:
    """The leaves of the fields of a named tuple, of exactly its class."""
    cls = _constant(entry, named_tuple_class(type))
    b = entry.b
    found = entry.field(given, objects.TYPE, POINTER)
    entry.guard(b.icmp_unsigned("==", found, cls))
    items = at(b, given, tuple.__basicsize__)
    return [
        leaf
        for index, item in enumerate(kind.items)
        for leaf in entry.unbox(entry.field(items, 8 * index, POINTER), item)
    ]


def unbox_list(entry: Entry, given: ll.Value, element: Number) -> list[ll.Value]:
    """A list of numbers, copied to memory of the region."""
    b, unit = entry.b, entry.unit
    entry.guard(entry.has_type(given, "list"))
    length = entry.field(given, objects.HEAD, I64)
    header = b.call(unit.ownership("new_block"), [entry.state, I64(lists.HEADER)])
    entry.guard(b.not_(entry.is_null(header)))
    place = entry.stack(POINTER)
    entry.in_frame(lambda frame: frame.store(NULL, place))
    b.store(header, place)
    entry.lists.append(place)
    for offset, word in ((lists.LENGTH, length), (lists.CAPACITY, length)):
        store(b, word, at(b, header, offset))
    size = I64(lists.item_size(element))
    bytes = b.add(b.mul(length, size), I64(8))
    data = b.call(unit.ownership("attach"), [header, bytes, I64(0)])
    store(b, data, at(b, header, lists.DATA))
    entry.guard(b.not_(entry.is_null(data)))
    read = boxing.read_list_function(unit, element)
    entry.guard(b.call(read, [given, data]))
    return [header]


def release_arguments(entry: Entry) -> None:
    """Release what the entry made of arguments; where some may be missing."""
    b = entry.b
    for place in entry.borrowed:
        entry.call("Py_DecRef", VOID, b.load(place))  # null is allowed
    release_lists(entry)


def release_lists(entry: Entry) -> None:
    """Release the lists of numbers that were made of arguments."""
    b = entry.b
    name = "release_any" if entry.unit.objects else "release"
    for place in entry.lists:
        held = b.load(place)
        with b.if_then(b.not_(entry.is_null(held))):
            b.call(entry.unit.ownership(name), [entry.state, held])


def _constant(entry: Entry, value: Any) -> ll.Value:
    b = entry.b
    table = load(b, at(b, entry.state, 8 * failures.TABLE), POINTER)
    return load(b, at(b, table, 16 * entry.unit.add_object(value)), POINTER)


# results ------------------------------------------------------------------------------


def box_named_tuple(
    entry: Entry, words: Sequence[ll.Value], type: T.NamedTupleType
) -> ll.Value:
    """A named tuple of references that it takes over."""
    b = entry.b
    room = entry.stack(ll.ArrayType(POINTER, max(len(words), 1)))
    place = b.bitcast(room, POINTER)
    for index, word in enumerate(words):
        store(b, word, at(b, place, 8 * index))
    cls = _constant(entry, named_tuple_class(type))
    made = entry.call("PyObject_Vectorcall", POINTER, cls, place, I64(len(words)), NULL)
    for word in words:
        entry.call("Py_DecRef", VOID, word)
    return entry.check_result(made)


def box_list(entry: Entry, header: ll.Value, element: Number) -> ll.Value:
    """A Python list of the elements of a list, which is released."""
    b = entry.b
    made = b.call(boxing.list_function(entry.unit, element), [header])
    name = "release_any" if entry.unit.objects else "release"
    b.call(entry.unit.ownership(name), [entry.state, header])
    return entry.check_result(made)


def box_tensor(entry: Entry, leaves: list[ll.Value], kind: TensorKind) -> ll.Value:
    """The object of a tensor, in a region of objects."""
    b, rank = entry.b, kind.rank
    count = 2 + 2 * rank
    mine = leaves[:count]
    del leaves[:count]
    room = entry.stack(ll.ArrayType(I64, max(2 * rank, 1)))
    for index, value in enumerate(mine[1:-1]):
        b.store(value, b.gep(room, [I64(0), I64(index)], inbounds=True))
    descr = b.inttoptr(read_slot(b, f"descr.{kind.dtype.name}"), POINTER)
    box = boxing.box_function(entry.unit, rank, is_array=kind.is_array)
    numbers = b.bitcast(room, POINTER)
    return entry.check_result(
        b.call(box, [entry.state, mine[0], mine[-1], descr, numbers])
    )

"""Python objects in machine code: constants, calls of CPython's C API, exceptions.

A function of the C API that gives NULL has raised: `require` takes the exception to the
state of the call and leaves the region, or goes to the handler of a `try`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.host import (
    SLOTS,
    host_function,
    python_address,
    read_slot,
    slot,
)
from jit.runtime.codegen.kinds import Handle
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.process import ownership
from jit.runtime.codegen.process.ownership import NULL, VOID
from jit.runtime.codegen.values import I64, POINTER

if TYPE_CHECKING:
    from jit.ir import types as T
    from jit.ir.graph import Node
    from jit.runtime.codegen.region import Region

TYPE = 8
"""Offset of the type of an object."""
HEAD = object.__basicsize__
"""Offset of what follows: the number of a float, the length of a list or tuple."""

for _name in (
    "PyErr_Fetch", "PyErr_NormalizeException", "PyException_SetTraceback",
    "PyErr_GivenExceptionMatches", "PyErr_Clear", "PyLong_FromVoidPtr", "PyCapsule_New",
    "PyCapsule_GetPointer", "PyObject_IsTrue", "PyFloat_AsDouble", "PySequence_GetItem",
    "PyLong_AsLongLong", "PyTuple_SetItem", "PyList_SetItem", "Py_DecRef", "PyDict_New",
    "PyDict_Keys", "PyDict_Values", "PyDict_Items", "PyDict_GetItemWithError",
    "PyDict_SetItem", "PyDict_Contains", "PyDict_Size", "PyUnicode_Concat",
    "PyUnicode_GetLength", "PyUnicode_Compare", "PyUnicode_Contains", "PyUnicode_Join",
    "PyObject_Str", "PyList_SetSlice",
):  # fmt: skip
    if _name not in SLOTS:
        slot(_name, python_address(_name))
slot("str", lambda: id(str))
slot("exact dict", lambda: id(dict))
slot("Exception", lambda: id(Exception))


@engine.once
def _release_outside() -> int:
    """The address of the function that capsules of blocks call when they go."""
    module = ll.Module("outside")
    ownership.make_release_outside(module, "release_outside")
    library = engine.load(str(module), ["release_outside"]).keep()
    return library.address("release_outside")


slot("release_outside", _release_outside)


# constants and fields ---------------------------------------------------------------------

_IN_HOST = {id(None): "None", id(True): "True", id(False): "False"}


def constant(region: Region, value: Any) -> ll.Value:
    """The address of an object that is known when code is made; it stays alive."""
    b = region.b
    name = _IN_HOST.get(id(value))
    if name is not None:
        return b.inttoptr(read_slot(b, name), POINTER)
    table = load(b, at(b, region.state, 8 * failures.TABLE), POINTER)
    return load(b, at(b, table, 16 * region.unit.add_object(value)), POINTER)


def has_type(region: Region, word: ll.Value, name: str) -> ll.Value:
    """Whether an object is of exactly a type of the host table."""
    b = region.b
    type = load(b, at(b, word, TYPE), I64)
    return b.icmp_unsigned("==", type, read_slot(b, name))


def is_none(region: Region, word: ll.Value) -> ll.Value:
    """Whether an object is None."""
    return region.b.icmp_unsigned("==", word, constant(region, None))


# exceptions -------------------------------------------------------------------------------


def require(region: Region, holds: ll.Value, node: Node | None = None) -> None:
    """Leave the region with the exception that Python has set, unless it went well."""
    node = region.node if node is None else node
    assert node is not None
    b = region.b
    go_on, failing = region.append_block("well"), region.append_block("raised")
    b.cbranch(holds, go_on, failing).set_weights((1 << 20, 1))
    b.position_at_end(failing)
    site = region.unit.add_site(node, region.name)
    record = region.function("record_call", failures.make_record_call)
    take = region.function("take_error", _make_take_error)
    b.call(take, [region.state])
    if node.kind != "prim::ReRaise":
        b.call(record, [region.state, I64(site.number)])
    b.branch(region.failed_block())
    b.position_at_end(go_on)


def not_null(region: Region, word: ll.Value, node: Node | None = None) -> ll.Value:
    """An address that the C API gave; if it is null, the exception is handed on."""
    require(region, region.b.icmp_unsigned("!=", word, NULL), node)
    return word


def fresh(region: Region, word: ll.Value, type: T.Type) -> Handle:
    """A new reference that the C API gave, as a value of the node; null raises."""
    found: Handle = region.claim(Handle(not_null(region, word), type))
    return found


def _make_take_error(module: ll.Module, name: str) -> ll.Function:
    """`(state)`: move the exception that Python has set to the state."""
    b, a = new_function(module, name, [("state", POINTER)])
    b.function.attributes.add("noinline")
    type, value, trace = (b.alloca(POINTER) for _ in range(3))

    def call(api: str, *arguments: ll.Value) -> None:
        kind = ll.FunctionType(VOID, [x.type for x in arguments])
        b.call(host_function(b, api, kind), arguments)

    call("PyErr_Fetch", type, value, trace)
    call("PyErr_NormalizeException", type, value, trace)
    with b.if_then(b.icmp_unsigned("!=", b.load(trace), NULL)):
        call("PyException_SetTraceback", b.load(value), b.load(trace))
        call("Py_DecRef", b.load(trace))
    call("Py_DecRef", b.load(type))
    store(b, b.load(value), at(b, a["state"], 8 * failures.ERROR))
    b.ret_void()
    return b.function


def settle(region: Region, *, again: bool) -> ll.Value:
    """The exception of a failure, a reference that stays in the state.

    Without `again`, an exception that is there already is not asked to note the places
    that were recorded since.
    """
    b = region.b
    key = "settle_again" if again else "settle"
    index = region.unit.add_object(region.unit.settler)
    function = region.function(key, lambda m, n: _make_settle(m, n, index, again=again))
    return b.call(function, [region.state])


def _make_settle(
    module: ll.Module, name: str, index: int, *, again: bool
) -> ll.Function:
    """`(state)`: ask Python for the exception of a state, and keep it there."""
    b, a = new_function(module, name, [("state", POINTER)], POINTER)
    b.function.attributes.add("noinline")
    place = at(b, a["state"], 8 * failures.ERROR)
    if not again:
        known = load(b, place, POINTER)
        with b.if_then(b.icmp_unsigned("!=", known, NULL)):
            b.ret(known)

    def call(api: str, result: ll.Type, *arguments: ll.Value) -> ll.Value:
        kind = ll.FunctionType(result, [x.type for x in arguments])
        return b.call(host_function(b, api, kind), arguments)

    box = call("PyLong_FromVoidPtr", POINTER, a["state"])
    room = b.alloca(POINTER)
    b.store(box, room)
    table = load(b, at(b, a["state"], 8 * failures.TABLE), POINTER)
    settler = load(b, at(b, table, 16 * index), POINTER)
    error = call("PyObject_Vectorcall", POINTER, settler, room, I64(1), NULL)
    call("Py_DecRef", VOID, box)
    with b.if_else(b.icmp_unsigned("!=", error, NULL)) as (well, badly):
        with well:
            store(b, error, place)
        with badly:
            take = module.globals.get("take_error") or _make_take_error(
                module, "take_error"
            )
            b.call(take, [a["state"]])
    b.ret(load(b, place, POINTER))
    return b.function


def slots_offset(region: Region) -> ll.Value:
    """Where an instance of a program has the dict of its slots."""
    return read_slot(region.b, "Object.slots")

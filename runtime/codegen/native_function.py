"""NativeFunction, a callable of machine code, and the way from one object to several.

A `DirectCallable` that has the slot `natives`, a tuple of linked functions for different
arguments, begins its calls at `forward_address`:

    word of the process is not its word   call `__call__`
    each function in turn                 the first that does not miss gives the result
    all miss                              call `__call__`

The tuple is replaced and never changed, so that a thread in a call keeps what it uses.
"""

from __future__ import annotations

import ctypes
import sys
import types
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ll

from jit.runtime import conditions
from jit.runtime.codegen import engine
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.callable_type import (
    HEAD,
    VECTORCALL,
    DirectCallable,
    read_word,
    slot_offset,
    write_word,
)
from jit.runtime.codegen.host import (
    SLOTS,
    host_function,
    python_address,
    read_slot,
    slot,
)
from jit.runtime.codegen.values import I1, I64, POINTER

TABLE, LINKED, HITS = 1, 2, 3
"""Words of a NativeFunction: the address of its constants; whether it is linked; how
many calls it took if it is."""
MISS = 1
"""What a linked function returns, instead of an object, for arguments that do not fit."""


class NativeFunction(DirectCallable):
    """A callable whose calls begin at an entry of a library."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "constants",
        "fail",
        "library",
        "slow",
        "table",
    )

    def __init__(
        self,
        name: str,
        address: int,
        library: engine.Library,
        slow: Callable[..., Any] | None,
        fail: Callable[[int], Any],
        table: ctypes.Array[ctypes.c_uint64],
        constants: Any,
    ) -> None:
        """`table` holds the addresses of the constants. Without `slow` it is linked."""
        self.__name__ = name.rpartition(".")[2]
        self.slow = slow
        self.fail = fail
        self.library = library
        self.table = table
        self.constants = constants
        write_word(self, TABLE, ctypes.addressof(table))
        write_word(self, LINKED, slow is None)
        write_word(self, 0, address)

    @property
    def hits(self) -> int:
        """How many calls it took as a linked function."""
        return read_word(self, HITS)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


slot("NativeFunction.slow", lambda: slot_offset(NativeFunction, "slow"))
slot("NativeFunction.fail", lambda: slot_offset(NativeFunction, "fail"))
slot("tuple.items", lambda: tuple.__basicsize__)
slot("conditions", lambda: conditions.address())
slot("__call__", lambda: id(sys.intern("__call__")))
for _name in ("PyObject_VectorcallMethod", "Py_DecRef"):
    if _name not in SLOTS:
        slot(_name, python_address(_name))

ENTRY_TYPE = ll.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), I64, POINTER])
CONDITIONS = 1
"""Word of an object with `natives`: the word of the process for which they are made."""
NULL = ll.Constant(POINTER, None)
_COUNT = I64(2**63 - 1)
"""Takes the flag off the number of arguments."""


def begin_calls(made: Any, word: int) -> None:
    """Let calls of an object with `natives` begin in machine code while the word of the
    process is `word`."""
    write_word(made, CONDITIONS, word)
    write_word(made, 0, forward_address(slot_offset(type(made), "natives")))


@engine.once
def forward_address(natives_offset: int) -> int:
    """Where calls of objects begin that hold `natives` at an offset."""

    def text() -> str:
        module = ll.Module("forward")
        _make_forward(module, natives_offset)
        return str(module)

    library = engine.made(f"forward {natives_offset}", ["forward"], text).keep()
    return library.address("forward")


def _call(b: ll.IRBuilder, name: str, result: ll.Type, *args: ll.Value) -> ll.Value:
    type = ll.FunctionType(result, [a.type for a in args])
    return b.call(host_function(b, name, type), args)


def _make_forward(module: ll.Module, natives_offset: int) -> None:
    function = ll.Function(module, ENTRY_TYPE, "forward")
    self, args, count, names = function.args
    blocks = ("start", "look", "try", "next", "found", "missed", "slow")
    start, look, attempt, following, found, missed, slow = (
        function.append_basic_block(n) for n in blocks
    )
    b = ll.IRBuilder(start)
    word = load(b, b.inttoptr(read_slot(b, "conditions"), POINTER), I64)
    mine = load(b, at(b, self, HEAD + 8 * CONDITIONS), I64)
    natives = load(b, at(b, self, natives_offset), POINTER)
    is_set = b.icmp_unsigned("!=", natives, NULL)
    b.cbranch(b.and_(b.icmp_signed("==", word, mine), is_set), look, slow)

    b.position_at_end(look)
    _call(b, "Py_IncRef", ll.VoidType(), natives)
    length = load(b, at(b, natives, HEAD), I64)
    items = at(b, natives, read_slot(b, "tuple.items"))
    b.cbranch(b.icmp_signed(">", length, I64(0)), attempt, missed)

    b.position_at_end(attempt)
    index = b.phi(I64)
    native = load(b, at(b, items, b.shl(index, I64(3))), POINTER)
    entry = load(b, at(b, native, VECTORCALL), ENTRY_TYPE.as_pointer())
    result = b.call(entry, [native, args, count, names])
    is_miss = b.icmp_unsigned("==", b.ptrtoint(result, I64), I64(MISS))
    b.cbranch(is_miss, following, found)

    b.position_at_end(following)
    after = b.add(index, I64(1))
    b.cbranch(b.icmp_signed("<", after, length), attempt, missed)
    index.add_incoming(I64(0), look)
    index.add_incoming(after, following)

    b.position_at_end(found)
    hits = at(b, native, HEAD + 8 * HITS)
    store(b, b.add(load(b, hits, I64), I64(1)), hits)
    _call(b, "Py_DecRef", ll.VoidType(), natives)
    b.ret(result)

    b.position_at_end(missed)
    _call(b, "Py_DecRef", ll.VoidType(), natives)
    b.branch(slow)

    b.position_at_end(slow)
    b.ret(_call_method(b, self, args, count, names))


def _call_method(
    b: ll.IRBuilder, self: ll.Value, args: ll.Value, count: ll.Value, names: ll.Value
) -> ll.Value:
    """`self.__call__` with all arguments, which are copied behind `self`."""
    positional = b.and_(count, _COUNT)
    named = b.alloca(I64)
    b.store(I64(0), named)
    with b.if_then(b.icmp_unsigned("!=", names, NULL)):
        b.store(load(b, at(b, names, HEAD), I64), named)
    total = b.add(positional, b.load(named))
    room = b.bitcast(b.alloca(POINTER, b.add(total, I64(1))), POINTER)
    store(b, self, room)
    copy = b.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
    source = b.bitcast(args, POINTER)
    bytes = b.shl(total, I64(3))
    b.call(copy, [at(b, room, 8), source, bytes, ll.Constant(I1, 0)])
    name = b.inttoptr(read_slot(b, "__call__"), POINTER)
    return _call(
        b, "PyObject_VectorcallMethod", POINTER,
        name, room, b.add(positional, I64(1)), names,
    )  # fmt: skip

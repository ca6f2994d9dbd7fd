"""NativeFunction, a callable of machine code, and the way from one object to several.

A `DirectCallable` that has the slot `natives`, a tuple of linked functions for different
arguments, begins its calls at `forward_address`:

    word of the process is not its word   call `__call__`
    names of arguments, defaults          put in their places
    each function in turn                 the first that does not miss gives the result
    all miss, or no place for a name      call `__call__`

The tuple is replaced and never changed, so that a thread in a call keeps what it uses.
"""

from __future__ import annotations

import ctypes
import sys
import types
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.ir as ll

from jit.runtime import conditions
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.calls.callable_type import (
    CONDITIONS,
    HEAD,
    POSITIONAL,
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
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making.emission import PLAIN
from jit.runtime.codegen.values import I1, I64, POINTER

TABLE, LINKED, HITS = 1, 2, 3
"""Words of a NativeFunction: the address of its constants; whether it is linked; how
many calls it took if it is.

Bit 0 of LINKED is set if it is, bit i + 1 if argument i is a float that may be given as
an int."""
MOST_CONVERTED = 62
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
        converted: Collection[int] = (),
    ) -> None:
        """`table` holds the addresses of the constants. Without `slow` it is linked, and
        takes ints for the floats at the positions `converted`."""
        self.__name__ = name.rpartition(".")[2]
        self.slow = slow
        self.fail = fail
        self.library = library
        self.table = table
        self.constants = constants
        write_word(self, TABLE, ctypes.addressof(table))
        bits = sum(2 << i for i in converted if i < MOST_CONVERTED)
        write_word(self, LINKED, 1 | bits if slow is None else 0)
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
NULL = ll.Constant(POINTER, None)
_COUNT = I64(2**63 - 1)
"""Takes the flag off the number of arguments."""


def begin_calls(made: Any, word: int) -> None:
    """Let calls of an object with `natives` begin in machine code while the word of the
    process is `word`.

    Where it has `argument_names`, in order, missing arguments are taken from
    `argument_defaults`; a default that is `argument_names` itself means that there is
    none. Both are tuples.
    """
    write_word(made, CONDITIONS, word)
    cls = type(made)
    offsets = [slot_offset(cls, "natives")]
    if hasattr(cls, "argument_names"):
        slots = ("argument_names", "argument_defaults")
        offsets += [slot_offset(cls, name) for name in slots]
    write_word(made, 0, forward_address(*offsets))


@engine.once
def forward_address(natives: int, names: int = 0, defaults: int = 0) -> int:
    """Where calls of objects begin that have slots at some offsets."""

    def text() -> str:
        module = ll.Module("forward")
        _make_forward(module, natives, names, defaults)
        return PLAIN + str(module)

    name = f"forward {natives} {names} {defaults}"
    library = engine.made(name, ["forward"], text).keep()
    return library.address("forward")


def _call(b: ll.IRBuilder, name: str, result: ll.Type, *args: ll.Value) -> ll.Value:
    type = ll.FunctionType(result, [a.type for a in args])
    return b.call(host_function(b, name, type), args)


def _make_forward(
    module: ll.Module, natives_offset: int, names_offset: int, defaults_offset: int
) -> None:
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
    ready = _Arranged(b, args, count, names)
    if names_offset:
        ready = _arrange(b, self, ready, (names_offset, defaults_offset), slow)
    _call(b, "Py_IncRef", ll.VoidType(), natives)
    length = load(b, at(b, natives, HEAD), I64)
    items = at(b, natives, read_slot(b, "tuple.items"))
    begin = b.block
    b.cbranch(b.icmp_signed(">", length, I64(0)), attempt, missed)

    b.position_at_end(attempt)
    index = b.phi(I64)
    native = load(b, at(b, items, b.shl(index, I64(3))), POINTER)
    entry = load(b, at(b, native, VECTORCALL), ENTRY_TYPE.as_pointer())
    result = b.call(entry, [native, ready.args, ready.count, ready.names])
    is_miss = b.icmp_unsigned("==", b.ptrtoint(result, I64), I64(MISS))
    b.cbranch(is_miss, following, found)

    b.position_at_end(following)
    after = b.add(index, I64(1))
    b.cbranch(b.icmp_signed("<", after, length), attempt, missed)
    index.add_incoming(I64(0), begin)
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


class _Arranged:
    """The arguments of a call, which may come from several blocks."""

    def __init__(self, b: ll.IRBuilder, *values: ll.Value) -> None:
        self.block = b.block
        self.args, self.count, self.names = values


def _arrange(
    b: ll.IRBuilder,
    self: ll.Value,
    given: _Arranged,
    offsets: tuple[int, int],
    slow: ll.Block,
) -> _Arranged:
    """All arguments by position: those that are named, and defaults, in their places."""
    blocks = ("arrange", "complete", "ready")
    arrange, complete, ready = (b.function.append_basic_block(n) for n in blocks)
    positional = b.and_(given.count, _COUNT)
    parameters, defaults = (load(b, at(b, self, o), POINTER) for o in offsets)
    total = load(b, at(b, parameters, HEAD), I64)
    most = load(b, at(b, self, HEAD + 8 * POSITIONAL), I64)
    b.cbranch(b.icmp_signed("<=", positional, most), complete, slow)

    b.position_at_end(complete)
    has_all = b.icmp_signed("==", positional, total)
    no_names = b.icmp_unsigned("==", given.names, NULL)
    b.cbranch(b.and_(has_all, no_names), ready, arrange)

    b.position_at_end(arrange)
    room = b.bitcast(b.alloca(POINTER, total), POINTER)
    items_at = read_slot(b, "tuple.items")
    names_at, defaults_at = at(b, parameters, items_at), at(b, defaults, items_at)
    _copy(b, room, b.bitcast(given.args, POINTER), positional)
    start = b.shl(positional, I64(3))
    rest = b.sub(total, positional)
    _copy(b, at(b, room, start), at(b, defaults_at, start), rest)
    with b.if_then(b.not_(no_names)):
        keys_at = at(b, given.names, items_at)
        with _count(b, I64(0), load(b, at(b, given.names, HEAD), I64)) as key:
            name = _item(b, keys_at, key)
            place = _find(b, names_at, name, positional, total, slow)
            value = _item(b, b.bitcast(given.args, POINTER), b.add(positional, key))
            store(b, value, at(b, room, b.shl(place, I64(3))))
    with _count(b, positional, total) as place:
        is_missing = b.icmp_unsigned("==", _item(b, room, place), parameters)
        go_on = b.function.append_basic_block("given")
        b.cbranch(is_missing, slow, go_on)
        b.position_at_end(go_on)
    arranged = b.block
    inside = (b.bitcast(room, given.args.type), total, NULL)
    b.branch(ready)

    b.position_at_end(ready)
    made = []
    for outside, value in zip((given.args, given.count, NULL), inside, strict=True):
        phi = b.phi(value.type)
        phi.add_incoming(outside, complete)
        phi.add_incoming(value, arranged)
        made.append(phi)
    return _Arranged(b, *made)


def _item(b: ll.IRBuilder, items: ll.Value, index: ll.Value) -> ll.Value:
    return load(b, at(b, items, b.shl(index, I64(3))), POINTER)


def _copy(b: ll.IRBuilder, to: ll.Value, source: ll.Value, count: ll.Value) -> None:
    copy = b.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
    b.call(copy, [to, source, b.shl(count, I64(3)), ll.Constant(I1, 0)])


@contextmanager
def _count(b: ll.IRBuilder, start: ll.Value, end: ll.Value) -> Iterator[ll.Value]:
    """A loop over the ints from `start` to before `end`."""
    head, body, after = (b.function.append_basic_block("count") for _ in range(3))
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    index = b.phi(I64)
    index.add_incoming(start, before)
    b.cbranch(b.icmp_signed("<", index, end), body, after)
    b.position_at_end(body)
    yield index
    index.add_incoming(b.add(index, I64(1)), b.block)
    b.branch(head)
    b.position_at_end(after)


def _find(
    b: ll.IRBuilder,
    names: ll.Value,
    name: ll.Value,
    start: ll.Value,
    end: ll.Value,
    slow: ll.Block,
) -> ll.Value:
    """The place of a name, the very object; to `slow` if there is none."""
    head, look, following, found = (
        b.function.append_basic_block("find") for _ in range(4)
    )
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    place = b.phi(I64)
    place.add_incoming(start, before)
    b.cbranch(b.icmp_signed("<", place, end), look, slow)
    b.position_at_end(look)
    is_same = b.icmp_unsigned("==", _item(b, names, place), name)
    b.cbranch(is_same, found, following)
    b.position_at_end(following)
    place.add_incoming(b.add(place, I64(1)), following)
    b.branch(head)
    b.position_at_end(found)
    return place


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
    _copy(b, at(b, room, 8), b.bitcast(args, POINTER), total)
    name = b.inttoptr(read_slot(b, "__call__"), POINTER)
    return _call(
        b, "PyObject_VectorcallMethod", POINTER,
        name, room, b.add(positional, I64(1)), names,
    )  # fmt: skip

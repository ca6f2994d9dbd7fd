"""Memory for generated code: `allocate(bytes)` and `release(pointer, bytes)`.

Blocks are aligned to 64 bytes, come in size classes (four for each power of two), and are
kept for the next request of their class when they are released, up to a bound. Large ones
lie on huge pages: to touch a fresh page costs more than to write it, so a buffer that is
used again is worth more than most fusion. `allocate` gives null when there is no memory.

    -64 size class   -56 size   -48 mark   -40 next free block   -32 ... the user's

The last 32 bytes before a block are its user's, like the block itself. Large blocks have
a page of their own before them for this.

The results of compiled code are NumPy arrays over such blocks. NumPy frees the memory of
an array through the handler that the array names (NEP 49), so a result that is dropped
anywhere comes back here. `adopt` makes an array the owner of a block.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.runtime.codegen.building import at, index, larger, load, new_function, store
from jit.runtime.codegen.host import host_function, numpy_function, read_slot
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making.emission import PLAIN
from jit.runtime.codegen.process import forking
from jit.runtime.codegen.process.pausing import leave_loop, lock, unlock
from jit.runtime.codegen.values import I1, I8, I32, I64, POINTER
from jit.runtime.memory_stats import MemoryStats

ALIGNMENT = 64
LARGE_BYTES = 1 << 20
"""Blocks above this size are mapped, in whole huge pages."""
HUGE_PAGE = 2 << 20
MOST_BYTES = 1 << 46

_HEADER = 64
BYTES_BEFORE = 32
"""So much before a block belongs to its user too."""
_CLASS, _SIZE, _MARK, _FOLLOWING = 0, 8, 16, 24
_IN_USE, _FREE = 0x5452_5355, 0x5452_5346
_CLASSES = 4 * 48

_COUNTERS = (
    "current", "peak", "kept", "limit", "allocations", "recycled", "from_system"
)  # fmt: skip
_AT = {name: 8 * place for place, name in enumerate(_COUNTERS)}

VOID = ll.VoidType()
NULL = ll.Constant(POINTER, None)


# the allocator of this process ---------------------------------------------------------


class _Allocator:
    """The loaded functions. The code stays until the process ends: arrays need it."""

    def __init__(self) -> None:
        self.library = library = engine.made(*wanted()).keep()
        size, pointer = ctypes.c_int64, ctypes.c_void_p
        self.allocate = library.function("allocate", pointer, size)
        self.release = library.function("release", None, pointer, size)
        self.trim = library.function("trim", None, size)
        self.counters = (size * len(_COUNTERS)).from_address(
            library.address("counters")
        )
        self.counters[_COUNTERS.index("limit")] = _usual_limit()
        take = library.function("take_lock", None)
        give = library.function("give_lock", None)

        forking.guard(take, give)


def wanted() -> engine.Wanted:
    """The library of the allocator."""
    functions = ["allocate", "release", "trim", "take_lock", "give_lock"]
    return engine.Wanted("memory", [*functions, "counters", "handler"], module_text)


@engine.once
def _allocator() -> _Allocator:
    return _Allocator()


def _usual_limit() -> int:
    """An eighth of the machine's memory, at most 4 GiB."""
    if not hasattr(os, "sysconf"):
        return 1 << 30
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(4 << 30, total // 8)


def allocate(bytes: int) -> int:
    """The address of a new block. MemoryError if there is none of that size."""
    address = _allocator().allocate(bytes)
    if not address:
        raise MemoryError(f"cannot allocate {bytes} bytes")
    return int(address)


def release(address: int, bytes: int) -> None:
    """Give a block back."""
    _allocator().release(address, bytes)


def trim(keep_bytes: int = 0) -> None:
    """Give released blocks to the operating system until no more than this is kept."""
    _allocator().trim(keep_bytes)


def set_limit(bytes: int) -> None:
    """Keep at most this much in released blocks."""
    if bytes < 0:
        raise ValueError(f"expected a number of bytes, got {bytes}")
    _allocator().counters[_COUNTERS.index("limit")] = bytes
    trim(bytes)


def statistics() -> MemoryStats:
    """What the allocator holds now, and what it did."""
    return MemoryStats(*_allocator().counters)


def reset_peak() -> None:
    """Let the peak be what is in use now."""
    counters = _allocator().counters
    counters[_COUNTERS.index("peak")] = counters[_COUNTERS.index("current")]


def allocate_address() -> int:
    """The address of `allocate`, for the host table."""
    return _allocator().library.address("allocate")


def release_address() -> int:
    """The address of `release`, for the host table."""
    return _allocator().library.address("release")


# arrays over blocks -------------------------------------------------------------------

_CAPSULE_NAME = b"mem_handler"
_SET_HANDLER = 304
"""The place of `PyDataMem_SetHandler` in NumPy's table of functions."""


@engine.once
def _capsule() -> Any:
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return make(_allocator().library.address("handler"), _CAPSULE_NAME, None)


def handler_capsule() -> int:
    """The address of the capsule that names our handler to NumPy."""
    return id(_capsule())


@contextmanager
def recycled_arrays() -> Iterator[None]:
    """Arrays that NumPy makes here, in this thread, lie in our blocks."""
    set_handler = _set_handler()
    before = set_handler(_capsule())
    try:
        yield
    finally:
        set_handler(before)


@functools.cache
def _set_handler() -> Any:
    address = numpy_function(_SET_HANDLER)()
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(address)


@functools.cache
def mem_handler_offset() -> int:
    """Where an array names what frees its memory, in bytes from its start."""
    with recycled_arrays():
        array = np.empty(3)
    return _only_offset([(array, handler_capsule())], ctypes.c_uint64)


@functools.cache
def flags_offset() -> int:
    """Where the flags of an array are, in bytes from its start."""
    rows = np.zeros((2, 3))
    fixed = np.zeros(2)
    fixed.flags.writeable = False
    arrays = (rows, rows.T, rows[:, 1:], fixed)
    return _only_offset([(a, a.flags.num) for a in arrays], ctypes.c_int32)


def _only_offset(
    cases: list[tuple[np.ndarray, int]], kind: type[ctypes.c_uint64 | ctypes.c_int32]
) -> int:
    """The one offset at which every array holds its expected word."""
    step = ctypes.sizeof(kind)
    found = [
        offset
        for offset in range(0, np.ndarray.__basicsize__, step)
        if all(kind.from_address(id(a) + offset).value == word for a, word in cases)
    ]
    if len(found) != 1:
        raise RuntimeError(f"the layout of arrays of NumPy {np.__version__} is unknown")
    return found[0]


_OWNS_ITS_DATA = 0x0004
_ORDINARY = 0x0501
"""Flags of a new array: C-contiguous, aligned, writeable."""


def array_over(
    b: ll.IRBuilder, descr: ll.Value, rank: int, sizes: ll.Value, data: ll.Value,
    strides: ll.Value = NULL,
) -> ll.Value:  # fmt: skip
    """Build the making of an array that owns a block; null, with an exception set, if
    that fails: then the block is still the caller's.

    `descr` is a pointer to the dtype object, `sizes` to `rank` i64, and so `strides`, null
    for the usual ones.
    """
    make = ll.FunctionType(
        POINTER, [POINTER, POINTER, I32, POINTER, POINTER, POINTER, I32, POINTER]
    )
    count_up = host_function(b, "Py_IncRef", ll.FunctionType(VOID, [POINTER]))
    b.call(count_up, [descr])  # the array takes a reference of its own
    kind = b.inttoptr(read_slot(b, "ndarray"), POINTER)
    array = b.call(
        host_function(b, "PyArray_NewFromDescr", make),
        [kind, descr, I32(rank), sizes, strides, data, I32(_ORDINARY), NULL],
    )
    with b.if_then(b.icmp_unsigned("!=", array, NULL), likely=True):
        adopt(b, array)
    return array


def adopt(b: ll.IRBuilder, array: ll.Value) -> None:
    """Build what makes a new array over a block its owner: NumPy will release it."""
    place = at(b, array, read_slot(b, "ndarray.flags_offset"))
    store(b, b.or_(load(b, place, I32), I32(_OWNS_ITS_DATA)), place)
    handler = b.inttoptr(read_slot(b, "mem_handler"), POINTER)
    count_up = host_function(b, "Py_IncRef", ll.FunctionType(VOID, [POINTER]))
    b.call(count_up, [handler])
    store(b, handler, at(b, array, read_slot(b, "ndarray.mem_handler_offset")))


# the functions ------------------------------------------------------------------------


@functools.cache
def module_text() -> str:
    """The LLVM text of the allocator."""
    return PLAIN + str(_Module().module)


_HUGE_ADVICE = getattr(mmap, "MADV_HUGEPAGE", None)


class _Module:
    """Builds the functions of the allocator."""

    def __init__(self) -> None:
        self.module = ll.Module("memory")
        self.word = self._memory("lock_word", I32, internal=True)
        counters = ll.ArrayType(I64, len(_COUNTERS))
        self.counters = self._memory("counters", counters).bitcast(POINTER)
        lists = ll.ArrayType(POINTER, _CLASSES)
        self.lists = self._memory("lists", lists, internal=True).bitcast(POINTER)
        self.from_system = self._build_from_system()
        self.to_system = self._build_to_system()
        self.trim = self._build_trim()
        self.allocate = self._build_allocate()
        self.release = self._build_release()
        self._build_handler()
        for name, act in (("take_lock", lock), ("give_lock", unlock)):
            b, _ = new_function(self.module, name, [], internal=False)
            act(b, self.word)
            b.ret_void()

    def _memory(
        self, name: str, type: ll.Type, *, internal: bool = False
    ) -> ll.GlobalVariable:
        made = ll.GlobalVariable(self.module, type, name)
        made.initializer = ll.Constant(type, None)
        made.align = ALIGNMENT
        if internal:
            made.linkage = "internal"
        return made

    def _library(self, name: str, result: ll.Type, *arguments: ll.Type) -> ll.Function:
        """A function of the C library."""
        found = self.module.globals.get(name)
        if found is None:
            found = ll.Function(self.module, ll.FunctionType(result, arguments), name)
        return found

    def _add(self, b: ll.IRBuilder, counter: str, change: ll.Value) -> ll.Value:
        """Change a counter, with the lock held; its new value."""
        place = at(b, self.counters, _AT[counter])
        value = b.add(load(b, place, I64), change)
        store(b, value, place)
        return value

    def _counter(self, b: ll.IRBuilder, name: str) -> ll.Value:
        return load(b, at(b, self.counters, _AT[name]), I64)

    # the operating system -------------------------------------------------------------

    def _build_from_system(self) -> ll.Function:
        """A new block of a class, its header written; null if there is no memory."""
        arguments = [("size", I64), ("class", I64)]
        b, a = new_function(self.module, "from_system", arguments, POINTER)
        size, result = a["size"], b.alloca(POINTER)
        b.store(NULL, result)
        with b.if_else(b.icmp_signed(">", size, index(LARGE_BYTES))) as (large, small):
            with large:
                self._map(b, size, result)
            with small:
                get = self._library("aligned_alloc", POINTER, I64, I64)
                start = b.call(get, [index(ALIGNMENT), b.add(size, index(_HEADER))])
                with b.if_then(b.icmp_unsigned("!=", start, NULL)):
                    b.store(at(b, start, _HEADER), result)
        data = b.load(result)
        with b.if_then(b.icmp_unsigned("!=", data, NULL)):
            for offset, value in ((_CLASS, a["class"]), (_SIZE, size)):
                store(b, value, at(b, data, offset - _HEADER))
        b.ret(data)
        return b.function

    def _map(self, b: ll.IRBuilder, size: ll.Value, result: ll.Value) -> None:
        """Map whole huge pages with one ordinary page before them, for the header."""
        page, error = mmap.PAGESIZE, index(-1)
        get = self._library("mmap", POINTER, POINTER, I64, I32, I32, I32, I64)
        unmap = self._library("munmap", I32, POINTER, I64)
        access = I32(mmap.PROT_READ | mmap.PROT_WRITE)
        kind = I32(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        room = b.add(size, index(HUGE_PAGE + page))
        mapped = b.call(get, [NULL, room, access, kind, I32(-1), index(0)])
        start = b.ptrtoint(mapped, I64)
        with b.if_then(b.icmp_signed("!=", start, error)):
            first = b.add(start, index(page + HUGE_PAGE - 1))
            first = b.and_(first, index(-HUGE_PAGE))
            data = b.inttoptr(first, POINTER)
            # what lies before and after it goes back at once
            before = b.sub(b.sub(first, index(page)), start)
            with b.if_then(b.icmp_signed(">", before, index(0))):
                b.call(unmap, [mapped, before])
            after = b.sub(b.add(start, room), b.add(first, size))
            with b.if_then(b.icmp_signed(">", after, index(0))):
                b.call(unmap, [at(b, data, size), after])
            if _HUGE_ADVICE is not None:
                advise = self._library("madvise", I32, POINTER, I64, I32)
                b.call(advise, [data, size, I32(_HUGE_ADVICE)])
            b.store(data, result)

    def _build_to_system(self) -> ll.Function:
        b, a = new_function(self.module, "to_system", [("data", POINTER)])
        data, page = a["data"], mmap.PAGESIZE
        size = load(b, at(b, data, _SIZE - _HEADER), I64)
        with b.if_else(b.icmp_signed(">", size, index(LARGE_BYTES))) as (large, small):
            with large:
                unmap = self._library("munmap", I32, POINTER, I64)
                b.call(unmap, [at(b, data, -page), b.add(size, index(page))])
            with small:
                free = self._library("free", VOID, POINTER)
                b.call(free, [at(b, data, -_HEADER)])
        b.ret_void()
        return b.function

    # lists ----------------------------------------------------------------------------

    def _list(self, b: ll.IRBuilder, number: ll.Value) -> ll.Value:
        """The place of the head of the list of a class."""
        return at(b, self.lists, b.shl(number, index(3)))

    def _take_first(self, b: ll.IRBuilder, head: ll.Value) -> ll.Value:
        """Take the block out of the list that begins with it, with the lock held."""
        data = load(b, head, POINTER)
        store(b, load(b, at(b, data, _FOLLOWING - _HEADER), POINTER), head)
        size = load(b, at(b, data, _SIZE - _HEADER), I64)
        self._add(b, "kept", b.neg(size))
        return data

    def _build_trim(self) -> ll.Function:
        """Give blocks to the system, the largest first, until `keep` bytes are left."""
        b, a = new_function(self.module, "trim", [("keep", I64)], internal=False)
        number, taken = b.alloca(I64), b.alloca(POINTER)
        b.store(index(_CLASSES - 1), number)
        with leave_loop(b) as leave_if:
            b.store(NULL, taken)
            lock(b, self.word)
            is_enough = b.icmp_signed("<=", self._counter(b, "kept"), a["keep"])
            head = self._list(b, b.load(number))
            is_empty = b.icmp_unsigned("==", load(b, head, POINTER), NULL)
            with b.if_then(b.not_(b.or_(is_enough, is_empty))):
                b.store(self._take_first(b, head), taken)
            unlock(b, self.word)
            leave_if(is_enough)
            with b.if_else(is_empty) as (nothing, something):
                with nothing:
                    b.store(b.sub(b.load(number), index(1)), number)
                with something:
                    b.call(self.to_system, [b.load(taken)])
            leave_if(b.icmp_signed("<", b.load(number), index(0)))
        b.ret_void()
        return b.function

    # the interface --------------------------------------------------------------------

    def _build_allocate(self) -> ll.Function:
        b, a = new_function(
            self.module, "allocate", [("bytes", I64)], POINTER, internal=False
        )
        is_wrong = b.icmp_unsigned(">", a["bytes"], index(MOST_BYTES))
        with b.if_then(is_wrong, likely=False):
            b.ret(NULL)
        size, number = self._class_of(b, a["bytes"])
        head = self._list(b, number)
        found = b.alloca(POINTER)
        lock(b, self.word)
        b.store(load(b, head, POINTER), found)
        with b.if_then(b.icmp_unsigned("!=", b.load(found), NULL), likely=True):
            self._take_first(b, head)
            self._add(b, "recycled", index(1))
            self._count_allocation(b, size)
            unlock(b, self.word)
            store(b, index(_IN_USE), at(b, b.load(found), _MARK - _HEADER))
            b.ret(b.load(found))
        unlock(b, self.word)
        for attempt in range(2):
            fresh = b.call(self.from_system, [size, number])
            with b.if_then(b.icmp_unsigned("!=", fresh, NULL), likely=True):
                lock(b, self.word)
                self._add(b, "from_system", index(1))
                self._count_allocation(b, size)
                unlock(b, self.word)
                store(b, index(_IN_USE), at(b, fresh, _MARK - _HEADER))
                b.ret(fresh)
            if attempt == 0:  # what is kept may be what is missing
                b.call(self.trim, [index(0)])
        b.ret(NULL)
        return b.function

    def _class_of(self, b: ll.IRBuilder, bytes: ll.Value) -> tuple[ll.Value, ll.Value]:
        """The size of the blocks that serve a request, and the number of their class."""

        def up(unit: int) -> ll.Value:
            rounded = b.and_(b.add(bytes, index(unit - 1)), index(-unit))
            return larger(b, rounded, index(unit))

        is_large = b.icmp_signed(">", bytes, index(LARGE_BYTES))
        last = b.sub(b.select(is_large, up(HUGE_PAGE), up(ALIGNMENT)), index(1))
        power = b.sub(index(63), b.ctlz(last, I1(0)))
        shift = b.sub(power, index(2))
        quarters = b.lshr(last, shift)
        size = b.shl(b.add(quarters, index(1)), shift)
        base = b.shl(b.sub(power, index(5)), index(2))
        return size, b.add(base, b.and_(quarters, index(3)))

    def _count_allocation(self, b: ll.IRBuilder, size: ll.Value) -> None:
        self._add(b, "allocations", index(1))
        current = self._add(b, "current", size)
        peak = larger(b, current, self._counter(b, "peak"))
        store(b, peak, at(b, self.counters, _AT["peak"]))

    def _build_release(self) -> ll.Function:
        """Keep a block. Its size is in its header; that of the caller is not needed."""
        b, a = new_function(
            self.module,
            "release",
            [("data", POINTER), ("bytes", I64)],
            internal=False,
        )
        data = a["data"]
        with b.if_then(b.icmp_unsigned("==", data, NULL), likely=False):
            b.ret_void()
        mark = at(b, data, _MARK - _HEADER)
        # a block that is released twice would be given to two owners: rather stop here
        is_wrong = b.icmp_unsigned("!=", load(b, mark, I64), index(_IN_USE))
        with b.if_then(is_wrong, likely=False):
            b.call(self._library("llvm.trap", VOID), [])
            b.unreachable()
        store(b, index(_FREE), mark)
        size = load(b, at(b, data, _SIZE - _HEADER), I64)
        number = load(b, at(b, data, _CLASS - _HEADER), I64)
        limit = self._counter(b, "limit")
        is_too_large = b.icmp_signed(">", size, limit)
        with b.if_then(is_too_large, likely=False):
            lock(b, self.word)
            self._add(b, "current", b.neg(size))
            unlock(b, self.word)
            b.call(self.to_system, [data])
            b.ret_void()
        head = self._list(b, number)
        lock(b, self.word)
        self._add(b, "current", b.neg(size))
        store(b, load(b, head, POINTER), at(b, data, _FOLLOWING - _HEADER))
        store(b, data, head)
        kept = self._add(b, "kept", size)
        unlock(b, self.word)
        with b.if_then(b.icmp_signed(">", kept, limit), likely=False):
            b.call(self.trim, [limit])
        b.ret_void()
        return b.function

    # NumPy's handler ------------------------------------------------------------------

    def _build_handler(self) -> None:
        """The struct `PyDataMem_Handler`; the first argument of its functions is unused."""
        functions = [
            self._build_numpy_malloc(),
            self._build_numpy_calloc(),
            self._build_numpy_realloc(),
            self._build_numpy_free(),
        ]
        name = ll.Constant(
            ll.ArrayType(I8, 127), bytearray(b"tracescript".ljust(127, b"\0"))
        )
        fields = [name, I8(1), NULL, *(f.bitcast(POINTER) for f in functions)]
        value = ll.Constant.literal_struct(fields)
        made = ll.GlobalVariable(self.module, value.type, "handler")
        made.initializer = value
        made.align = ALIGNMENT

    def _build_numpy_malloc(self) -> ll.Function:
        arguments = [("context", POINTER), ("size", I64)]
        b, a = new_function(self.module, "numpy_malloc", arguments, POINTER)
        b.ret(b.call(self.allocate, [a["size"]]))
        return b.function

    def _build_numpy_calloc(self) -> ll.Function:
        arguments = [("context", POINTER), ("count", I64), ("size", I64)]
        b, a = new_function(self.module, "numpy_calloc", arguments, POINTER)
        product = b.umul_with_overflow(a["count"], a["size"])
        with b.if_then(b.extract_value(product, 1), likely=False):
            b.ret(NULL)
        bytes = b.extract_value(product, 0)
        data = b.call(self.allocate, [bytes])
        with b.if_then(b.icmp_unsigned("!=", data, NULL)):
            fill = self._library("memset", POINTER, POINTER, I32, I64)
            b.call(fill, [data, I32(0), bytes])
        b.ret(data)
        return b.function

    def _build_numpy_realloc(self) -> ll.Function:
        arguments = [("context", POINTER), ("data", POINTER), ("size", I64)]
        b, a = new_function(self.module, "numpy_realloc", arguments, POINTER)
        new = b.call(self.allocate, [a["size"]])
        is_real = b.icmp_unsigned("!=", a["data"], NULL)
        both = b.and_(b.icmp_unsigned("!=", new, NULL), is_real)
        with b.if_then(both):
            old = load(b, at(b, a["data"], _SIZE - _HEADER), I64)
            is_less = b.icmp_signed("<", old, a["size"])
            copy = self._library("memcpy", POINTER, POINTER, POINTER, I64)
            b.call(copy, [new, a["data"], b.select(is_less, old, a["size"])])
            b.call(self.release, [a["data"], old])
        b.ret(new)
        return b.function

    def _build_numpy_free(self) -> ll.Function:
        arguments = [("context", POINTER), ("data", POINTER), ("size", I64)]
        b, a = new_function(self.module, "numpy_free", arguments)
        b.call(self.release, [a["data"], a["size"]])
        b.ret_void()
        return b.function

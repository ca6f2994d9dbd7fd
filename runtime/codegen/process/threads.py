"""A pool of threads for generated code: `parallel(function, closure, total, grain)`.

A range `[0, total)` is cut into parts of at least `grain`, at most four for each thread;
`function(closure, begin, end)` is called once for each part. The parts depend on the
range, the grain and the number of threads alone, never on which thread is free.

The pool runs one job at a time. Its state is one word:

    number of the job | open | threads that may join | threads that have joined

The caller opens a job, works on it as thread 0, closes it, and waits for the threads
that have joined to leave. A worker that comes late finds the job closed and does nothing,
so nobody waits for a thread that sleeps. Each thread begins with its own share of the
parts, the same ones for equal ranges, which keeps data in the caches of one core; then it
takes parts that others have not begun. Where the pool is busy (a call from another thread
of Python, or from inside a part) the caller runs all parts itself.

Workers wait for the next job without sleeping for some tens of microseconds. Threads are
started by the first job that needs them, and again in a forked child.

On Linux a woken thread may be put behind the very thread that wakes it, and stay there for
milliseconds while another core has nothing to do. Whoever wakes a thread therefore forbids
it its own core first; that takes a system call only where the waking one has moved.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import signal
import sys
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime import thread_count
from jit.runtime.codegen.building import (
    at,
    index,
    load,
    loop,
    new_function,
    smaller,
    store,
)
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making.emission import PLAIN
from jit.runtime.codegen.process import forking
from jit.runtime.codegen.process.pausing import leave_loop, pause
from jit.runtime.codegen.values import I32, I64, POINTER
from jit.runtime.thread_count import count_address as count_address

PARTS_OF_A_THREAD = 4
ALIGNED_PARTS = 64
"""Parts of ranges with at least this grain begin at its multiples."""

_LINE = 128
"""Bytes that the words of different threads are apart."""
_TURNS_BEFORE_SLEEP = 3000
_TURNS_BEFORE_YIELD = 20000

# of a worker's record
_ASLEEP, _NEXT, _MUTEX, _CONDITION = 0, _LINE, 2 * _LINE, 4 * _LINE
_FORBIDDEN, _HANDLE = 6 * _LINE, 6 * _LINE + 8
_RECORD = 7 * _LINE
_NO_CORE = -1

_BYTES_OF_CORES = 128
"""The size of a set of cores: a bit for each of 1,024, as the C library's `cpu_set_t`."""

# of the state
_JOINED_BITS, _MAY_JOIN_BITS = 16, 16
_OPEN = 1 << (_JOINED_BITS + _MAY_JOIN_BITS)
_NUMBER_SHIFT = _JOINED_BITS + _MAY_JOIN_BITS + 1

_FUTEX_CALL = {"x86_64": 202, "aarch64": 98, "arm64": 98, "riscv64": 98}
_FUTEX_WAIT_PRIVATE, _FUTEX_WAKE_PRIVATE = 128, 129

VOID = ll.VoidType()
TASK = ll.FunctionType(VOID, [POINTER, I64, I64])
PARALLEL = ll.FunctionType(VOID, [POINTER, POINTER, I64, I64])
"""The type of `parallel`, whose address is in the host table."""


def usual_sleep() -> str:
    """How workers sleep here: `futex`, `condition`, or `none` where none can be started."""
    if os.name != "posix":
        return "none"
    if sys.platform == "linux" and platform.machine() in _FUTEX_CALL:
        return "futex"
    return "condition"


def reason_for_one_thread() -> str | None:
    """Why compiled code uses one thread; None if it may use several."""
    if usual_sleep() == "none":
        return "threads of generated code need POSIX threads"
    if thread_count.get_num_threads() == 1:
        return "the number of threads is set to 1, or there is one processor core"
    return None


class Pool:
    """A loaded pool; `pool_that` and `the_pool` give them."""

    def __init__(self, sleep: str) -> None:
        library = engine.made(*wanted(sleep)).keep()
        self.address = library.address("parallel")
        self.parallel = library.function(
            "parallel", None, ctypes.c_void_p, ctypes.c_void_p,
            ctypes.c_int64, ctypes.c_int64,
        )  # fmt: skip
        self._started = ctypes.c_int64.from_address(library.address("started"))
        reset = library.function("reset", None, ctypes.c_void_p)
        reset(count_address())
        forking.run_in_child(lambda: reset(count_address()))

    @property
    def workers(self) -> int:
        """How many threads have been started."""
        return self._started.value


def wanted(sleep: str = "") -> engine.Wanted:
    """The library of the pool whose workers sleep in a way, the usual one unless given."""
    sleep = sleep or usual_sleep()
    names = ["parallel", "reset", "started"]
    return engine.Wanted(f"threads {sleep}", names, lambda: module_text(sleep))


@engine.once
def pool_that(sleep: str) -> Pool:
    """The pool whose workers sleep in a way."""
    return Pool(sleep)


def the_pool() -> Pool:
    """The pool of this process; no thread is started before there is work for it."""
    return pool_that(usual_sleep())


def parallel_address() -> int:
    """The address of `parallel`, for the host table."""
    return the_pool().address


@functools.cache
def module_text(sleep: str) -> str:
    """The LLVM text of a pool."""
    return PLAIN + str(_Module(sleep).module)


@dataclass(frozen=True)
class _Job:
    """Names of the fields of a job, with their offsets."""

    function: int = 0
    closure: int = 8
    total: int = 16
    parts: int = 24
    unit: int = 32
    threads: int = 40


_JOB = _Job()


class _Module:
    """Builds the functions of a pool."""

    def __init__(self, sleep: str) -> None:
        self.sleep = sleep
        self.module = ll.Module("threads")
        self.busy = self._memory("busy", _LINE)
        self.state = self._memory("state", _LINE)
        self.job = self._memory("job", _LINE)
        self.count = self._memory("count", 8)
        self.started = self._memory("started", _LINE, internal=False)
        self.records = self._memory("records", thread_count.MOST * _RECORD)
        self.run_part = self._build_run_part()
        if sleep != "none":
            self.sleep_until_woken = self._build_sleep()
            if sleep == "futex":
                self.forbid = self._build_forbid()
            self.wake = self._build_wake()
            self.take_parts = self._build_take_parts()
            self.worker = self._build_worker()
            self.start = self._build_start()
        self._build_parallel()
        self._build_reset()

    def _memory(self, name: str, bytes: int, *, internal: bool = True) -> ll.Value:
        made = ll.GlobalVariable(self.module, ll.ArrayType(ll.IntType(8), bytes), name)
        made.initializer = ll.Constant(made.value_type, None)
        made.align = _LINE
        if internal:
            made.linkage = "internal"
        return made.bitcast(POINTER)

    def _library(self, name: str, result: ll.Type, *arguments: ll.Type) -> ll.Function:
        """A function of the C library."""
        found = self.module.globals.get(name)
        if found is None:
            kind = ll.FunctionType(result, arguments, var_arg=name == "syscall")
            found = ll.Function(self.module, kind, name)
        return found

    def _field(self, b: ll.IRBuilder, offset: int) -> ll.Value:
        kind = POINTER if offset in (_JOB.function, _JOB.closure) else I64
        return load(b, at(b, self.job, offset), kind)

    def _record(self, b: ll.IRBuilder, thread: ll.Value, offset: int) -> ll.Value:
        return at(b, self.records, b.mul(thread, index(_RECORD)), offset)

    # parts ----------------------------------------------------------------------------

    def _build_run_part(self) -> ll.Function:
        """Call the function of the job for one part."""
        job = [("function", POINTER), ("closure", POINTER)]
        sizes = [(n, I64) for n in ("total", "parts", "unit", "part")]
        b, a = new_function(self.module, "run_part", job + sizes)

        def start(part: ll.Value) -> ll.Value:
            exact = b.udiv(b.mul(part, a["total"]), a["parts"])
            rounded = b.and_(exact, b.neg(a["unit"]))
            is_end = b.icmp_unsigned("==", part, a["parts"])
            return b.select(is_end, a["total"], rounded)

        begin, end = start(a["part"]), start(b.add(a["part"], index(1)))
        function = b.bitcast(a["function"], TASK.as_pointer())
        b.call(function, [a["closure"], begin, end])
        b.ret_void()
        return b.function

    def _build_take_parts(self) -> ll.Function:
        """Run parts of the open job: the thread's own, then those of the others."""
        b, a = new_function(self.module, "take_parts", [("thread", I64)])
        threads, parts = self._field(b, _JOB.threads), self._field(b, _JOB.parts)
        job = [self._field(b, f) for f in (_JOB.function, _JOB.closure, _JOB.total)]
        unit = self._field(b, _JOB.unit)
        # to wake a thread takes microseconds, so those that are awake share it
        twice = b.add(a["thread"], a["thread"])
        for child in (b.add(twice, index(1)), b.add(twice, index(2))):
            with b.if_then(b.icmp_unsigned("<", child, threads)):
                b.call(self.wake, [child])
        with loop(b, index(0), threads) as step:
            owner = b.urem(b.add(a["thread"], step), threads)
            end = b.udiv(b.mul(b.add(owner, index(1)), parts), threads)
            place = b.bitcast(self._record(b, owner, _NEXT), I64.as_pointer())
            with leave_loop(b) as leave_if:
                seen = b.load_atomic(place, "monotonic", 8)
                leave_if(b.icmp_unsigned(">=", seen, end))
                part = b.atomic_rmw("add", place, index(1), "monotonic")
                leave_if(b.icmp_unsigned(">=", part, end))
                b.call(self.run_part, [*job, parts, unit, part])
        b.ret_void()
        return b.function

    # workers --------------------------------------------------------------------------

    def _state(self, b: ll.IRBuilder, order: str = "acquire") -> ll.Value:
        return b.load_atomic(b.bitcast(self.state, I64.as_pointer()), order, 8)

    def _build_worker(self) -> ll.Function:
        """What a thread of the pool does all its life."""
        b, a = new_function(self.module, "worker", [("argument", POINTER)], POINTER)
        thread = b.ptrtoint(a["argument"], I64)
        word = b.bitcast(self.state, I64.as_pointer())
        seen, turns = b.alloca(I64), b.alloca(I64)
        b.store(index(0), seen)
        b.store(index(0), turns)

        def number(state: ll.Value) -> ll.Value:
            return b.lshr(state, index(_NUMBER_SHIFT))

        def is_new(state: ll.Value) -> ll.Value:
            return b.icmp_unsigned("!=", number(state), b.load(seen))

        with leave_loop(b):
            with leave_loop(b) as leave_if:  # until there is another job
                leave_if(is_new(self._state(b)))
                pause(b)
                turn = b.add(b.load(turns), index(1))
                b.store(turn, turns)
                with b.if_then(b.icmp_unsigned(">", turn, index(_TURNS_BEFORE_SLEEP))):
                    b.store(index(0), turns)
                    b.call(self.sleep_until_woken, [thread, b.load(seen)])
            b.store(number(self._state(b)), seen)
            with leave_loop(b) as leave_if:  # until it is joined, or closed
                state = self._state(b)
                may_join = b.and_(
                    b.lshr(state, index(_JOINED_BITS)),
                    index((1 << _MAY_JOIN_BITS) - 1),
                )
                leave_if(is_new(state))
                leave_if(b.icmp_unsigned("==", b.and_(state, index(_OPEN)), index(0)))
                leave_if(b.icmp_unsigned(">=", thread, may_join))
                more = b.add(state, index(1))
                tried = b.cmpxchg(word, state, more, "acquire", "monotonic")
                with b.if_then(b.extract_value(tried, 1)):
                    b.call(self.take_parts, [thread])
                    b.atomic_rmw("sub", word, index(1), "release")
                    b.store(index(0), turns)
                leave_if(b.extract_value(tried, 1))
        b.unreachable()
        return b.function

    def _build_sleep(self) -> ll.Function:
        """Sleep until there is a job with another number.

        The flag is set before the state is read again, and `parallel` writes the state
        before it reads the flag: one of the two sees the other.
        """
        arguments = [("thread", I64), ("seen", I64)]
        b, a = new_function(self.module, "sleep_until_woken", arguments)
        flag = self._record(b, a["thread"], _ASLEEP)
        word = b.bitcast(flag, I32.as_pointer())
        b.atomic_rmw("xchg", word, I32(1), "seq_cst")
        state = b.lshr(self._state(b, "seq_cst"), index(_NUMBER_SHIFT))
        with b.if_then(b.icmp_unsigned("!=", state, a["seen"])):
            b.atomic_rmw("xchg", word, I32(0), "seq_cst")
            b.ret_void()
        locked = self._mutex(b, a["thread"], "lock")
        with leave_loop(b) as leave_if:
            asleep = b.load_atomic(word, "acquire", 4)
            leave_if(b.icmp_unsigned("==", asleep, I32(0)))
            if self.sleep == "futex":
                self._futex(b, flag, _FUTEX_WAIT_PRIVATE)
            else:
                condition = self._record(b, a["thread"], _CONDITION)
                wait = self._library("pthread_cond_wait", I32, POINTER, POINTER)
                b.call(wait, [condition, locked])
        self._mutex(b, a["thread"], "unlock")
        b.ret_void()
        return b.function

    def _build_wake(self) -> ll.Function:
        """Wake a thread if it sleeps."""
        b, a = new_function(self.module, "wake", [("thread", I64)])
        if self.sleep == "futex":
            core = b.call(self._library("sched_getcpu", I32), [])
            forbidden = load(b, self._record(b, a["thread"], _FORBIDDEN), I32)
            with b.if_then(b.icmp_signed("!=", core, forbidden), likely=False):
                b.call(self.forbid, [a["thread"], core])
        flag = self._record(b, a["thread"], _ASLEEP)
        word = b.bitcast(flag, I32.as_pointer())
        asleep = b.load_atomic(word, "seq_cst", 4)
        with b.if_then(b.icmp_unsigned("!=", asleep, I32(0)), likely=False):
            self._mutex(b, a["thread"], "lock")
            b.atomic_rmw("xchg", word, I32(0), "seq_cst")
            if self.sleep == "futex":
                self._futex(b, flag, _FUTEX_WAKE_PRIVATE)
            else:
                condition = self._record(b, a["thread"], _CONDITION)
                b.call(self._library("pthread_cond_signal", I32, POINTER), [condition])
            self._mutex(b, a["thread"], "unlock")
        b.ret_void()
        return b.function

    # cores ----------------------------------------------------------------------------

    def _build_forbid(self) -> ll.Function:
        """Let a thread run on the cores that this one may use, but for one."""
        arguments = [("thread", I64), ("core", I32)]
        b, a = new_function(self.module, "forbid", arguments)
        cores = b.bitcast(b.alloca(ll.ArrayType(I64, _BYTES_OF_CORES // 8)), POINTER)
        store(b, a["core"], self._record(b, a["thread"], _FORBIDDEN))
        size = index(_BYTES_OF_CORES)
        ask = self._library("sched_getaffinity", I32, I32, I64, POINTER)
        failed = b.call(ask, [I32(0), size, cores])
        core = b.zext(a["core"], I64)
        is_beyond = b.icmp_unsigned(">=", core, index(8 * _BYTES_OF_CORES))
        with b.if_then(b.or_(b.icmp_signed("!=", failed, I32(0)), is_beyond)):
            b.ret_void()
        word = at(b, cores, b.shl(b.lshr(core, index(6)), index(3)))
        bit = b.shl(index(1), b.and_(core, index(63)))
        store(b, b.and_(load(b, word, I64), b.not_(bit)), word)
        # with no other core the set is empty, which is refused and changes nothing
        handle = load(b, self._record(b, a["thread"], _HANDLE), I64)
        tell = self._library("pthread_setaffinity_np", I32, I64, I64, POINTER)
        b.call(tell, [handle, size, cores])
        b.ret_void()
        return b.function

    def _futex(self, b: ll.IRBuilder, word: ll.Value, operation: int) -> None:
        call = self._library("syscall", I64, I64)
        number = index(_FUTEX_CALL[platform.machine()])
        none = ll.Constant(POINTER, None)
        b.call(call, [number, word, index(operation), index(1), none])

    def _mutex(self, b: ll.IRBuilder, thread: ll.Value, verb: str) -> ll.Value | None:
        """Lock or unlock the mutex that guards a thread's flag; futexes need none."""
        if self.sleep == "futex":
            return None
        mutex = self._record(b, thread, _MUTEX)
        b.call(self._library(f"pthread_mutex_{verb}", I32, POINTER), [mutex])
        return mutex

    def _build_start(self) -> ll.Function:
        """Start threads until there are enough for a job, or no more can be had."""
        b, a = new_function(self.module, "start", [("threads", I64)])
        started = b.bitcast(self.started, I64.as_pointer())
        # signals are for the threads of Python: workers begin with all of them blocked
        everything, before = (b.alloca(ll.ArrayType(I64, 16)) for _ in range(2))
        everything, before = (b.bitcast(x, POINTER) for x in (everything, before))
        handle = b.bitcast(b.alloca(I64), POINTER)
        mask = self._library("pthread_sigmask", I32, I32, POINTER, POINTER)
        how = I32(getattr(signal, "SIG_SETMASK", 2))
        b.call(self._library("sigfillset", I32, POINTER), [everything])
        b.call(mask, [how, everything, before])
        none = ll.Constant(POINTER, None)
        create = self._library("pthread_create", I32, *[POINTER] * 4)
        with leave_loop(b) as leave_if:
            thread = b.add(b.load(started), index(1))
            leave_if(b.icmp_unsigned(">=", thread, a["threads"]))
            if self.sleep == "condition":
                for kind, offset in (("mutex", _MUTEX), ("cond", _CONDITION)):
                    make = self._library(f"pthread_{kind}_init", I32, POINTER, POINTER)
                    b.call(make, [self._record(b, thread, offset), none])
            worker = b.bitcast(self.worker, POINTER)
            number = b.inttoptr(thread, POINTER)
            failed = b.call(create, [handle, none, worker, number])
            leave_if(b.icmp_signed("!=", failed, I32(0)))
            made = load(b, handle, I64)
            store(b, made, self._record(b, thread, _HANDLE))
            b.call(self._library("pthread_detach", I32, I64), [made])
            b.store(thread, started)
        b.call(mask, [how, before, none])
        b.ret_void()
        return b.function

    # the caller -----------------------------------------------------------------------

    def _build_parallel(self) -> None:
        arguments = [("function", POINTER), ("closure", POINTER)]
        sizes = [("total", I64), ("grain", I64)]
        b, a = new_function(self.module, "parallel", arguments + sizes, internal=False)
        with b.if_then(b.icmp_signed("<=", a["total"], index(0)), likely=False):
            b.ret_void()
        count = load(b, load(b, self.count, POINTER), I64)
        positive = b.icmp_signed(">", a["grain"], index(0))
        grain = b.select(positive, a["grain"], index(1))
        pieces = b.add(b.udiv(b.sub(a["total"], index(1)), grain), index(1))
        is_alone = b.icmp_signed("==", count, index(1))
        most = b.select(is_alone, index(1), b.mul(count, index(PARTS_OF_A_THREAD)))
        parts = smaller(b, pieces, most)
        with b.if_then(b.icmp_signed("==", parts, index(1))):
            function = b.bitcast(a["function"], TASK.as_pointer())
            b.call(function, [a["closure"], index(0), a["total"]])
            b.ret_void()
        is_long = b.icmp_signed(">=", grain, index(ALIGNED_PARTS))
        unit = b.select(is_long, index(ALIGNED_PARTS), index(1))
        job = [a["function"], a["closure"], a["total"], parts, unit]
        if self.sleep != "none":
            self._run_in_pool(b, job, smaller(b, parts, count))
        with loop(b, index(0), parts) as part:
            b.call(self.run_part, [*job, part])
        b.ret_void()

    def _run_in_pool(
        self, b: ll.IRBuilder, job: list[ll.Value], threads: ll.Value
    ) -> None:
        """Run the job and return from the function, unless the pool is busy."""
        busy = b.bitcast(self.busy, I32.as_pointer())
        word = b.bitcast(self.state, I64.as_pointer())
        tried = b.cmpxchg(busy, I32(0), I32(1), "acquire", "monotonic")
        with b.if_then(b.extract_value(tried, 1)):
            parts = job[3]
            started = load(b, self.started, I64)
            few = b.icmp_unsigned("<", b.add(started, index(1)), threads)
            with b.if_then(few, likely=False):
                b.call(self.start, [threads])
            for position, value in enumerate([*job, threads]):
                store(b, value, at(b, self.job, 8 * position))
            with loop(b, index(0), threads) as thread:
                first = b.udiv(b.mul(thread, parts), threads)
                store(b, first, self._record(b, thread, _NEXT))
            old = b.lshr(b.load(word), index(_NUMBER_SHIFT))
            number = b.shl(b.add(old, index(1)), index(_NUMBER_SHIFT))
            may_join = b.shl(threads, index(_JOINED_BITS))
            opened = b.or_(b.or_(number, may_join), index(_OPEN))
            b.atomic_rmw("xchg", word, opened, "seq_cst")
            b.call(self.take_parts, [index(0)])
            b.atomic_rmw("and", word, index(~_OPEN), "acq_rel")
            self._wait_for_workers(b)
            b.store_atomic(I32(0), busy, "release", 4)
            b.ret_void()

    def _wait_for_workers(self, b: ll.IRBuilder) -> None:
        """Until those that have joined have left; they get the processor if it lasts."""
        turns = b.alloca(I64)
        b.store(index(0), turns)
        with leave_loop(b) as leave_if:
            joined = b.and_(self._state(b), index((1 << _JOINED_BITS) - 1))
            leave_if(b.icmp_unsigned("==", joined, index(0)))
            pause(b)
            turn = b.add(b.load(turns), index(1))
            b.store(turn, turns)
            with b.if_then(b.icmp_unsigned(">", turn, index(_TURNS_BEFORE_YIELD))):
                b.call(self._library("sched_yield", I32), [])

    def _build_reset(self) -> None:
        """A pool without threads, free; told where the number of threads is."""
        b, a = new_function(self.module, "reset", [("count", POINTER)], internal=False)
        store(b, a["count"], self.count)
        for place in (self.busy, self.state, self.started):
            store(b, index(0), place)
        with loop(b, index(0), index(thread_count.MOST)) as thread:
            store(b, I32(0), self._record(b, thread, _ASLEEP))
            store(b, I32(_NO_CORE), self._record(b, thread, _FORBIDDEN))
        b.ret_void()

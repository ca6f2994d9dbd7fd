"""The pool of threads: parts of a range, callers at the same time, forked children."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.runtime import thread_count
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.process import threads

TASK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
INCREMENT = """
define void @increment(ptr %closure, i64 %begin, i64 %end) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %begin, %entry ], [ %next, %loop ]
  %place = getelementptr double, ptr %closure, i64 %i
  %old = load double, ptr %place
  %new = fadd double %old, 1.0
  store double %new, ptr %place
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = jit.get_num_threads()
    jit.set_num_threads(2)
    yield
    jit.set_num_threads(before)


@pytest.fixture(scope="module", params=["futex", "condition", "none"])
def pool(request: pytest.FixtureRequest) -> threads.Pool:
    return pool_that(request.param)


def pool_that(sleep: str) -> threads.Pool:
    if sleep == "futex" and sys.platform != "linux":
        pytest.skip("futexes are Linux's")
    return threads.pool_that(sleep)


def run(
    pool: threads.Pool, task: Callable[[int, int], None], total: int, grain: int
) -> None:
    """Run a Python function on the parts of a range."""
    function = TASK(lambda _, begin, end: task(begin, end))
    pool.parallel(ctypes.cast(function, ctypes.c_void_p), None, total, grain)


def parts_of(pool: threads.Pool, total: int, grain: int) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    run(pool, lambda begin, end: seen.append((begin, end)), total, grain)
    return sorted(seen)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("total", [1, 2, 5, 8, 9, 63, 64, 1000, 4097])
def test_parts_cover_the_range_once_and_in_order(
    pool: threads.Pool, count: int, total: int
) -> None:
    jit.set_num_threads(count)
    for grain in (0, 1, 3, 64, 100, 5000):
        parts = parts_of(pool, total, grain)

        assert 0 == parts[0][0]
        assert total == parts[-1][1]
        assert [end for _, end in parts[:-1]] == [begin for begin, _ in parts[1:]]
        assert len(parts) <= 4 * count


def test_nothing_runs_for_an_empty_range(pool: threads.Pool) -> None:
    assert [] == parts_of(pool, 0, 1)
    assert [] == parts_of(pool, -5, 1)


def test_long_parts_begin_at_whole_cache_lines(pool: threads.Pool) -> None:
    parts = parts_of(pool, 1000, 100)

    assert [0] * len(parts) == [begin % 64 for begin, _ in parts]


def test_one_thread_gets_the_range_in_one_part(pool: threads.Pool) -> None:
    jit.set_num_threads(1)

    assert [(0, 10**6)] == parts_of(pool, 10**6, 1)


def test_parts_are_the_same_when_the_pool_is_busy(pool: threads.Pool) -> None:
    inner: list[list[tuple[int, int]]] = []
    run(pool, lambda begin, end: inner.append(parts_of(pool, 1000, 10)), 4, 1)

    assert [parts_of(pool, 1000, 10)] * 4 == inner


@pytest.mark.parametrize("sleep", ["futex", "condition"])
def test_a_second_thread_takes_part(sleep: str) -> None:
    pool = pool_that(sleep)
    for _ in range(3):
        both_work = threading.Barrier(2)
        seen: list[int] = []

        def task(begin: int, end: int) -> None:
            is_first = threading.get_ident() not in seen
            seen.append(threading.get_ident())
            if is_first:
                both_work.wait(timeout=60)

        run(pool, task, 8, 1)

        assert 8 == len(seen)
        assert 2 == len(set(seen))
        time.sleep(0.005)  # so that the worker is asleep


def test_more_threads_than_cores_work_too(pool: threads.Pool) -> None:
    jit.set_num_threads(9)
    library = engine.load(INCREMENT, ["increment"])
    array = np.zeros(10_000)
    for _ in range(200):
        pool.parallel(library.address("increment"), array.ctypes.data, len(array), 10)

    np.testing.assert_array_equal(np.full(10_000, 200.0), array)


def test_many_python_threads_call_at_once(pool: threads.Pool) -> None:
    library = engine.load(INCREMENT, ["increment"])
    arrays = [np.zeros(2000) for _ in range(8)]

    def work(array: np.ndarray) -> None:
        for turn in range(400):
            address = library.address("increment")
            pool.parallel(address, array.ctypes.data, len(array), 100)
            if turn % 100 == 0:
                time.sleep(0.001)

    callers = [threading.Thread(target=work, args=(a,)) for a in arrays]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    for array in arrays:
        np.testing.assert_array_equal(np.full(2000, 400.0), array)


def test_the_number_of_threads_may_change_between_calls(pool: threads.Pool) -> None:
    library = engine.load(INCREMENT, ["increment"])
    array = np.zeros(1000)
    for turn in range(300):
        jit.set_num_threads(1 + turn % 5)
        pool.parallel(library.address("increment"), array.ctypes.data, len(array), 1)

    np.testing.assert_array_equal(np.full(1000, 300.0), array)


# the number of threads ----------------------------------------------------------------


@pytest.mark.parametrize("count", [0, -1, thread_count.MOST + 1])
def test_a_number_of_threads_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 256 threads, got {count}"):
        jit.set_num_threads(count)


def test_a_number_of_threads_is_an_int() -> None:
    with pytest.raises(TypeError, match="expected an int, got str"):
        jit.set_num_threads("2")  # type: ignore[arg-type]


def python(code: str, **environment: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def test_the_environment_sets_the_number_of_threads() -> None:
    code = "import jit; print(jit.get_num_threads())"

    assert "5" == python(code, JIT_NUM_THREADS="5")


def test_a_wrong_number_in_the_environment_is_told() -> None:
    code = """
        import jit
        try:
            jit.get_num_threads()
        except ValueError as error:
            print(error)
    """

    assert "JIT_NUM_THREADS is 'many'; expected a number from 1 to 256" == python(
        code, JIT_NUM_THREADS="many"
    )


# processes ----------------------------------------------------------------------------

BEGIN = """
import ctypes, os, sys, threading, time
import numpy as np
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.process import threads
library = engine.load('''{}''', ["increment"])
array = np.zeros(1000)
def call():
    threads.the_pool().parallel(
        library.address("increment"), array.ctypes.data, 1000, 10
    )
def tasks():
    return len(os.listdir("/proc/self/task"))
"""


def program(code: str) -> str:
    return BEGIN.format(INCREMENT) + textwrap.dedent(code)


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@needs_linux
def test_threads_start_with_the_first_work_for_them() -> None:
    code = """
        counts = [tasks()]
        threads.the_pool()
        counts.append(tasks())
        call()
        counts.append(tasks())
        print([n - counts[0] for n in counts])
    """

    assert "[0, 0, 2]" == python(
        program(code), JIT_NUM_THREADS="3", OPENBLAS_NUM_THREADS="1"
    )


@needs_linux
def test_signals_go_to_the_threads_of_python() -> None:
    code = """
        before = set(os.listdir("/proc/self/task"))
        call()
        for task in set(os.listdir("/proc/self/task")) - before:
            for line in open(f"/proc/self/task/{task}/status"):
                if line.startswith("SigBlk"):
                    interrupt = 1 << (2 - 1)
                    print(bool(int(line.split()[1], 16) & interrupt))
    """

    assert "True" == python(program(code), JIT_NUM_THREADS="2")


@needs_linux
def test_a_woken_thread_stays_off_the_core_of_its_caller() -> None:
    code = """
        cores = os.sched_getaffinity(0)
        before = set(os.listdir("/proc/self/task"))
        for _ in range(20):
            call()
        mine, = set(os.listdir("/proc/self/task")) - before
        print(len(cores), len(cores - os.sched_getaffinity(int(mine))))
    """

    found = python(program(code), JIT_NUM_THREADS="2")

    assert ("1 0" if found.startswith("1 ") else found.split()[0] + " 1") == found


def test_the_interpreter_ends_while_threads_wait() -> None:
    code = """
        for _ in range(100):
            call()
        print(int(array.sum()))
    """

    assert "100000" == python(program(code), JIT_NUM_THREADS="4")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_starts_threads_of_its_own() -> None:
    code = """
        call()
        children = []
        for _ in range(20):
            child = os.fork()
            if child == 0:
                pool = threads.the_pool()
                assert pool.workers == 0
                for _ in range(50):
                    call()
                grandchild = os.fork()
                if grandchild == 0:
                    call()
                    os._exit(int(array[0] == array[-1] == 52))
                _, status = os.waitpid(grandchild, 0)
                right = os.waitstatus_to_exitcode(status) == 1
                os._exit(int(right and pool.workers == 2 and array.min() == 51))
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children]
        call()
        print(set(codes), int(array.sum()))
    """

    assert "{1} 2000" == python(program(code), JIT_NUM_THREADS="3")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_in_the_middle_of_a_job_leaves_a_free_pool() -> None:
    code = """
        stop = False
        other = np.zeros(200_000)
        def keep_busy():
            while not stop:
                threads.the_pool().parallel(
                    library.address("increment"), other.ctypes.data, len(other), 100
                )
        busy = threading.Thread(target=keep_busy)
        busy.start()
        codes = set()
        for _ in range(30):
            child = os.fork()
            if child == 0:
                call()
                started = threads.the_pool().workers == 1
                os._exit(int(started and array.min() == array.max() == 1))
            codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop = True
        busy.join()
        print(codes, other.min() == other.max())
    """

    assert "{1} True" == python(program(code), JIT_NUM_THREADS="2")

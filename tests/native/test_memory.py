"""The allocator of generated code, and arrays whose memory comes from it."""

from __future__ import annotations

import ctypes
import gc
import os
import random
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.runtime.codegen import building, host
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.process import memory

SIZES = [0, 1, 63, 64, 65, 1000, 4096, 100_000, 1 << 20, (1 << 20) + 1, 5 << 20]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Each test begins and ends with empty lists, and what it took is given back."""
    gc.collect()
    limit = memory.statistics().limit
    memory.trim()
    before = memory.statistics().current
    yield
    gc.collect()
    assert before == memory.statistics().current
    memory.set_limit(limit)
    memory.trim()


@pytest.mark.parametrize("size", SIZES)
def test_a_block_is_aligned_and_can_be_written_to_its_end(size: int) -> None:
    address = memory.allocate(size)
    ctypes.memset(address, 0xFF, size)
    memory.release(address, size)

    assert 0 == address % memory.ALIGNMENT


def test_a_large_block_begins_a_huge_page() -> None:
    address = memory.allocate(3 << 20)
    memory.release(address, 3 << 20)

    assert 0 == address % memory.HUGE_PAGE


@pytest.mark.parametrize("size", SIZES)
def test_a_released_block_serves_the_next_request(size: int) -> None:
    first = memory.allocate(size)
    memory.release(first, size)
    recycled = memory.statistics().recycled
    second = memory.allocate(size)
    memory.release(second, size)

    assert first == second
    assert recycled + 1 == memory.statistics().recycled


@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_right_before_a_block_belong_to_it(size: int) -> None:
    before = memory.BYTES_BEFORE
    blocks = [memory.allocate(size) for _ in range(3)]
    for mark, address in enumerate(blocks):
        ctypes.memset(address - before, mark, size + before)
    kept = [ctypes.string_at(b - before, size + before) for b in blocks]
    for address in blocks:
        memory.release(address, size)

    assert [bytes([mark]) * (size + before) for mark in range(3)] == kept


def test_blocks_in_use_do_not_overlap() -> None:
    chance = random.Random(0)
    blocks: list[tuple[int, int, int]] = []
    for turn in range(3000):
        if blocks and chance.random() < 0.5:
            address, size, mark = blocks.pop(chance.randrange(len(blocks)))
            assert bytes([mark]) * size == ctypes.string_at(address, size)
            memory.release(address, size)
        else:
            size = chance.choice([chance.randrange(300), chance.randrange(50_000)])
            address = memory.allocate(size)
            ctypes.memset(address, turn % 256, size)
            blocks.append((address, size, turn % 256))
    for address, size, mark in blocks:
        assert bytes([mark]) * size == ctypes.string_at(address, size)
        memory.release(address, size)


@pytest.mark.parametrize("size", [1, 100, 777, 70_000, 3 << 20, 100 << 20])
def test_a_block_is_at_most_a_quarter_larger_or_rounded_to_its_unit(size: int) -> None:
    before = memory.statistics().current
    address = memory.allocate(size)
    taken = memory.statistics().current - before
    memory.release(address, size)

    unit = memory.ALIGNMENT if size <= memory.LARGE_BYTES else memory.HUGE_PAGE
    assert size <= taken <= max(size * 1.25, -(-size // unit) * unit)


def test_the_peak_is_the_most_that_was_in_use_at_a_time() -> None:
    memory.reset_peak()
    start = memory.statistics().current
    blocks = [memory.allocate(4096) for _ in range(10)]
    for address in blocks:
        memory.release(address, 4096)
    memory.release(memory.allocate(4096), 4096)

    assert start + 10 * 4096 == memory.statistics().peak
    memory.reset_peak()
    assert start == memory.statistics().peak


def test_trimming_gives_back_the_largest_blocks_first() -> None:
    small, large = memory.allocate(4096), memory.allocate(4 << 20)
    memory.release(small, 4096)
    memory.release(large, 4 << 20)
    memory.trim(8192)

    assert 4096 == memory.statistics().kept
    memory.trim()
    assert 0 == memory.statistics().kept


def test_no_more_than_the_limit_is_kept() -> None:
    memory.set_limit(100_000)
    blocks = [memory.allocate(4096) for _ in range(100)]
    for address in blocks:
        memory.release(address, 4096)
        assert memory.statistics().kept <= 100_000
    memory.release(memory.allocate(1 << 20), 1 << 20)

    assert 24 * 4096 == memory.statistics().kept


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a number of bytes, got -1"):
        memory.set_limit(-1)


@pytest.mark.parametrize("size", [-1, (1 << 46) + 1, (1 << 63) - 1])
def test_memory_that_there_cannot_be_is_an_error(size: int) -> None:
    with pytest.raises(MemoryError, match=f"cannot allocate {size} bytes"):
        memory.allocate(size)


def test_releasing_nothing_is_allowed() -> None:
    memory.release(0, 0)


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@needs_linux
def test_many_allocations_leave_memory_flat() -> None:
    def turn() -> None:
        for size in (10, 1000, 100_000, 3 << 20):
            address = memory.allocate(size)
            ctypes.memset(address, 1, size)
            memory.release(address, size)
        with memory.recycled_arrays():
            np.ones((1000, 300)).sum()

    for _ in range(20):
        turn()
    before = resident_bytes()
    for _ in range(500):
        turn()

    assert resident_bytes() - before < 4 << 20


@needs_linux
def test_trimmed_memory_goes_back_to_the_system() -> None:
    blocks = [memory.allocate(8 << 20) for _ in range(8)]
    for address in blocks:
        ctypes.memset(address, 1, 8 << 20)
        memory.release(address, 8 << 20)
    before = resident_bytes()
    memory.trim()

    assert before - resident_bytes() > 60 << 20


def test_threads_allocate_at_once() -> None:
    wrong: list[int] = []

    def work(mark: int) -> None:
        chance = random.Random(mark)
        held: list[tuple[int, int]] = []
        for _ in range(3000):
            size = chance.choice([64, 64, 500, 20_000])
            address = memory.allocate(size)
            ctypes.memset(address, mark, size)
            held.append((address, size))
            if len(held) > 5:
                address, size = held.pop(chance.randrange(6))
                if ctypes.string_at(address, size) != bytes([mark]) * size:
                    wrong.append(mark)
                memory.release(address, size)
        for address, size in held:
            memory.release(address, size)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(1, 9)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [] == wrong


# arrays -------------------------------------------------------------------------------


def test_an_array_made_in_the_context_comes_from_us_and_goes_back() -> None:
    before = memory.statistics().current
    with memory.recycled_arrays():
        array = np.arange(1000.0)
    held = memory.statistics().current - before
    place = array.ctypes.data
    outside = np.arange(1000.0)
    del array

    assert held >= 8000
    assert before == memory.statistics().current
    assert place != outside.ctypes.data
    with memory.recycled_arrays():
        assert place == np.arange(1000.0).ctypes.data


def test_zeros_are_zeros_in_memory_that_was_used() -> None:
    with memory.recycled_arrays():
        np.full(5000, 7.0)
        again = np.zeros(5000)

    assert not again.any()


@pytest.mark.parametrize("size", [0, 10, 1000, 300_000])
def test_an_array_keeps_its_elements_when_it_is_resized(size: int) -> None:
    with memory.recycled_arrays():
        array = np.arange(500.0)
    array.resize(size, refcheck=False)

    expected = np.zeros(size)
    expected[: min(size, 500)] = np.arange(500.0)[:size]
    np.testing.assert_array_equal(expected, array)


def test_views_keep_the_block() -> None:
    before = memory.statistics().current
    with memory.recycled_arrays():
        view = np.arange(1000.0)[::2]

    assert memory.statistics().current > before
    np.testing.assert_array_equal(np.arange(0.0, 1000.0, 2.0), view)
    del view
    assert before == memory.statistics().current


@pytest.fixture(scope="module")
def make_array() -> Any:
    """Generated code that makes a float32 array of rank 2 over a block."""
    module = ll.Module("make_array")
    size = ll.IntType(64)
    arguments = [("rows", size), ("columns", size)]
    b, given = building.new_function(
        module, "make_array", arguments, building.POINTER, internal=False
    )
    sizes = b.bitcast(b.alloca(ll.ArrayType(size, 2)), building.POINTER)
    building.store(b, given["rows"], sizes)
    building.store(b, given["columns"], building.at(b, sizes, 8))
    bytes = b.mul(b.mul(given["rows"], given["columns"]), size(4))
    kind = ll.FunctionType(building.POINTER, [size])
    data = b.call(host.host_function(b, "allocate", kind), [bytes])
    name = f"descr.{dtypes.float32.name}"
    descr = b.inttoptr(host.read_slot(b, name), building.POINTER)
    b.ret(memory.array_over(b, descr, 2, sizes, data))
    library = engine.load(str(module), ["make_array"])
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_int64, ctypes.c_int64)
    function = prototype(library.address("make_array"))
    function.library = library
    return function


def test_generated_code_makes_arrays_that_own_their_block(make_array: Any) -> None:
    before = memory.statistics().current
    array = make_array(3, 5)
    array[...] = 2.0

    assert (3, 5) == array.shape
    assert np.dtype(np.float32) == array.dtype
    assert array.flags.owndata
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert array.base is None
    assert 30.0 == array.sum()
    assert memory.statistics().current > before
    del array
    assert before == memory.statistics().current


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (1, 1), (1000, 1000)])
def test_arrays_of_any_size_go_back(make_array: Any, shape: tuple[int, int]) -> None:
    before = memory.statistics().current
    for _ in range(10):
        array = make_array(*shape)
        assert shape == array.shape
        del array

    assert before == memory.statistics().current


def test_making_arrays_counts_references_right(make_array: Any) -> None:
    dtype = np.dtype(np.float32)
    make_array(2, 2)
    before = sys.getrefcount(dtype), sys.getrefcount(memory._capsule())
    for _ in range(100):
        make_array(2, 2)

    assert before == (sys.getrefcount(dtype), sys.getrefcount(memory._capsule()))


# processes ----------------------------------------------------------------------------


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_arrays_may_live_until_the_interpreter_ends() -> None:
    done = python("""
        import builtins, numpy as np
        from jit.runtime.codegen.process import memory
        with memory.recycled_arrays():
            builtins.kept = [np.ones(100_000) for _ in range(20)]
            builtins.kept.append(builtins.kept)
    """)

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_in_the_middle_of_allocations_leaves_a_free_lock() -> None:
    done = python("""
        import os, threading
        from jit.runtime.codegen.process import memory
        stop = False
        def work():
            while not stop:
                memory.release(memory.allocate(100), 100)
        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        codes = set()
        for _ in range(50):
            child = os.fork()
            if child == 0:
                for size in (100, 1000, 3 << 20):
                    memory.release(memory.allocate(size), size)
                os._exit(7)
            codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop = True
        for worker in workers:
            worker.join()
        print(codes)
    """)

    assert ("{7}\n", "") == (done.stdout, done.stderr)


@needs_linux
def test_what_is_kept_serves_a_request_that_the_system_refuses() -> None:
    done = python("""
        import resource
        from jit.runtime.codegen.process import memory
        memory.set_limit(1 << 30)
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * 4096
        memory.release(memory.allocate(100), 100)
        resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20),) * 2)
        blocks = [memory.allocate(100 << 20) for _ in range(3)]
        for address in blocks:
            memory.release(address, 100 << 20)
        assert memory.statistics().kept >= 300 << 20
        memory.release(memory.allocate(300 << 20), 300 << 20)
        try:
            memory.allocate(600 << 20)
        except MemoryError as error:
            print(error)
    """)

    assert (f"cannot allocate {600 << 20} bytes\n", "") == (done.stdout, done.stderr)


@pytest.mark.skipif(os.name != "posix", reason="signals as exit codes")
def test_releasing_twice_stops_the_process() -> None:
    done = python("""
        from jit.runtime.codegen.process import memory
        address = memory.allocate(100)
        memory.release(address, 100)
        memory.release(address, 100)
        print("went on")
    """)

    assert done.returncode < 0
    assert "" == done.stdout

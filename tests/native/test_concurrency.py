"""Machine code called from many threads at once: right results, nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch

THREADS = 8
CALLS = int(os.environ.get("JIT_TEST_CALLS", "10000"))
"""Calls of all threads together."""


def small(x, y):
    return x * y + 1.0


def large(x):
    return (x * 2.0 - 1.0).tanh().sum(dim=0)


def product(x, w):
    return torch.relu(x @ w)


def collect(n: int) -> int:
    values: list[int] = []
    for i in range(n):
        values.append(i * i % 7)  # noqa: PERF401
    return sum(values) + len(values)


def fibonacci(n: int) -> int:
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def grow(x, n: int):
    for _ in range(n):
        x = torch.cat([x, x * 0.5])
    return x


def pick(x, i: int):
    return x[i] + 1.0


Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> list[Call]:
    """Programs of every kind: pointwise, on the pool, products, lists, recursion."""
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal(33).astype(np.float32) for _ in range(2))
    wide = rng.standard_normal((64, 3000)).astype(np.float32)
    a, w = (rng.standard_normal((40, 40)).astype(np.float32) for _ in range(2))
    arguments: list[tuple[Any, tuple[Any, ...]]] = [
        (small, (x, y)),
        (small, (torch.tensor(x), torch.tensor(y))),
        (large, (torch.tensor(wide),)),
        (product, (torch.tensor(a), torch.tensor(w))),
        (collect, (50,)),
        (fibonacci, (9,)),
        (grow, (torch.tensor(x), 3)),
    ]
    scripted: dict[Any, Any] = {}
    made = []
    for function, given in arguments:
        made.append((scripted.setdefault(function, jit.script(function)), given))
    return made


def values_of(result: Any) -> Any:
    return np.array(result.array if isinstance(result, torch.Tensor) else result)


def run_together(work: Callable[[int], None]) -> None:
    """Run `work(number)` on all threads at once; the first exception is raised."""
    errors: list[BaseException] = []
    begin = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            begin.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_calls_from_eight_threads_give_what_one_thread_gives() -> None:
    prepared = calls()
    expected = [values_of(f(*given)) for f, given in prepared]

    def work(number: int) -> None:
        for turn in range(CALLS // THREADS):
            place = (turn + number) % len(prepared)
            function, given = prepared[place]
            np.testing.assert_array_equal(expected[place], values_of(function(*given)))

    run_together(work)


def test_memory_and_references_stay_as_they_were() -> None:
    prepared = calls()
    given = [x for _, arguments in prepared for x in arguments]

    def work(number: int) -> None:
        for turn in range(CALLS // THREADS):
            function, arguments = prepared[(turn + number) % len(prepared)]
            function(*arguments)

    run_together(work)
    gc.collect()
    references = [sys.getrefcount(x) for x in given if not isinstance(x, int)]
    used, held = jit.memory_stats().current, 0
    if sys.platform == "linux":
        held = resident_bytes()
    run_together(work)
    gc.collect()
    after = [sys.getrefcount(x) for x in given if not isinstance(x, int)]
    assert references == after
    assert used == jit.memory_stats().current
    if sys.platform == "linux":
        assert resident_bytes() - held < 8 << 20


def test_exceptions_reach_the_thread_that_failed() -> None:
    function = jit.script(pick)
    x = torch.arange(5.0)
    messages = []
    for index in (5, -6):
        with pytest.raises(IndexError) as caught:
            function(x, index)
        messages.append(str(caught.value))
    used = jit.memory_stats().current

    def work(number: int) -> None:
        for turn in range(200):
            if (turn + number) % 2:
                assert float(function(x, number % 5)) == number % 5 + 1.0
                continue
            side = turn // 2 % 2
            with pytest.raises(IndexError) as caught:
                function(x, (5, -6)[side])
            assert messages[side] == str(caught.value)

    run_together(work)
    gc.collect()
    assert used == jit.memory_stats().current


def test_threads_that_call_first_together_compile_once_or_wait() -> None:
    function = jit.script(large)
    x = torch.ones(16, 300)
    expected = values_of(jit.script(large)(x))
    results: list[Any] = [None] * THREADS

    def work(number: int) -> None:
        results[number] = values_of(function(x))

    run_together(work)
    for result in results:
        np.testing.assert_array_equal(expected, result)


def test_new_sizes_and_dtypes_from_many_threads() -> None:
    function = jit.script(small)

    def work(number: int) -> None:
        dtype = (np.float32, np.float64)[number % 2]
        for size in range(60):
            x = np.arange(size, dtype=dtype)
            np.testing.assert_array_equal(x * x + dtype(1), function(x, x))

    run_together(work)


def test_the_number_of_threads_may_change_under_running_calls() -> None:
    function = jit.script(large)
    x = torch.ones(64, 3000)
    expected = values_of(function(x))
    before = jit.get_num_threads()

    def work(number: int) -> None:
        for turn in range(60):
            if number == 0:
                jit.set_num_threads(1 + turn % 4)
            np.testing.assert_allclose(expected, values_of(function(x)), rtol=1e-6)

    try:
        run_together(work)
    finally:
        jit.set_num_threads(before)

"""Results that take over the memory of operands nobody reads afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime.executor import enable_native

N = 1 << 18
BYTES = 4 * N


def peak_of(function: Any, *given: Any) -> int:
    """Bytes that a call needs at a time, more than before it."""
    function(*given)
    jit.reset_peak_memory()
    before = jit.memory_stats().current
    function(*given)
    return jit.memory_stats().peak - before


def flipped_tanh(x):
    return torch.tanh(x.flip([0]))


def both(x):
    y = x.flip([0])
    return y + torch.tanh(y), y


def shifted(x, n: int):
    for _ in range(n):
        x = x * 0.5 + 1.0
        x = x.flip([0]) - 1.0
    return x


def with_view(x):
    y = x.flip([0]).reshape(512, 512)
    z = y.t()
    return z, y * 2.0


def argument(x):
    return x * 2.0


def in_list(x):
    y = x.flip([0])
    held = [y, x]
    z = y * 2.0
    return torch.cat(held) + torch.cat([z, z])


def wider(x):
    y = x.flip([0])
    return y + torch.ones(3, 1)


def narrower(x):
    y = x.flip([0])
    return y.to(torch.float64) + 1.0, y > 0.5


def test_a_chain_needs_the_memory_of_one_result() -> None:
    x = torch.rand(N)
    function = jit.script(flipped_tanh)
    np.testing.assert_allclose(np.tanh(x.array[::-1]), function(x).array, rtol=1e-5)
    assert BYTES <= peak_of(function, x) < 2 * BYTES


def test_a_loop_needs_the_memory_of_two_results() -> None:
    x = torch.rand(N)
    assert peak_of(jit.script(shifted), x, 6) < 3 * BYTES


CASES = [both, with_view, argument, in_list, wider, narrower, flipped_tanh]


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_nobody_sees_that_memory_was_taken_over(function: Any) -> None:
    x = torch.rand(N)
    kept = x.array.copy()
    enable_native(False)
    expected = jit.script(function)(x)
    enable_native(True)
    scripted = jit.script(function)
    assert scripted.explain(x).is_native
    for _ in range(2):
        actual = scripted(x)
        pairs = zip(
            expected if isinstance(expected, tuple) else [expected],
            actual if isinstance(actual, tuple) else [actual],
            strict=True,
        )
        for one, other in pairs:
            np.testing.assert_allclose(one.array, other.array, rtol=1e-6)
    np.testing.assert_array_equal(kept, x.array)


def test_sizes_that_only_meet_at_run_time_are_asked_for() -> None:
    def stretched(x, y):
        return x.flip([0]) + y

    scripted = jit.script(stretched)
    column, row = torch.rand(300, 1), torch.rand(1, 300)
    expected = column.array[::-1] + row.array
    np.testing.assert_array_equal(expected, scripted(column, row).array)
    square = torch.rand(300, 300)
    expected = square.array[::-1] + row.array
    np.testing.assert_array_equal(expected, scripted(square, row).array)

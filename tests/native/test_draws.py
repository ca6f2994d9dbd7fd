"""Random numbers in machine code are those of the interpreter, and so is what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime.executor import enable_native
from tests.native.agreement import numbers


def uniform(n: int, m: int):
    return torch.rand(n, m), torch.rand([m], dtype=torch.float64)


def halves(n: int, m: int):
    return torch.rand(n, dtype=torch.float16), torch.rand(m, dtype=torch.bfloat16)


def normal(n: int, m: int):
    half = torch.randn(m, dtype=torch.float16)
    return torch.randn(n, m), torch.randn(n, dtype=torch.float64), half


def shuffled(n: int, m: int):
    return torch.randperm(n), torch.randperm(m)


def alike(x):
    return torch.rand_like(x), torch.randn_like(x)


def dropped(x, p: float, train: bool):
    return torch.dropout(x, p, train), torch.rand(3)


def dropped_with_mask(x, p: float, train: bool):
    made, kept = torch.native_dropout(x, p, train)
    return made, kept, torch.rand(3)


def outcome(program: Callable[..., Any], given: Any) -> Any:
    torch.manual_seed(2**40 + 7)
    torch.rand(5)
    try:
        return program(*given)
    except Exception as error:
        return type(error), str(error)


def check(program: Callable[..., Any], *given: Any) -> None:
    """Both executors give the same, and leave the generator in the same state."""
    given = tuple(
        torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in given
    )
    enable_native(False)
    expected = outcome(jit.script(program), given)
    state = torch.default_generator.get_state()
    enable_native(True)
    scripted = jit.script(program)
    explained = scripted.explain(*given)
    assert explained.is_native and not explained.boxed, explained
    found = outcome(scripted, given)
    assert (expected[0] is found[0]) == isinstance(expected[0], type)
    for want, got in zip(expected, found, strict=True):
        if isinstance(want, torch.Tensor):
            assert (want.dtype, want.shape) == (got.dtype, got.shape)
            near = 1e-13 if want.dtype == torch.float64 else 1e-6
            near = 2e-3 if want.dtype == torch.float16 else near
            np.testing.assert_allclose(
                want.numpy().astype(float), got.numpy().astype(float), near, near
            )
        else:
            assert want == got
    assert str(state) == str(torch.default_generator.get_state())


@pytest.mark.parametrize("program", [uniform, halves, normal, shuffled])
def test_numbers_are_those_of_the_interpreter(program: Any) -> None:
    for n, m in ((3, 5), (0, 4), (1, 1), (7, 32), (100, 70), (1, 33), (-1, 2)):
        check(program, n, m)


def test_large_draws_go_to_all_threads() -> None:
    check(uniform, 300, 1000)
    check(shuffled, 100_000, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_draws_like_a_tensor(dtype: Any) -> None:
    for x in (numbers(4, 9, dtype=dtype), numbers(9, 4, dtype=dtype).T[::2]):
        check(alike, x)


@pytest.mark.parametrize("program", [dropped, dropped_with_mask])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.25, 1.0, -0.5, 1.5, float("nan")])
def test_elements_are_dropped_by_chance(program: Any, share: float) -> None:
    for train in (True, False):
        for x in (numbers(40, 9), numbers(9, 7)[::2].T, numbers(0, 3)):
            check(program, x, share, train)
        check(program, numbers(5, dtype=np.float64), share, train)
        check(program, numbers(5, dtype=np.float16), share, train)


def test_two_calls_draw_different_numbers() -> None:
    program = jit.script(uniform)
    first, second = program(2, 3)[0], program(2, 3)[0]

    assert not np.array_equal(first.numpy(), second.numpy())

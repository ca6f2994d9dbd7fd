"""Images and volumes sampled where a grid says: as in the interpreter."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.ir.registry import find_card
from jit.runtime.tensor import wrap
from tests.native.agreement import Both, numbers
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

FLAT, DEEP = find_card("aten::grid_sampler_2d"), find_card("aten::grid_sampler_3d")


@pytest.mark.parametrize("card", [FLAT, DEEP, find_card("aten::grid_sampler")])
def test_samples_agree_with_the_kernel(card: Any) -> None:
    check_samples(card, lambda why: False)


def check(card: Any, x: Any, grid: Any, *modes: Any) -> None:
    given = [x, grid, *modes]
    expected = outcome(card.kernel, given)
    found = outcome(native_of(graph_of(card, given)), [wrap(x), wrap(grid)])
    assert_agree(expected, found, (x.shape, modes), 3e-5)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize(
    ("mode", "padding"), list(itertools.product(range(3), range(3)))
)  # fmt: skip
def test_sizes_are_told_by_the_run(mode: int, padding: int, corners: bool) -> None:
    for shape, out in (
        ((2, 3, 5, 7), (4, 6)), ((1, 1, 1, 1), (3, 2)), ((2, 0, 3, 3), (2, 2)),
        ((0, 2, 3, 3), (2, 2)), ((1, 20, 30, 40), (50, 60)), ((1, 2, 3, 3), (0, 2)),
    ):  # fmt: skip
        x, grid = numbers(*shape), numbers(shape[0], *out, 2, seed=1) * 1.5
        check(FLAT, x, grid, mode, padding, corners)
    x = numbers(2, 7, 5, 3).transpose(0, 3, 2, 1)
    grid = numbers(2, 2, 6, 4, seed=1).transpose(0, 3, 2, 1)[:, ::-1]
    check(FLAT, x, grid, mode, padding, corners)


@pytest.mark.parametrize("padding", range(3))
def test_places_that_are_no_numbers(padding: int) -> None:
    grid = numbers(1, 3, 4, 2)
    grid[0, 0, :, 0] = np.nan, np.inf, -np.inf, 1e30
    for mode in range(2):
        check(FLAT, numbers(1, 2, 4, 5), grid, mode, padding, False)


def test_volumes() -> None:
    for mode, padding, corners in itertools.product(range(2), range(3), (False, True)):
        for dtype in (np.float32, np.float64):
            x = numbers(2, 3, 4, 5, 6, dtype=dtype)
            check(DEEP, x, numbers(2, 2, 3, 4, 3, dtype=dtype), mode, padding, corners)


def sampled(x, grid):
    return torch.grid_sampler_2d(x, grid, 0, 0, False)


def test_what_does_not_fit_raises_what_the_kernel_raises() -> None:
    both = Both(sampled)
    for x, grid in (
        (numbers(1, 2, 3, 3), numbers(2, 2, 2, 2)),
        (numbers(1, 2, 3, 3), numbers(1, 2, 2, 3)),
        (numbers(1, 2, 0, 3), numbers(1, 2, 2, 2)),
        (numbers(1, 2, 3, 3), numbers(1, 2, 2, 2)),
    ):
        both.check(x, grid, relative=1e-6, absolute=1e-6)

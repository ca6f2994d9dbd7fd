"""Writing to places that are named, and taking those that are true, as kernels do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
import jit.runtime.ops
from jit import torch
from jit.ir.registry import all_cards
from jit.runtime.codegen import lowering
from jit.runtime.codegen.tensors import masks, scattering
from tests.native.agreement import Both, numbers
from tests.operator_graphs import check_samples

lowering._load_families()
HOMES = (masks.__name__, scattering.__name__)
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "") in HOMES
}
DECLINING = {
    "its tensors have other numbers of dims",
    "what is added is scaled",
}


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(CARDS[name], DECLINING.__contains__)


def lower_left(x, k: int):
    return torch.tril(x, k)


def upper_right(x, k: int):
    return torch.triu(x, k)


def scattered(x, i, y):
    return torch.scatter(x, 1, i, y)


def scattered_and_added(x, i, y):
    return torch.scatter_add(x, -1, i, y)


def rows_added(x, i, y):
    return torch.index_add(x, 0, i, y)


def rows_copied(x, i, y):
    return torch.index_copy(x, 0, i, y)


def where_positive(x):
    return x[x > 0]


def rows_where(x, mask):
    return x[mask]


def selected(x, mask):
    return torch.masked_select(x, mask)


def places(x):
    return torch.nonzero(x > 0.5)


def layouts(x: Any) -> list[Any]:
    """The same sizes in other orders in memory."""
    turned = np.ascontiguousarray(np.swapaxes(x, -1, -2))
    return [x, np.swapaxes(turned, -1, -2), x[..., ::-1], x[:0], x[..., :1]]


@pytest.mark.parametrize("program", [lower_left, upper_right])
@pytest.mark.parametrize("k", [0, 1, -2, 100, -100, 2**62, -(2**62)])
def test_triangles_of_any_layout_and_diagonal(program, k):
    both = Both(program)
    for shape in ((5, 7), (2, 4, 4)):
        for x in layouts(numbers(*shape)):
            both.check(x, k, relative=0, absolute=0)
    both.check(np.arange(12).reshape(3, 4).astype(np.int8), k, relative=0, absolute=0)


@pytest.mark.parametrize("program", [scattered, scattered_and_added])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
def test_elements_go_to_the_places_of_an_index(program, dtype):
    rng = np.random.default_rng(2)
    both = Both(program)
    for x in layouts((numbers(6, 9) * 20).astype(dtype)):
        count = (x.shape[0], 4 if x.shape[1] else 0)
        index = rng.integers(0, x.shape[1], count)
        y = (numbers(x.shape[0], 5, seed=1) * 20).astype(dtype)
        both.check(x, index, y, relative=0, absolute=0)


@pytest.mark.parametrize("program", [rows_added, rows_copied])
def test_rows_go_to_the_places_of_an_index(program):
    both = Both(program)
    x, y = numbers(6, 3), numbers(4, 3, seed=1)
    for index in ([0, 5, 2, 2], [-1, 0, -6, 3]):
        both.check(x, np.array(index), y, relative=0, absolute=0)
        both.check(x, np.array(index, np.int32), y, relative=0, absolute=0)


@pytest.mark.parametrize(
    ("program", "given"),
    [
        (scattered, (numbers(3, 4), np.array([[0, 4]]), numbers(1, 2))),
        (scattered, (numbers(3, 4), np.array([[0, -1]]), numbers(1, 2))),
        (scattered_and_added, (numbers(3, 4), np.array([[0, 1]]), numbers(1, 1))),
        (rows_added, (numbers(3, 4), np.array([0, 3]), numbers(2, 4))),
        (rows_copied, (numbers(3, 4), np.array([0, -4]), numbers(2, 4))),
        (rows_added, (numbers(3, 4), np.array([0]), numbers(2, 4))),
        (rows_where, (numbers(3, 4), np.ones((2, 4), bool))),
        (selected, (numbers(3, 4), np.ones(3, bool))),
    ],
)
def test_what_does_not_fit_raises_what_the_kernel_raises(program, given):
    Both(program).check(*given, relative=0, absolute=0)


def test_masks_take_elements_and_rows():
    rng = np.random.default_rng(3)
    for x in layouts(numbers(40, 7)):
        Both(where_positive).check(x, relative=0, absolute=0)
        Both(places).check(x, relative=0, absolute=0)
        rows = rng.integers(0, 2, x.shape[:1]).astype(bool)
        Both(rows_where).check(x, rows, relative=0, absolute=0)
        columns = rng.integers(0, 2, x.shape[1:]).astype(bool)
        Both(selected).check(x, columns, relative=0, absolute=0)
        Both(selected).check(x, rows[:, None], relative=0, absolute=0)


def test_no_element_and_all_elements_are_taken():
    x = numbers(5, 3)
    for mask in (np.zeros((5, 3), bool), np.ones((5, 3), bool)):
        Both(rows_where).check(x, mask, relative=0, absolute=0)
        Both(selected).check(x, mask, relative=0, absolute=0)


def test_nan_is_not_zero():
    x = torch.tensor([0.0, float("nan"), -0.0, 2.0])

    def nonzero(x):
        return torch.nonzero(x)

    assert [[1], [3]] == jit.script(nonzero)(x).tolist()

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
from jit.runtime.codegen.tensors import masks, putting, scattering
from tests.native.agreement import Both, numbers
from tests.operator_graphs import check_samples

lowering._load_families()
HOMES = (masks.__name__, putting.__name__, scattering.__name__)
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "") in HOMES
    and "index_put" not in card.schema.name
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


def spread(x, mask, y):
    return torch.masked_scatter(x, mask, y)


def overwritten(x, y):
    return torch.ops.aten.copy(x, y)


def row_replaced(x, y, i: int):
    return torch.select_scatter(x, y, 1, i)


def rows_replaced(x, y, i: int):
    return torch.slice_scatter(x, y, -1, i, None, 2)


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
        (spread, (numbers(3, 4), np.ones((3, 4), bool), numbers(11))),
        (spread, (numbers(3, 4), np.ones(3, bool), numbers(12))),
        (overwritten, (numbers(3, 4), numbers(3))),
        (overwritten, (numbers(1, 4), numbers(3, 4))),
        (row_replaced, (numbers(3, 4), numbers(3), 4)),
        (row_replaced, (numbers(3, 4), numbers(4), 0)),
        (rows_replaced, (numbers(3, 4), numbers(3, 2), 1)),
        (rows_replaced, (numbers(3, 4), numbers(3, 1), 1)),
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


# x[indices] = values ----------------------------------------------------------------------


def put_rows(x, i, y):
    x[i] = y
    return x


def put_copy(x, i, y):
    z = x.clone()
    z[i] = y
    return z


def put_pairs(x, i, j, y):
    x[i, :, j] = y
    return x


def put_columns(x, i, y):
    x[:, i] = y
    return x


def accumulated(x, i, y):
    return x.index_put_([i], y, True)


def put_number(x, mask):
    x[mask] = 7.0
    return x


def put_at_single(x, i):
    x[i] = 0.5
    return x


def both_agree(program: Any, *given: Any) -> None:
    """Each way to run writes to arguments of its own."""
    scripted, results = jit.script(program), []
    for call in (program, scripted):
        own = [torch.from_numpy(np.array(g, order="K")) for g in given]
        try:
            made = call(*own)
        except Exception as error:
            results.append([type(error), str(error), *(o.tolist() for o in own)])
        else:
            results.append([made.tolist(), *(o.tolist() for o in own)])
    assert results[0] == results[1]
    explained = scripted.explain(*own)
    assert explained.is_native and not explained.boxed, explained


ROWS = np.array([2, -1, 0, 2])


@pytest.mark.parametrize("program", [put_rows, put_copy, accumulated])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int16])
@pytest.mark.parametrize("sizes", [(4, 3), (3,), (1, 3), (4, 1), ()])
def test_values_go_to_rows(program, dtype, sizes):
    y = (numbers(*sizes, seed=1) * 9).astype(dtype)
    both_agree(program, (numbers(5, 3) * 9).astype(dtype), ROWS, y)
    both_agree(program, (numbers(5, 3) * 9).astype(dtype), ROWS.astype(np.int32), y)


def test_values_go_to_places_of_several_indices():
    x, other = numbers(4, 2, 5), np.array([[0], [-2]])
    both_agree(put_pairs, x, np.array([1, 1, 3]), other, numbers(2, 3, 2, seed=1))
    both_agree(put_pairs, x, np.array([1, 1, 3]), other, numbers(2, seed=1))
    both_agree(put_columns, x, np.array([1, 0, 1]), numbers(4, 3, 5, seed=1))
    both_agree(put_columns, x, np.array([[1], [0]]), numbers(5, seed=1))
    both_agree(put_at_single, x, np.array(2))


@pytest.mark.parametrize("sizes", [(), (1,), (7,)])
def test_values_go_to_a_mask(sizes):
    x = numbers(4, 5)
    mask = np.zeros(20, bool)
    mask[[0, 3, 4, 9, 11, 18, 19]] = True
    mask = mask.reshape(4, 5)
    both_agree(put_number, x, mask)
    both_agree(put_number, np.asfortranarray(x), mask)
    both_agree(put_number, x, mask[:, 0].copy())
    both_agree(put_rows, x, mask, numbers(*sizes, seed=1))
    both_agree(put_copy, x, mask, numbers(*sizes, seed=1))


@pytest.mark.parametrize(
    ("program", "given"),
    [
        (put_rows, (numbers(3, 4), np.array([3]), numbers(1, 4))),
        (put_rows, (numbers(3, 4), np.array([-4]), numbers(1, 4))),
        (put_rows, (numbers(3, 4), np.array([0, 1]), numbers(3, 4))),
        (put_rows, (numbers(3, 4), np.ones((3, 3), bool), np.float32([1])[0:1])),
        (put_rows, (numbers(3, 4), np.ones((3, 4), bool), numbers(5))),
    ],
)
def test_values_that_do_not_fit_change_nothing(program, given):
    both_agree(program, *given)


def test_operands_may_be_part_of_what_is_written():
    def shifted(x, i):
        x[i] = x[:3]
        return x

    def by_itself(x):
        x[x] = x
        return x

    both_agree(shifted, numbers(4, 2), np.array([1, 2, 3]))
    both_agree(by_itself, np.array([2, 0, 3, 1]))


def added_in_place(x, i, y):
    x.scatter_add_(0, i, y)
    return x.index_add_(0, i[:, 0], y)


def test_scatter_and_index_add_write_in_place():
    x, y = numbers(5, 3), numbers(4, 3, seed=1)
    index = np.array([[0, 1, 2], [4, 4, 4], [0, 0, 1], [2, 2, 2]])
    both_agree(added_in_place, x, index, y)
    both_agree(added_in_place, np.asfortranarray(x), index, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.bool_])
def test_masks_are_filled_in_order(dtype):
    rng = np.random.default_rng(4)
    both = Both(spread)
    for x in layouts((numbers(6, 9) * 20).astype(dtype)):
        source = (numbers(9, 6, seed=1) * 20).astype(dtype).T
        for shape in (x.shape, x.shape[1:], (x.shape[0], 1), ()):
            mask = np.broadcast_to(rng.integers(0, 2, shape), x.shape).astype(bool)
            both.check(x, mask, source, relative=0, absolute=0)
    x = numbers(9).astype(dtype)
    both.check(x, rng.integers(0, 2, 9) > 0, source[:, ::-1], relative=0, absolute=0)
    row = numbers(9, seed=2).astype(dtype)
    both.check(row, np.ones((2, 9), bool), source, relative=0, absolute=0)
    both.check(row[0], np.array(True), source, relative=0, absolute=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
def test_what_a_view_sees_is_replaced(dtype):
    row, rows = Both(row_replaced), Both(rows_replaced)
    for x in layouts((numbers(6, 9) * 20).astype(dtype)):
        y = (numbers(2 * x.shape[0], 9) * 20).astype(np.float32)
        for i in (0, x.shape[1] - 1, -1, -x.shape[1], -x.shape[1] - 1):
            row.check(x, y[::2, 0], i, relative=0, absolute=0)
        for i in (0, 3, -2, 9, 100):
            count = len(range(x.shape[1])[i::2])
            rows.check(x, y[::2, :count], i, relative=0, absolute=0)


def test_copies_have_the_dtype_and_the_sizes_of_another() -> None:
    both = Both(overwritten)
    for x in layouts(numbers(6, 9)):
        for y in (numbers(9)[: x.shape[1]], numbers(6, 1)[: x.shape[0]], numbers(1)):
            for dtype in (np.float32, np.float64, np.int64):
                both.check(x, (y * 9).astype(dtype), relative=0, absolute=0)

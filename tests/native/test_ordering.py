"""Order along a dim: machine code agrees with the kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.ir.registry import all_cards, find_card
from jit.runtime.codegen import lowering
from jit.runtime.codegen.nests import ordering
from jit.runtime.tensor import wrap
from tests.native.agreement import Both
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

lowering._load_families()
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "")
    == ordering.__name__
}
SIZES = [(5, 40), (40, 5), (300, 3), (2, 5000), (0, 3), (3, 0), (1,), (2, 3, 70)]


def drawn(sizes, dtype):
    """Numbers of a dtype, many of them equal, zeros of both signs and nan among floats."""
    rng = np.random.default_rng(7)
    if dtype == "?":
        return rng.integers(0, 2, sizes).astype(bool)
    x = rng.integers(-9, 9, sizes)
    if dtype[0] in "iu":
        limits = np.iinfo(dtype)
        return np.where(
            x == 8, limits.max, np.where(x == -9, limits.min, x % 7)
        ).astype(dtype)
    x = (x / 4).astype(dtype)
    x[x == 2] = np.nan
    x[x == -2] = np.inf
    x[x == -2.25] = -np.inf
    return np.where(x == 0.25, np.negative(np.zeros((), dtype)), x)


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(
        CARDS[name], {"it is without dims, or of all dims at once"}.__contains__
    )


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "?"])
@pytest.mark.parametrize("descending", [False, True])
def test_equal_elements_keep_their_order(dtype, descending):
    card = find_card("aten::sort")
    for sizes in SIZES:
        x = drawn(sizes, dtype)
        for layout in (x, x.T, x[::-1], np.broadcast_to(x[:1], x.shape)):
            for dim in {0, -1, x.ndim - 1}:
                given = [layout, dim, descending]
                native = native_of(graph_of(card, given))

                expected = outcome(card.kernel, given)

                assert_same(expected, outcome(native, [wrap(layout)]), (sizes, dim))


def assert_same(expected, found, context):
    """Equal to the last bit, but for the sign of zeros and the kind of nan."""
    for want, got in zip(expected, found, strict=True):
        assert want.dtype == got.dtype
        np.testing.assert_array_equal(want, got, err_msg=str(context))


@pytest.mark.parametrize("count", [0, 1, 3, 64, 65, 700])
@pytest.mark.parametrize("largest", [False, True])
def test_the_first_of_an_order_are_its_beginning(count, largest):
    card = find_card("aten::topk")
    for dtype in ("f4", "i8"):
        x = drawn((3, 700), dtype)
        given = [x, count, 1, largest, True]
        native = native_of(graph_of(card, given))

        assert_same(outcome(card.kernel, given), outcome(native, [wrap(x)]), count)


def best(x: torch.Tensor, k: int):
    values, places = torch.topk(x, k)
    return values + places


def middle(x: torch.Tensor, k: int):
    values, places = torch.kthvalue(x, k)
    return values + places


@pytest.mark.parametrize("program", [best, middle])
def test_how_many_are_wanted_is_told_by_the_run(program):
    both = Both(program)
    x = drawn((4, 90), "f4")
    for k in (1, 64, 65, 90, 0, -1, 91, 2**62):
        both.check(x, k, relative=0, absolute=0)
    both.check(drawn((2, 7), "f4"), 7, relative=0, absolute=0)


def test_numbers_without_dims_and_tensors_without_elements():
    for name, rest in (("aten::topk", [1, 0, True, True]), ("aten::sort", [0, True])):
        card = find_card(name)
        x = np.array(2.5, "f4")
        given = [x, *rest]
        assert_agree(
            outcome(card.kernel, given),
            outcome(native_of(graph_of(card, given)), [wrap(x)]),
            name,
        )


def test_long_lines_are_sorted():
    card = find_card("aten::sort")
    for dtype in ("f4", "f8"):
        x = np.random.default_rng(0).normal(size=200_000).astype(dtype)
        given = [x, 0, False]
        native = native_of(graph_of(card, given))

        assert_same(outcome(card.kernel, given), outcome(native, [wrap(x)]), dtype)

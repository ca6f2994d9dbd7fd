"""Random numbers depend on seed and position only."""

from __future__ import annotations

import numpy as np
import pytest

from jit.ir import dtypes
from jit.runtime.random import (
    Generator,
    draw_integers,
    draw_normal,
    draw_permutation,
    draw_uniform,
    philox,
)


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        # the published test vector of Philox 4x32-10 for key and counter zero
        (0, ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]),
    ],
)
def test_philox_gives_the_published_words(seed, expected):
    assert expected == [f"{w:08x}" for w in philox(seed, 0, 1)[0]]


def test_a_block_depends_on_its_position_alone():
    assert philox(7, 0, 100)[60:].tolist() == philox(7, 60, 40).tolist()


def test_a_large_offset_uses_the_high_word():
    assert philox(7, 2**32, 1).tolist() != philox(7, 0, 1).tolist()


def test_equal_seeds_give_equal_numbers_and_different_ones_do_not():
    first = draw_uniform((100,), dtypes.float32, Generator().manual_seed(1))
    again = draw_uniform((100,), dtypes.float32, Generator().manual_seed(1))
    other = draw_uniform((100,), dtypes.float32, Generator().manual_seed(2))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_state_can_be_restored():
    generator = Generator().manual_seed(3)
    generator.take(10)
    state = generator.get_state()
    first = generator.take(8)

    generator.set_state(state)

    assert first.tolist() == generator.take(8).tolist()


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_uniform_numbers_are_below_one_and_spread_evenly(name):
    dtype = dtypes.dtype_named(name)

    drawn = draw_uniform((20000,), dtype, Generator().manual_seed(5))

    assert dtype.numpy == drawn.dtype
    wide = drawn.astype(np.float64)
    assert wide.min() >= 0.0
    assert wide.max() < 1.0
    assert abs(wide.mean() - 0.5) < 0.01
    assert abs(wide.var() - 1 / 12) < 0.005


def test_normal_numbers_have_mean_zero_and_variance_one():
    drawn = draw_normal((200, 100), dtypes.float64, Generator().manual_seed(5))

    assert (200, 100) == drawn.shape
    assert np.isfinite(drawn).all()
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.var() - 1.0) < 0.02
    assert abs((np.abs(drawn) < 1.0).mean() - 0.6827) < 0.01


def test_integers_cover_their_range():
    drawn = draw_integers(-2, 3, (1000,), dtypes.int64, Generator().manual_seed(5))

    assert [-2, -1, 0, 1, 2] == np.unique(drawn).tolist()


def test_an_empty_range_of_integers_is_an_error():
    with pytest.raises(RuntimeError, match="'from' to be less than 'to'"):
        draw_integers(3, 3, (1,), dtypes.int64)


def test_a_permutation_holds_every_number_once():
    drawn = draw_permutation(50, Generator().manual_seed(5))

    assert list(range(50)) == sorted(drawn.tolist())
    assert list(range(50)) != drawn.tolist()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2)])
def test_shapes_without_or_with_one_element_work(shape):
    assert shape == draw_uniform(shape, dtypes.float64).shape
    assert shape == draw_normal(shape, dtypes.float32).shape

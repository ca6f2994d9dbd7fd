"""Arrays that machine code hands to NumPy's own functions stay arrays."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import ml_dtypes

import jit
from jit.runtime.codegen.process import memory


def masked(a: np.ndarray):
    a[a > 1] = 0
    return a


def in_parts(a: np.ndarray):
    first, second = np.split(a, 2)
    return np.concatenate((second, first, first)), first


def largest(a: np.ndarray):
    return np.max(np.any(a), axis=0)


def average(a: np.ndarray):
    return np.mean(a, axis=0)


def product(a: np.ndarray, b: np.ndarray):
    return a @ b


@pytest.mark.parametrize("elements", [[3], [3, 0], [[3, 4], [1, 0]], [1.0]])
def test_a_mask_is_a_mask_whatever_its_size(elements):
    expected, actual = (
        masked(np.array(elements)),
        jit.script(masked)(np.array(elements)),
    )

    assert expected.tolist() == actual.tolist()


def test_parts_of_arrays_are_arrays():
    x = np.arange(6.0)
    expected, actual = in_parts(x), jit.script(in_parts)(x)

    assert [e.tolist() for e in expected] == [a.tolist() for a in actual]
    assert all(type(a) is np.ndarray for a in actual)


def test_an_axis_of_an_array_without_dimensions_is_taken_where_numpy_takes_it():
    assert jit.script(largest)(np.array([1, 0]))
    with pytest.raises(np.exceptions.AxisError):
        jit.script(average)(np.array(2.0))


def test_products_of_bfloat16_have_the_dtype_of_numpy():
    a = np.ones((2, 3), ml_dtypes.bfloat16)
    expected, actual = product(a, a.T), jit.script(product)(a, a.T)

    assert (expected.dtype, expected.tolist()) == (actual.dtype, actual.tolist())


def scalar_twice(a: np.ndarray):
    r = a + 1
    return r, r.reshape(1, 1), r


def scalar_of_what_is_returned(a: np.ndarray):
    r = a.reshape(1) + 1
    return r[0], r, a


@pytest.mark.parametrize("function", [scalar_twice, scalar_of_what_is_returned])
def test_scalars_of_memory_that_others_share_are_scalars_of_numpy(function):
    scripted = jit.script(function)
    a = np.array(3)
    assert scripted.explain(a).is_native
    used = memory.statistics().current

    for _ in range(50):
        found = scripted(a)
        expected = function(a)
        assert [type(v) for v in expected] == [type(v) for v in found]
        assert [v.tolist() for v in expected] == [v.tolist() for v in found]
        assert found[-1] is a or function is scalar_twice
        del found
    assert used == memory.statistics().current

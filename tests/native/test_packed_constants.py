"""Constant matrices are packed once, and only if nobody can change them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir import dtypes
from jit.runtime.codegen import packed_constants, target
from jit.runtime.codegen.gemm import Gemm
from jit.runtime.codegen.tile import numbers
from jit.runtime.executor import enable_native
from jit.runtime.tensor import wrap

F = torch.nn.functional
Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def native() -> Iterator[None]:
    before = enable_native(True)
    yield
    enable_native(before)


def matrix(rows: int, columns: int, seed: int = 0) -> Array:
    made = np.random.default_rng(seed).standard_normal((rows, columns))
    return made.astype(np.float32)


def frozen(array: Array) -> Array:
    made = array.copy()
    made.setflags(write=False)
    return made


def test_arrays_that_somebody_may_write_to_change() -> None:
    array = matrix(3, 4)
    view = array[1:]
    view.setflags(write=False)

    assert not packed_constants.never_changes(array)
    assert not packed_constants.never_changes(view)
    assert packed_constants.never_changes(frozen(array))
    assert packed_constants.never_changes(frozen(array).T)
    assert packed_constants.never_changes(np.frombuffer(b"12345678", np.float32))
    assert not packed_constants.never_changes(np.frombuffer(bytearray(8), np.float32))


def test_a_panel_holds_the_rows_of_some_columns_one_after_the_other() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    width = gemm.shape.width
    source = frozen(matrix(5, width + 3))
    panels = packed_constants.packed_matrix(source, gemm)

    found = panels.view(np.ndarray).view(np.float32).reshape(2, 5, width)

    assert (source[:, :width] == found[0]).all()
    assert (source[:, width:] == found[1, :, :3]).all()
    assert not found[1, :, 3:].any()
    assert panels.ctypes.data % 64 == 0


def test_equal_kernels_share_what_is_packed_and_it_goes_with_the_last() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    gc.collect()
    before = packed_constants.statistics()
    source = frozen(matrix(70, 40))
    first = packed_constants.packed_matrix(source, gemm)

    assert packed_constants.packed_matrix(source, gemm) is first
    assert packed_constants.packed_matrix(source.T.T, gemm) is first
    assert packed_constants.packed_matrix(source.T, gemm) is not first
    gc.collect()
    assert packed_constants.statistics().count == before.count + 1
    assert packed_constants.statistics().bytes == before.bytes + first.nbytes

    del first
    gc.collect()
    assert before == packed_constants.statistics()


@pytest.mark.parametrize("rows", [1, 3, 6, 33])
def test_programs_multiply_by_what_was_packed(rows: int) -> None:
    weight, bias = wrap(matrix(45, 70, 1)), wrap(matrix(1, 45, 2)[0])
    traced = jit.trace(
        lambda x: F.linear(x, weight, bias), (wrap(matrix(2, 70)),), check_trace=False
    )
    gc.collect()
    before = packed_constants.statistics().count
    x = wrap(matrix(rows, 70, 3))

    found = traced(x).array

    assert packed_constants.statistics().count == before + 1
    expected = x.array @ weight.array.T + bias.array
    np.testing.assert_allclose(expected, found, rtol=1e-4, atol=1e-4)


def test_what_happens_to_the_weights_afterwards_does_not_matter() -> None:
    weight = wrap(matrix(45, 70, 1))
    x = wrap(matrix(6, 70))
    traced = jit.trace(lambda x: F.linear(x, weight), (x,), check_trace=False)
    expected = x.array @ weight.array.T
    traced(x)
    weight.array[:] = 0

    np.testing.assert_allclose(expected, traced(x).array, rtol=1e-4, atol=1e-4)


def test_weights_that_are_arguments_are_read_each_time() -> None:
    @jit.script
    def product(x, y):
        return torch.mm(x, y)

    x, y = wrap(matrix(20, 30)), wrap(matrix(30, 40))
    product(x, y)
    y.array[:] = 1

    expected = x.array.sum(axis=1, keepdims=True) + np.zeros(40)
    np.testing.assert_allclose(expected, product(x, y).array, rtol=1e-4, atol=1e-4)


def test_what_is_packed_can_be_described_and_made_again() -> None:
    gemm = Gemm(target.host(), numbers(dtypes.float32))
    arrays = [frozen(matrix(3, 4)), frozen(matrix(50, 40)), frozen(matrix(50, 40, 1))]
    for source in (arrays[2], arrays[2].T):
        panels = packed_constants.packed_matrix(source, gemm)
        described = packed_constants.describe(panels, arrays)
        assert described is not None

        copies = [frozen(a) for a in arrays]
        again = packed_constants.make_again(described, copies)

        assert again is not panels
        assert (panels == again).all()
        assert packed_constants.describe(panels, arrays[:2]) is None

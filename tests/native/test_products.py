"""Matrix products of compiled programs: results and exceptions are the interpreter's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir import dtypes
from jit.runtime.executor import Executor, enable_native
from jit.runtime.tensor import wrap
from tests.native.agreement import Array, Both, outcome

F = torch.nn.functional


def numbers(shape: tuple[int, ...], dtype: Any = np.float32, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def check(function: Any, *arrays: Any, tolerance: float = 1e-5) -> None:
    """The results of the machine code are those of the interpreter."""
    Both(function).check(*arrays, relative=tolerance, absolute=10 * tolerance)


def matmul(x, y):
    return torch.matmul(x, y)


def mm(x, y):
    return torch.mm(x, y)


def bmm(x, y):
    return torch.bmm(x, y)


def mv(x, y):
    return torch.mv(x, y)


def dot(x, y):
    return torch.dot(x, y)


def linear(x, w):
    return F.linear(x, w)


def linear_bias(x, w, b):
    return F.linear(x, w, b)


def addmm(x, a, b):
    return torch.addmm(x, a, b)


def addmm_scaled(x, a, b):
    return torch.addmm(x, a, b, beta=0.5, alpha=-2.0)


def addmm_alone(x, a, b):
    return torch.addmm(x, a, b, beta=0, alpha=3)


def baddbmm(x, a, b):
    return torch.baddbmm(x, a, b)


MATMULS = [
    ((3,), (3,)),
    ((0,), (0,)),
    ((4, 3), (3,)),
    ((2, 4, 3), (3,)),
    ((2, 5, 4, 3), (3,)),
    ((3,), (3, 4)),
    ((3,), (2, 3, 4)),
    ((4, 3), (3, 5)),
    ((1, 3), (3, 1)),
    ((0, 3), (3, 5)),
    ((4, 0), (0, 5)),
    ((6, 4, 3), (3, 5)),
    ((6, 1, 3), (3, 5)),
    ((2, 6, 4, 3), (3, 5)),
    ((6, 4, 3), (6, 3, 5)),
    ((1, 4, 3), (6, 3, 5)),
    ((2, 1, 4, 3), (6, 3, 5)),
    ((2, 0, 4, 3), (1, 3, 5)),
    ((4, 3), (6, 3, 5)),
    ((67, 130), (130, 300)),
    ((300, 20), (20, 30)),
    ((2, 1200), (1200, 500)),
    ((40, 8, 64), (40, 64, 8)),
]


@pytest.mark.parametrize(("a", "b"), MATMULS, ids=str)
def test_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    check(matmul, numbers(a), numbers(b, seed=1), tolerance=2e-5)


def test_matmul_of_doubles() -> None:
    check(matmul, numbers((37, 50), np.float64), numbers((50, 40), np.float64))


MISFITS = [
    ((3,), (4,)),
    ((4, 3), (4,)),
    ((3,), (4, 3)),
    ((4, 3), (4, 3)),
    ((2, 4, 3), (4, 3)),
    ((2, 4, 3), (3, 3, 5)),
    ((2, 4, 3), (2, 4, 5)),
]


@pytest.mark.parametrize(("a", "b"), MISFITS, ids=str)
def test_operands_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    check(matmul, numbers(a), numbers(b, seed=1))


def test_operands_with_any_strides() -> None:
    a, b = numbers((40, 30, 50)), numbers((50, 70), seed=1)
    check(matmul, a[::2, ::3, :], b)
    check(matmul, a.transpose(1, 0, 2), b)
    check(matmul, a[:, ::-1], b[:, ::-1])
    check(matmul, np.broadcast_to(a[:1], (6, 30, 50)), np.asfortranarray(b))
    check(matmul, a.transpose(2, 0, 1)[:, :, :30], a.transpose(2, 1, 0)[:, :, ::2])
    check(matmul, np.asfortranarray(a), b[:, 0])
    check(matmul, a[::2, ::3], b[:, 3])


def test_named_products() -> None:
    a, b = numbers((3, 4)), numbers((4, 5), seed=1)
    check(mm, a, b)
    check(mm, a, b[:3])
    check(mv, a, b[:, 0])
    check(dot, a[0], b[:, 0])
    check(dot, a[0], b[:3, 0])
    stacks = numbers((3, 4, 6)), numbers((3, 6, 2), seed=1)
    check(bmm, *stacks)
    check(bmm, stacks[0], stacks[1][:2])
    check(bmm, stacks[0][:1], stacks[1])


LINEARS = [
    *((shape, np.float32) for shape in [(7,), (1, 7), (2, 4, 7), (2, 3, 4, 7), (0, 7)]),
    ((4, 7), np.float64),
    ((4, 7), np.float16),
    ((2, 4, 7), dtypes.bfloat16.numpy),
]


@pytest.mark.parametrize(("shape", "dtype"), LINEARS, ids=str)
def test_linear(shape: tuple[int, ...], dtype: Any) -> None:
    x, w, bias = numbers(shape, dtype), numbers((5, 7), dtype), numbers((5,), dtype)
    tolerance = 1e-5 if np.dtype(dtype).itemsize >= 4 else 1e-2
    check(linear, x, w, tolerance=tolerance)
    check(linear_bias, x, w, bias, tolerance=tolerance)
    check(linear_bias, x, w, bias[:1], tolerance=tolerance)
    check(
        linear_bias,
        x,
        np.asfortranarray(w),
        np.repeat(bias, 2)[::2],
        tolerance=tolerance,
    )


def test_linear_that_does_not_fit() -> None:
    x, w, bias = numbers((4, 7)), numbers((5, 7)), numbers((5,))
    check(linear, x, w[:, :6])
    check(linear_bias, x, w, bias[:3])


def test_linear_on_all_threads() -> None:
    x, w, bias = numbers((128, 500)), numbers((1000, 500), seed=1), numbers((1000,))
    check(linear_bias, x, w, bias, tolerance=1e-4)
    check(linear_bias, x[:1], w, bias, tolerance=1e-4)


@pytest.mark.parametrize("shape", [(5,), (1,), (4, 5), (4, 1), (1, 5), ()])
@pytest.mark.parametrize("function", [addmm, addmm_scaled, addmm_alone])
def test_addmm(function: Any, shape: tuple[int, ...]) -> None:
    x = numbers(shape)
    check(function, np.asarray(x), numbers((4, 9)), numbers((9, 5), seed=1))


def test_addmm_that_does_not_fit() -> None:
    check(addmm, numbers((3,)), numbers((4, 9)), numbers((9, 5)))
    check(addmm, numbers((5,)), numbers((4, 9)), numbers((8, 5)))


@pytest.mark.parametrize("shape", [(3, 4, 5), (4, 5), (3, 1, 1), (5,)])
def test_baddbmm(shape: tuple[int, ...]) -> None:
    check(baddbmm, numbers(shape), numbers((3, 4, 6)), numbers((3, 6, 5), seed=1))


def test_nan_in_what_beta_leaves_out() -> None:
    x = np.full((4, 5), np.nan, np.float32)
    check(addmm_alone, x, numbers((4, 9)), numbers((9, 5), seed=1))


def test_bools_are_what_the_interpreter_says() -> None:
    scripted = jit.script(mm)
    name, args = scripted.qualified_name, [wrap(np.ones((2, 2), np.bool_))] * 2
    enable_native(False)
    expected = outcome(Executor(scripted.program), name, args)
    enable_native(True)
    found = outcome(Executor(scripted.program), name, args)

    if isinstance(expected, tuple):
        assert expected == found
    else:
        assert (expected.array == found.array).all()


def test_sizes_change_without_a_new_compilation() -> None:
    scripted = jit.script(linear_bias)
    executor = Executor(scripted.program)
    for rows, depth, columns in [(1, 1, 1), (7, 40, 5), (300, 3, 64), (0, 2, 2)]:
        x, w = numbers((rows, depth)), numbers((columns, depth))
        bias = numbers((columns,))
        found = executor.call(scripted.qualified_name, [wrap(x), wrap(w), wrap(bias)])
        np.testing.assert_allclose(x @ w.T + bias, found.array, rtol=1e-5, atol=1e-5)


INTEGERS = [np.int64, np.int32, np.int16, np.int8, np.uint8]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("rows", [1, 3, 20])
def test_integers_wrap_around(dtype: Any, rows: int) -> None:
    rng = np.random.default_rng(0)
    limits = np.iinfo(dtype)
    x = rng.integers(limits.min, limits.max, (rows, 50), dtype)
    y = rng.integers(limits.min, limits.max, (50, 33), dtype)
    check(mm, x, y)
    check(mm, x, np.asfortranarray(y))
    check(matmul, x, y[:, 0])


def scaled_integers(r, x, y):
    return torch.addmm(r, x, y, beta=3, alpha=-2)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8])
def test_sums_of_integers_with_factors(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    args = [rng.integers(0, 100, s, dtype) for s in ((33,), (5, 7), (7, 33))]
    check(scaled_integers, *args)


def scaled_halves(r, x, y):
    return torch.addmm(r, x, y, beta=0.5, alpha=2.0)


@pytest.mark.parametrize("dtype", [dtypes.bfloat16, dtypes.float16])
def test_sums_of_half_types_with_factors(dtype: Any) -> None:
    args = [numbers(s, dtype.numpy) for s in ((33,), (5, 7), (7, 33))]
    check(scaled_halves, *args, tolerance=2e-2)


def addmv(r, x, y):
    return torch.addmv(r, x, y, beta=0.5, alpha=2.0)


def test_a_vector_plus_a_product() -> None:
    for m, k in ((5, 7), (70, 1), (1, 3), (4, 0), (0, 4)):
        for r in (numbers((m,)), numbers((1,))):
            check(addmv, r, numbers((m, k)), numbers((k,), seed=1))
    check(addmv, numbers((4,)), numbers((5, 7)), numbers((7,)))
    check(addmv, numbers((5,)), numbers((5, 7)), numbers((8,)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("turned", ["", "x", "y"])
def test_threads_pack_the_second_factor_of_a_large_product_together(
    dtype: Any, turned: str
) -> None:
    x, y = 9 * numbers((397, 203)), 9 * numbers((203, 389), seed=1)
    x, y = x.astype(dtype), y.astype(dtype)
    if turned == "x":
        x = np.asfortranarray(x)
    if turned == "y":
        y = np.asfortranarray(y)

    check(matmul, x, y, tolerance=1e-4)


def test_a_large_product_of_half_types_is_packed_together() -> None:
    x = numbers((390, 1024)).astype(dtypes.bfloat16.numpy)
    y = numbers((1024, 388), seed=1).astype(dtypes.bfloat16.numpy)

    check(matmul, x, y, tolerance=1e-2)


def test_a_large_product_ends_with_its_bias() -> None:
    x, weight = numbers((400, 1027)), numbers((416, 1027), seed=1)

    check(linear_bias, x, weight, numbers((416,), seed=2), tolerance=1e-4)

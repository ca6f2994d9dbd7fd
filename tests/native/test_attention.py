"""Scaled dot-product attention in machine code, compared with the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from tests.native.agreement import Array, Both, numbers

F = torch.nn.functional


def check(function: Any, *arrays: Array) -> None:
    """The results of the machine code are those of the interpreter."""
    Both(function).check(*arrays, relative=1e-4, absolute=1e-5)


def plain(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.5)


def masked(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, mask)


@pytest.mark.parametrize("function", [plain, causal])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batches_and_heads(function: Any, dtype: Any) -> None:
    for lead in ((), (2,), (2, 3)):
        q, k, v = (
            numbers(*lead, *s, dtype=dtype, seed=i)
            for i, s in enumerate(((5, 8), (9, 8), (9, 6)))
        )
        check(function, q, k, v)


def test_broadcast_batches_and_views() -> None:
    check(plain, numbers(3, 5, 8), numbers(9, 8), numbers(9, 6))
    q, k, v = (numbers(2, 7, 3, 8, seed=i).transpose(0, 2, 1, 3) for i in range(3))
    check(plain, q, k, v)
    check(causal, q, k, v)


def test_masks() -> None:
    q, k, v = numbers(2, 5, 8), numbers(2, 9, 8, seed=1), numbers(2, 9, 6, seed=2)
    for shape in ((5, 9), (2, 5, 9), (1, 9), (9,), (2, 1, 1)):
        mask = numbers(*shape, seed=3)
        check(masked, q, k, v, mask)
        check(masked, q, k, v, mask > 0)


def test_rows_that_see_nothing_are_zeros() -> None:
    q, k, v = numbers(2, 5, 8), numbers(2, 9, 8, seed=1), numbers(2, 9, 6, seed=2)
    mask = np.ones((5, 9), np.bool_)
    mask[2] = False
    check(masked, q, k, v, mask)
    check(masked, q, k, v, np.where(mask, np.float32(0), np.float32(-np.inf)))


def test_sizes_that_do_not_fit_raise() -> None:
    check(plain, numbers(2, 5, 8), numbers(2, 9, 7), numbers(2, 9, 6))
    check(plain, numbers(2, 5, 8), numbers(2, 9, 8), numbers(2, 8, 6))
    check(plain, numbers(2, 5, 8), numbers(3, 9, 8), numbers(3, 9, 6))
    check(masked, numbers(2, 5, 8), numbers(2, 9, 8), numbers(2, 9, 6), numbers(5, 8))


def test_no_keys_and_no_queries() -> None:
    check(plain, numbers(2, 0, 8), numbers(2, 9, 8), numbers(2, 9, 6))
    check(plain, numbers(2, 5, 8), numbers(2, 0, 8), numbers(2, 0, 6))

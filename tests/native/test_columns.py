"""Windows as columns and back, in compiled programs: as in the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir.registry import find_card
from tests.native.agreement import Both, numbers
from tests.operator_graphs import check_samples

F = torch.nn.functional


def unfolded(x):
    return F.unfold(x, [2, 3], [1, 2], [1, 0], [2, 1])


def folded(x, high: int):
    return F.fold(x, [high, 6], [2, 3], [1, 2], [1, 0], [2, 1])


@pytest.mark.parametrize("name", ["aten::im2col", "aten::col2im"])
def test_samples_agree_with_the_kernel(name: str) -> None:
    check_samples(find_card(name), lambda why: False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_])
def test_windows_become_columns(dtype: Any) -> None:
    both = Both(unfolded)
    x = (numbers(2, 3, 7, 9) * 20).astype(dtype)
    for each in (x, x[:0], x[:, :0], x.swapaxes(2, 3), x[..., ::-1], x[0], x[:, :, :0]):
        both.check(each, relative=0, absolute=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_become_planes(dtype: Any) -> None:
    both = Both(folded)
    for high in (7, 4, 1, 0, -1):
        rows = (high + 2 - 2) // 2 + 1
        x = (numbers(2, 12, max(rows, 1) * 2) * 20).astype(dtype)
        for each in (x, x[:0], x[..., ::-1], x[0], x[:, :0]):
            both.check(each, high, relative=1e-6, absolute=1e-6)


def test_columns_that_do_not_fit_raise_what_the_kernel_raises() -> None:
    both = Both(folded)
    for rows, columns in ((11, 8), (12, 7), (12, 0)):
        both.check(numbers(2, rows, columns), 7, relative=0, absolute=0)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8])
def test_integers_are_refused_as_torch_refuses_them(dtype: Any) -> None:
    with pytest.raises(NotImplementedError, match="im2col_out_cpu"):
        jit.script(unfolded)(torch.ones(1, 1, 7, 9).to(dtype))
    with pytest.raises(NotImplementedError, match="col2im_out_cpu"):
        jit.script(folded)(torch.ones(1, 12, 8).to(dtype), 7)

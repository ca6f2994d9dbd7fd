"""The dtype of results, by a table recorded from torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jit import torch
from jit.ir import dtypes
from jit.runtime.promotion import result_dtype

RECORDED = json.loads(
    Path(__file__).with_name("recorded_promotion.json").read_text(encoding="utf-8")
)


def operand(text: str):
    if "[" not in text:
        return eval(text, {})
    name, _, size = text.rstrip("]").partition("[")
    return np.ones((2,) if size else (), dtypes.dtype_named(name).numpy)


@pytest.mark.parametrize("name", RECORDED["operands"])
def test_two_operands_give_the_dtype_that_torch_gives(name):
    expected = [r for r in RECORDED["results"][name] if r not in (None, "complex32")]

    found = [
        result_dtype(operand(name), operand(other)).name
        for other, r in zip(
            RECORDED["operands"], RECORDED["results"][name], strict=True
        )
        if r not in (None, "complex32")
    ]

    assert expected == found


def test_half_with_a_complex_number_is_complex64_because_there_is_no_smaller_one():
    assert dtypes.complex64 is result_dtype(np.ones(2, np.float16), 2j)


def test_the_default_dtype_is_that_of_integers_with_floats():
    x = np.ones(2, np.int64)
    torch.set_default_dtype(torch.float64)
    try:
        found = result_dtype(x, 2.5)
    finally:
        torch.set_default_dtype(torch.float32)

    assert dtypes.float64 is found
    assert dtypes.float32 is result_dtype(x, 2.5)


def test_the_default_dtype_must_be_floating():
    with pytest.raises(TypeError, match="only floating-point types"):
        torch.set_default_dtype(torch.int64)


def test_a_lower_rank_matters_by_its_category_only():
    ranks = np.ones(2, np.int8), np.ones((), np.int64), 3

    assert dtypes.int8 is result_dtype(*ranks)
    assert dtypes.float16 is result_dtype(*ranks, np.ones((), np.float16), 2.5)

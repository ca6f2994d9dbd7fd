"""`assert_close` passes and fails as torch's, with its messages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jit import torch
from jit.torch.testing import assert_close

RECORDED = json.loads(
    Path(__file__).with_name("recorded_assert_close.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", RECORDED, ids=[c["expr"] for c in RECORDED])
def test_messages_are_torchs(case):
    actual, expected = eval(case["expr"], {"T": torch.tensor, "torch": torch})

    message = None
    try:
        assert_close(actual, expected)
    except AssertionError as error:
        message = str(error)

    assert case["message"] == message


def test_both_tolerances_or_none():
    with pytest.raises(ValueError, match="but got no atol"):
        assert_close(1.0, 1.0, rtol=1e-3)
    assert_close(torch.tensor([1.0]), torch.tensor([2.0]), rtol=0, atol=2)
    with pytest.raises(AssertionError, match=r"up to 0\.5 allowed"):
        assert_close(torch.tensor([1.0]), torch.tensor([2.0]), rtol=0, atol=0.5)


def test_options():
    x, nan = torch.tensor([1.0]), torch.tensor([float("nan")])

    assert_close(nan, nan, equal_nan=True)
    assert_close(x, x.double(), check_dtype=False)
    assert_close(x.numpy(), x)
    assert_close(np.float32(1), np.float32(1))
    with pytest.raises(AssertionError, match=r"attribute 'stride\(\)'"):
        assert_close(
            torch.ones(2, 2, 3), torch.ones(3, 2, 2).permute(1, 2, 0), check_stride=True
        )


def test_the_message_can_be_replaced():
    a, b = torch.tensor(1.0), torch.tensor(2.0)

    with pytest.raises(AssertionError, match=r"^mine$"):
        assert_close(a, b, msg="mine")
    with pytest.raises(AssertionError, match=r"^mine: Scalars are not close"):
        assert_close(a, b, msg=lambda text: f"mine: {text}")


@pytest.mark.parametrize(
    "pair", [("a", "a"), (torch.tensor(1.0), 1.0), (torch.ones(1), [1.0])]
)
def test_what_cannot_be_compared_is_a_type_error(pair):
    with pytest.raises(TypeError, match="No comparison pair was able to handle"):
        assert_close(*pair)

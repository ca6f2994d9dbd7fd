"""The derivative of every card agrees with the difference quotient, on its samples.

Run one card with `-k aten::softmax.int`.
"""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.ir.registry import all_cards
from jit.runtime.ops.inplace import InPlace
from tests.derivatives import DIFFERENTIABLE, calls_of, quotients


@pytest.mark.parametrize("card", DIFFERENTIABLE, ids=lambda c: c.schema.name)
def test_the_derivative_is_the_difference_quotient(card):
    compared = 0
    for call in calls_of(card, most=40):
        found = torch.autograd.grad(call.total(), call.leaves, allow_unused=True)
        for leaf, gradient in zip(call.leaves, found, strict=True):
            with torch.no_grad():
                expected = quotients(call.total, leaf)
            actual = np.zeros_like(expected) if gradient is None else gradient.array
            assert expected.shape == actual.shape, call.sample
            np.testing.assert_allclose(
                actual,
                expected,
                rtol=2e-4,
                atol=2e-6,
                err_msg=f"{card.schema.name} {call.sample}",
            )
            compared += leaf.array.size
    if not compared:
        pytest.skip("no sample of real floating data is small enough")


def test_in_place_twins_share_the_derivative():
    twins = [c for c in all_cards() if issubclass(c, InPlace) and c.pure.grad]

    assert len(twins) > 50

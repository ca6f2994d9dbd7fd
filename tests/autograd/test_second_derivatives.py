"""Derivatives of operators can be differentiated again, and that agrees too.

Compared with the difference quotient of the first derivative, on the samples.
"""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.runtime.tensor import wrap
from tests.derivatives import DIFFERENTIABLE, calls_of, quotients

ONCE = {
    "aten::rnn_relu.data": "aten::_recurrent_layer_backward",
    "aten::rnn_relu.input": "aten::_recurrent_layer_backward",
    "aten::rnn_tanh.data": "aten::_recurrent_layer_backward",
    "aten::rnn_tanh.input": "aten::_recurrent_layer_backward",
}
"""Operators whose derivative has none of its own, with the operator that lacks it."""


@pytest.mark.parametrize("card", DIFFERENTIABLE, ids=lambda c: c.schema.name)
def test_the_second_derivative_is_the_difference_quotient_of_the_first(card):
    compared = 0
    for call in calls_of(card, most=14):
        if not call.made[0].array.size:
            continue
        rng = np.random.default_rng(1)
        seeds = [wrap(rng.standard_normal(leaf.array.shape)) for leaf in call.leaves]

        def slope(call=call, seeds=seeds):
            """The first derivative, in one direction."""
            grads = torch.autograd.grad(
                call.total(), call.leaves, create_graph=True, allow_unused=True
            )
            total = torch.zeros((), dtype=torch.float64)
            for gradient, seed in zip(grads, seeds, strict=True):
                if gradient is not None:
                    total = total + (gradient * seed).sum()
            return total

        found = second_of(card, call, slope)
        for leaf, second in zip(call.leaves if found else (), found, strict=True):
            expected = quotients(slope, leaf)
            actual = np.zeros_like(expected) if second is None else second.array
            np.testing.assert_allclose(
                actual,
                expected,
                rtol=5e-4,
                atol=5e-6,
                err_msg=f"{card.schema.name} {call.sample}",
            )
            compared += leaf.array.size
    if not compared:
        pytest.skip("no sample is small enough, or none is differentiated twice")


def second_of(card, call, slope):
    """The second derivatives by the leaves; an empty list where there are none."""
    first = slope()
    if not first.requires_grad:
        return [None] * len(call.leaves)
    try:
        return torch.autograd.grad(first, call.leaves, allow_unused=True)
    except NotImplementedError as error:
        assert f"`{ONCE.get(card.schema.name)}`" in str(error)
        return []

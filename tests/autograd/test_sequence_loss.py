"""`ctc_loss` of log probabilities: values recorded from torch, gradients as quotients.

Its derivative is right only where the probabilities of each step sum to one, so the
drawn data of `tests/derivatives.py` will not do.
"""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch
from jit.runtime.binding import call_operator
from tests.derivatives import quotients

PADDED = [[1, 2, 2], [3, 1, 0], [2, 2, 0]]
JOINED = [1, 2, 2, 3, 1, 2, 2]

CASES = {
    "mean": (PADDED, [5, 4, 3], [3, 2, 2], {}),
    "joined": (JOINED, [5, 4, 3], [3, 2, 2], {"reduction": "sum"}),
    "each": (PADDED, [5, 4, 3], [3, 2, 2], {"reduction": "none"}),
    "another blank": (
        [[1, 2], [0, 1], [2, 2]],
        [5, 5, 5],
        [2, 2, 2],
        {"blank": 3, "reduction": "none"},
    ),
    "too long": (
        [[1, 1, 1]] * 3,
        [5, 4, 3],
        [3, 3, 3],
        {"reduction": "none", "zero_infinity": True},
    ),
    "nothing said": (PADDED, [5, 4, 3], [0, 2, 1], {"reduction": "none"}),
}
"""Targets, lengths of inputs and of targets, options."""

RECORDED = {
    "mean": 1.86325006261,
    "joined": 13.0843349178,
    "each": [5.71450362625, 2.41290519493, 4.95692609657],
    "another blank": [4.43665208917, 3.29634149872, 5.24133249703],
    "too long": [9.84626633921, 0.0, 0.0],
    "nothing said": [8.2924422658, 2.41290519493, 3.70175179112],
}
"""What torch 2.13 gives."""

WEIGHTS = torch.tensor([0.3, -1.1, 0.7], dtype=torch.float64)

cases = pytest.mark.parametrize("name", CASES)
lengths_given = pytest.mark.parametrize("lengths", [list, torch.tensor])


def scores():
    rng = np.random.default_rng(0)
    return torch.tensor(rng.standard_normal((5, 3, 4)), requires_grad=True)


def loss(name, x, lengths):
    targets, steps, counts, options = CASES[name]
    return torch.nn.functional.ctc_loss(
        x.log_softmax(2),
        torch.tensor(targets),
        lengths(steps),
        lengths(counts),
        **options,
    )


@cases
@lengths_given
def test_values_are_those_of_torch(name, lengths):
    found = loss(name, scores(), lengths)

    np.testing.assert_allclose(found.detach().numpy(), RECORDED[name], rtol=1e-11)


def assert_gradient(value, leaf):
    (found,) = torch.autograd.grad(value(), leaf)

    with torch.no_grad():
        np.testing.assert_allclose(
            found.numpy(), quotients(value, leaf), rtol=1e-5, atol=1e-8
        )


@cases
@lengths_given
def test_the_gradient_is_the_difference_quotient(name, lengths):
    x = scores()

    assert_gradient(lambda: (loss(name, x, lengths) * WEIGHTS).sum(), x)


def test_the_gradient_of_each_sequence():
    targets, steps, counts, _ = CASES["each"]
    x = scores()

    def value():
        given = (x.log_softmax(2), *map(torch.tensor, (targets, steps, counts)))
        return (
            call_operator("aten::_ctc_loss_each", [*given, 0, False]) * WEIGHTS
        ).sum()

    assert_gradient(value, x)


def test_one_sequence_without_a_batch():
    def value():
        return torch.nn.functional.ctc_loss(
            x[:, 0].log_softmax(1), torch.tensor([1, 2, 2]), [5], [3], reduction="sum"
        )

    x = scores()
    np.testing.assert_allclose(value().item(), RECORDED["each"][0], rtol=1e-11)
    assert_gradient(value, x)


def by_lists(x, targets):
    return torch.ctc_loss(x.log_softmax(2), targets, [5, 4, 3], [3, 2, 2], reduction=0)


def by_tensors(x, targets):
    steps, counts = torch.tensor([5, 4, 3]), torch.tensor([3, 2, 2])
    return torch.nn.functional.ctc_loss(
        x.log_softmax(2), targets, steps, counts, reduction="none"
    )


@pytest.mark.parametrize("source", [by_lists, by_tensors])
def test_a_scripted_loss_has_the_gradient_of_its_source(source):
    targets = torch.tensor(PADDED)
    found = []
    for function in (source, jit.script(source)):
        x = scores()
        made = function(x, targets)
        (made * WEIGHTS).sum().backward()
        found.append((made.detach().numpy(), x.grad.numpy()))

    for expected, actual in zip(*found, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-15)


def test_a_second_derivative_is_refused():
    x = scores()
    (first,) = torch.autograd.grad(loss("mean", x, list), x, create_graph=True)

    with pytest.raises(
        NotImplementedError, match=r"`aten::_ctc_loss_backward\.Tensor`"
    ):
        first.sum().backward()

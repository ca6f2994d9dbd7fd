"""Random numbers of further distributions: seeds, ranges, moments, refusals."""

from __future__ import annotations

import math

import pytest

from jit import torch

N = 20000


def drawn(draw):
    torch.manual_seed(3)
    return draw(torch.empty(N, dtype=torch.float64))


@pytest.mark.parametrize(
    ("draw", "middle"),
    [
        (lambda x: x.cauchy_(2.0, 0.5), 2.0),
        (lambda x: x.exponential_(2.0), math.log(2) / 2),
        (lambda x: x.log_normal_(0.5, 1.0), math.exp(0.5)),
    ],
    ids=["cauchy", "exponential", "log_normal"],
)
def test_half_of_the_numbers_lie_below_the_median(draw, middle):
    below = (drawn(draw) < middle).double().mean().item()

    assert 0.5 == pytest.approx(below, abs=0.02)


def test_tries_until_a_success_have_the_mean_of_their_distribution():
    tries = drawn(lambda x: x.geometric_(0.25))

    assert 1 == tries.min().item()
    assert 4.0 == pytest.approx(tries.mean().item(), rel=0.03)


def test_equal_seeds_give_equal_numbers():
    first, second = (drawn(lambda x: x.exponential_()) for _ in range(2))

    assert torch.equal(first, second)


def test_random_integers_stay_in_their_range():
    torch.manual_seed(1)
    x = torch.empty(1000).random_(-2, 3)

    assert {-2.0, -1.0, 0.0, 1.0, 2.0} == set(x.tolist())


def test_poisson_and_binomial_have_their_means():
    torch.manual_seed(5)
    rates = torch.full((N,), 3.0)
    successes = torch.binomial(torch.full((N,), 10.0), torch.full((N,), 0.3))

    assert 3.0 == pytest.approx(torch.poisson(rates).mean().item(), rel=0.03)
    assert 3.0 == pytest.approx(successes.mean().item(), rel=0.03)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda x: x.cauchy_(0, -1), "expects sigma > 0.0"),
        (lambda x: x.exponential_(0), "expects lambda > 0.0"),
        (lambda x: x.geometric_(1.5), r"expects p to be in \(0, 1\)"),
        (lambda x: x.log_normal_(0, -1), "expects std > 0.0"),
        (lambda x: x.random_(5, 2), "expects 'from' to be less than 'to'"),
    ],
)
def test_parameters_out_of_range_are_refused(draw, message):
    with pytest.raises(RuntimeError, match=message):
        draw(torch.empty(3))

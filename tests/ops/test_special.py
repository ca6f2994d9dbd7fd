"""The special functions agree with Python's math module and with identities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jit.runtime.ops import special


def units_apart(actual, expected):
    """The distance in units in the last place of the expected value."""
    return np.abs(actual - expected) / np.spacing(np.abs(expected))


@pytest.fixture(autouse=True)
def _no_warnings():
    with np.errstate(all="ignore"):
        yield


def test_erf_is_within_4_units_in_the_last_place():
    x = np.linspace(-6.5, 6.5, 4001)
    expected = np.array([math.erf(v) for v in x])

    assert units_apart(special.erf(x), expected).max() <= 4


def test_erfc_is_within_8_units_in_the_last_place():
    x = np.linspace(-6.5, 26.0, 4001)
    expected = np.array([math.erfc(v) for v in x])

    assert units_apart(special.erfc(x), expected).max() <= 8


def test_erf_of_small_numbers_keeps_its_relative_precision():
    x = np.array([1e-300, -1e-20, 1e-8, 5e-324])
    expected = np.array([math.erf(v) for v in x])

    assert units_apart(special.erf(x), expected).max() <= 2


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (special.erf, [np.inf, -np.inf, -0.0], [1, -1, -0.0]),
        (special.erfc, [np.inf, -np.inf, 0.0], [0, 2, 1]),
        (special.erfinv, [1, -1, 0], [np.inf, -np.inf, 0]),
        (special.lgamma, [0, -1, np.inf, -np.inf, 1, 2], [np.inf] * 4 + [0, 0]),
        (special.digamma, [0.0, -0.0], [-np.inf, np.inf]),
    ],
    ids=["erf", "erfc", "erfinv", "lgamma", "digamma"],
)
def test_limits_are_exact(function, x, expected):
    actual = function(np.array(x, float))

    assert np.array_equal(np.array(expected, float), actual)
    assert np.isnan(function(np.array([np.nan])))[0]


def test_outside_of_its_domain_erfinv_is_nan():
    assert np.isnan(special.erfinv(np.array([1.5, -2.0]))).all()


def test_digamma_of_negative_integers_is_nan():
    assert np.isnan(special.digamma(np.array([-1.0, -2.0]))).all()


def test_erfinv_is_the_inverse_of_erf():
    y = np.concatenate([np.linspace(-0.999, 0.999, 2001), [1 - 1e-12, 1e-300]])

    np.testing.assert_allclose(special.erf(special.erfinv(y)), y, rtol=4e-15)


def test_lgamma_agrees_with_python():
    x = np.concatenate([np.linspace(0.01, 40, 2001), np.linspace(-5.93, -0.07, 43)])
    x = np.concatenate([x, [171.5, 1e10, 1e300, 1e-300]])
    expected = np.array([math.lgamma(v) for v in x])

    np.testing.assert_allclose(special.lgamma(x), expected, rtol=1e-14, atol=4e-15)


def test_digamma_satisfies_its_recurrence():
    x = np.linspace(0.1, 30, 300)

    np.testing.assert_allclose(
        special.digamma(x + 1), special.digamma(x) + 1 / x, rtol=1e-13, atol=1e-14
    )


def test_digamma_of_one_is_minus_eulers_constant():
    assert special.digamma(np.array(1.0)) == pytest.approx(-0.5772156649015329, 1e-15)


@pytest.mark.parametrize(
    "function", [special.erf, special.erfc, special.lgamma, special.digamma]
)
def test_results_have_the_type_of_the_operand(function):
    assert function(np.ones(3, np.float32)).dtype == np.float32
    assert function(np.ones((), np.float64)).shape == ()

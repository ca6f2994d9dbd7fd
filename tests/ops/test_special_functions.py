"""Special functions have the values of their definitions, computed with 30 digits."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch

POINTS = (0.5, 3.0, 9.25, 20.0)
AT_POINTS = {
    "bessel_j0": (0.9384698072408129, -0.26005195490193344, -0.14741426284123627,
                  0.16702466434058315),
    "bessel_j1": (0.24226845767487389, 0.33905895852593646, 0.20914665047012112,
                  0.066833124175850046),
    "bessel_y0": (-0.44451873350670656, 0.37685001001279038, 0.21678127961896876,
                  0.062640596809383831),
    "bessel_y1": (-1.4714723926702431, 0.32467442479179998, 0.15931077634755318,
                  -0.1655116143625213),
    "i0": (1.0634833707413235, 4.8807925858650241, 1384.499867020362,
           43558282.559553533),
    "i1": (0.25789430539089632, 3.9533702174026094, 1307.3718086342419,
           42454973.38512777),
    "modified_bessel_k0": (0.92441907122766586, 0.034739504386279248,
                           3.9100538943688553e-5, 5.7412378153365243e-10),
    "modified_bessel_k1": (1.6564411200033009, 0.040156431128194184,
                           4.1162276102902831e-5, 5.8830579695570382e-10),
    "airy_ai": (0.23169360648083349, 0.0065911393574607191, 1.1535041557283402e-9,
                1.6916728686705403e-27),
    "erfcx": (0.61569034419292587, 0.17900115118138995, 0.060643115141143659,
              0.028174348741051319),
    "ndtr": (0.6914624612740131, 0.99865010196836991, 1.0, 1.0),
}  # fmt: skip
BELOW_ZERO = (-0.5, -3.0, -9.25)
AT_BELOW_ZERO = {
    "airy_ai": (0.47572809161053959, -0.37881429367765807, 0.20523980876035542),
    "erfcx": (1.9523604891825571, 16205.988853999587, 2.8863673518085382e37),
    "log_ndtr": (-1.1759117615936186, -6.6077262215103495, -45.936176161977362),
    "bessel_j1": (-0.24226845767487389, -0.33905895852593646, -0.20914665047012112),
    "i1": (-0.25789430539089632, -3.9533702174026094, -1307.3718086342419),
}


def f64(*values, **options):
    return torch.tensor(list(values), dtype=torch.float64, **options)


@pytest.mark.parametrize("name", AT_POINTS)
def test_values_above_zero(name):
    found = getattr(torch.special, name)(f64(*POINTS))

    np.testing.assert_allclose(found.numpy(), AT_POINTS[name], rtol=1e-12)


@pytest.mark.parametrize("name", AT_BELOW_ZERO)
def test_values_below_zero(name):
    found = getattr(torch.special, name)(f64(*BELOW_ZERO))

    np.testing.assert_allclose(found.numpy(), AT_BELOW_ZERO[name], rtol=1e-12)


def test_scaled_functions_are_the_plain_ones_times_an_exponential():
    x = f64(0.5, 3.0, 9.25)
    special = torch.special

    for scaled, plain in (
        (special.scaled_modified_bessel_k0(x), special.modified_bessel_k0(x)),
        (special.scaled_modified_bessel_k1(x), special.modified_bessel_k1(x)),
    ):
        np.testing.assert_allclose(
            scaled.numpy(), (plain * x.exp()).numpy(), rtol=1e-13
        )
    for scaled, plain in (
        (special.i0e(x), special.i0(x)),
        (special.i1e(x), special.i1(x)),
    ):
        np.testing.assert_allclose(
            scaled.numpy(), (plain * (-x).exp()).numpy(), rtol=1e-13
        )


def test_functions_with_a_singularity_at_zero():
    x = f64(0.0, -1.0)

    for name in ("bessel_y0", "bessel_y1"):
        zero, below = getattr(torch.special, name)(x).tolist()
        assert zero == -np.inf
        assert np.isnan(below)
    for name in ("modified_bessel_k0", "scaled_modified_bessel_k1"):
        zero, below = getattr(torch.special, name)(x).tolist()
        assert zero == np.inf
        assert np.isnan(below)


def test_incomplete_gamma_functions_on_both_sides_of_their_mean():
    a = f64(0.5, 2, 10, 200, 1e4, 1e-3, 30)
    x = f64(0.2, 5, 3, 180, 1.01e4, 1e-3, 31)
    lower = (
        0.47291074313446193, 0.9595723180054872, 0.0011024881301154797,
        0.074858034984159582, 0.84134875044717962, 0.99368764670886029,
        0.59534782096561088,
    )  # fmt: skip
    upper = (
        0.52708925686553807, 0.040427681994512803, 0.99889751186988452,
        0.92514196501584042, 0.15865124955282038, 0.0063123532911397099,
        0.40465217903438912,
    )  # fmt: skip

    np.testing.assert_allclose(torch.igamma(a, x).numpy(), lower, rtol=1e-11)
    np.testing.assert_allclose(torch.igammac(a, x).numpy(), upper, rtol=1e-11)


def test_incomplete_gamma_functions_are_differentiated_in_their_second_argument():
    a = f64(0.5, 2.0, 10.0)
    x = f64(0.2, 5.0, 3.0, requires_grad=True)
    torch.igamma(a, x).sum().backward()
    density = (a - 1) * x.detach().log() - x.detach() - a.lgamma()

    np.testing.assert_allclose(x.grad.numpy(), density.exp().numpy(), rtol=1e-12)

    (upper,) = torch.autograd.grad(torch.igammac(a, x).sum(), x)
    np.testing.assert_allclose(upper.numpy(), -density.exp().numpy(), rtol=1e-12)


def test_their_first_argument_has_no_derivative():
    a = f64(0.5, requires_grad=True)

    with pytest.raises(NotImplementedError, match="'igamma: input'"):
        torch.igamma(a, f64(1.0)).sum().backward()


def test_hurwitz_zeta():
    found = torch.special.zeta(f64(1.5, 3, 20, 2), f64(0.25, 2, 1.5, -1.5))
    expected = (10.213055360466601, 0.20205690315959429, 0.00030073966816718435,
                9.3792466449891238)  # fmt: skip

    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)


def test_the_derivative_of_zeta_in_its_second_argument():
    q = f64(0.75, 2.5, requires_grad=True)
    torch.special.zeta(3.0, q).sum().backward()

    np.testing.assert_allclose(
        q.grad.numpy(), -3 * torch.special.zeta(4.0, q.detach()).numpy(), rtol=1e-13
    )


def test_quantiles_of_the_normal_distribution():
    found = torch.special.ndtri(f64(1e-300, 1e-10, 0.02, 0.3, 0.5, 0.999, 0, 1))
    expected = (-37.047096299361199, -6.3613409024040562, -2.053748910631823,
                -0.52440051270804082, 0, 3.0902323061678133, -np.inf, np.inf)  # fmt: skip

    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


FAMILIES = {
    "chebyshev_polynomial_t": lambda x: 8 * x**4 - 8 * x**2 + 1,
    "chebyshev_polynomial_u": lambda x: 16 * x**4 - 12 * x**2 + 1,
    "chebyshev_polynomial_v": lambda x: 16 * x**4 - 8 * x**3 - 12 * x**2 + 4 * x + 1,
    "chebyshev_polynomial_w": lambda x: 16 * x**4 + 8 * x**3 - 12 * x**2 - 4 * x + 1,
    "hermite_polynomial_h": lambda x: 16 * x**4 - 48 * x**2 + 12,
    "hermite_polynomial_he": lambda x: x**4 - 6 * x**2 + 3,
    "laguerre_polynomial_l": lambda x: (
        (x**4 - 16 * x**3 + 72 * x**2 - 96 * x + 24) / 24
    ),
    "legendre_polynomial_p": lambda x: (35 * x**4 - 30 * x**2 + 3) / 8,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_orthogonal_polynomials_of_degree_four(name):
    x = np.array([-1.0, -0.3, 0.0, 0.7, 1.0, 2.5])
    found = getattr(torch.special, name)(torch.tensor(x), 4)

    np.testing.assert_allclose(found.numpy(), FAMILIES[name](x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", "tuvw")
def test_chebyshev_polynomials_of_high_degree_continue_the_recurrence(kind):
    x = f64(-0.9, -0.2, 0.35, 0.8)
    of = getattr(torch.special, f"chebyshev_polynomial_{kind}")

    np.testing.assert_allclose(
        of(x, 12).numpy(), (2 * x * of(x, 11) - of(x, 10)).numpy(), rtol=1e-11
    )


def test_degrees_differ_from_element_to_element():
    found = torch.special.legendre_polynomial_p(f64(0.5), torch.tensor([0, 1, 2, -1]))

    assert [1.0, 0.5, -0.125, 0.0] == found.tolist()


def test_polygamma_is_a_method_with_the_order_as_argument():
    def curvature(x: torch.Tensor) -> torch.Tensor:
        return x.polygamma(1)

    x = f64(0.5, 2.0)

    np.testing.assert_allclose(curvature(x).numpy(), torch.polygamma(1, x).numpy())
    np.testing.assert_allclose(
        jit.script(curvature)(x).numpy(), torch.polygamma(1, x).numpy()
    )

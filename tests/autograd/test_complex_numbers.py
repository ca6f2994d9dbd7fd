"""Gradients of real losses through complex numbers, beside difference quotients.

The gradient with respect to x + iy is that with respect to x, plus i times that to y.
"""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch

STEP = 1e-6


def sampled():
    rng = np.random.default_rng(0)

    def complex_of(*sizes):
        return rng.normal(size=sizes) + 1j * rng.normal(size=sizes)

    return complex_of(3, 4), complex_of(4), rng.normal(size=(3, 4)), complex_of(4, 2)


LOSSES = {
    "product": lambda z, w, r, m: (z * w).abs().sum(),
    "quotient": lambda z, w, r, m: ((z / w).abs() ** 2).sum(),
    "real times complex": lambda z, w, r, m: (r * z).abs().sum(),
    "elementary": lambda z, w, r, m: (
        z.exp() + w.sin() + z.log() * z.tanh().reciprocal() * z.sqrt()
    ).real.sum(),
    "power": lambda z, w, r, m: (z**3 + z**w).abs().sum(),
    "conjugate": lambda z, w, r, m: (z * z * w + z.conj() * w).imag.sum(),
    "angle": lambda z, w, r, m: (torch.angle(z * w) * r).sum(),
    "direction": lambda z, w, r, m: (torch.sgn(z) * w).real.sum(),
    "product of matrices": lambda z, w, r, m: (z @ m).abs().sum(),
    "einsum": lambda z, w, r, m: torch.einsum("ij,jk->ik", z, m).abs().sum(),
    "choice": lambda z, w, r, m: torch.where(r > 0, z, w).abs().sum(),
    "parts": lambda z, w, r, m: torch.view_as_real(z * w).pow(3).sum(),
    "polar": lambda z, w, r, m: (torch.polar(r * r, r) * z).real.sum(),
    "pair": lambda z, w, r, m: (torch.complex(r, r * r) * z).abs().sum(),
    "rearranged": lambda z, w, r, m: (
        torch.cat([z[1:3], z[:2] * w]).sum(0).cumsum(0).abs().sum()
    ),
    "fft": lambda z, w, r, m: (torch.fft.fft(r) * w).abs().sum(),
    "ifftn": lambda z, w, r, m: (torch.fft.ifftn(z, s=(2, 5)).abs() ** 3).sum(),
    "rfft": lambda z, w, r, m: (torch.fft.rfft(r, n=6, norm="ortho").abs() ** 3).sum(),
    "irfft, even": lambda z, w, r, m: (torch.fft.irfft(z) ** 3).sum(),
    "irfft, odd": lambda z, w, r, m: (torch.fft.irfft(z, n=7) ** 3).sum(),
    "hfft": lambda z, w, r, m: (torch.fft.hfft(z, norm="forward") ** 3).sum(),
    "ihfft": lambda z, w, r, m: (torch.fft.ihfft(r).abs() ** 3).sum(),
    "convolution": lambda z, w, r, m: (
        torch.fft.irfft(torch.fft.rfft(r) * torch.fft.rfft(r * r), n=4) * r
    ).sum(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_difference_quotient(name):
    loss = LOSSES[name]
    leaves = [torch.tensor(v, requires_grad=True) for v in sampled()]
    found = torch.autograd.grad(loss(*leaves), leaves, allow_unused=True)

    for number, gradient in enumerate(found):
        expected = quotients(loss, number)
        actual = np.zeros_like(expected) if gradient is None else gradient.numpy()
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


def quotients(loss, number):
    values = sampled()
    made = np.zeros_like(values[number])
    for place in np.ndindex(made.shape):
        for direction in (1, 1j) if made.dtype.kind == "c" else (1,):
            sides = []
            for step in (STEP, -STEP):
                moved = [v.copy() for v in values]
                moved[number][place] += step * direction
                sides.append(loss(*map(torch.tensor, moved)).item())
            made[place] += direction * (sides[0] - sides[1]) / (2 * STEP)
    return made


def test_an_in_place_product_of_complex_numbers():
    z, w, r, _ = (torch.tensor(v, requires_grad=True) for v in sampled())
    z.clone().mul_(w).add_(r).abs().sum().backward()
    written = z.grad
    z.grad = None
    (z * w + r).abs().sum().backward()

    np.testing.assert_allclose(written.numpy(), z.grad.numpy())


def test_a_derivative_that_is_not_known_for_complex_numbers_is_refused():
    z = torch.tensor([1 + 2j, 3j], requires_grad=True)

    with pytest.raises(
        NotImplementedError, match=r"`aten::var` .* for complex numbers"
    ):
        z.var().abs().backward()

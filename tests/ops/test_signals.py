"""Fourier transforms, windows, short-time spectra."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch

RNG = np.random.default_rng(0)
LINE = RNG.normal(size=(2, 40))


def test_a_transform_is_the_sum_of_its_definition():
    x = RNG.normal(size=6) + 1j * RNG.normal(size=6)
    places = np.arange(6)
    waves = np.exp(-2j * np.pi * np.outer(places, places) / 6)

    np.testing.assert_allclose(torch.fft.fft(torch.tensor(x)).numpy(), waves @ x)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize(
    ("forward", "inverse"),
    [("fftn", "ifftn"), ("rfftn", "irfftn"), ("ihfftn", "hfftn")],
)
def test_inverse_transforms_give_back_what_was_there(forward, inverse, norm):
    x = torch.tensor(RNG.normal(size=(3, 4, 5)))
    there = getattr(torch.fft, forward)(x, dim=(0, 2), norm=norm)
    back = getattr(torch.fft, inverse)(there, s=(3, 5), dim=(0, 2), norm=norm)

    np.testing.assert_allclose(back.numpy().real, x.numpy(), atol=1e-12)


def test_transforms_keep_single_precision():
    x = torch.ones(4)

    assert torch.fft.fft(x).dtype is torch.complex64
    assert torch.fft.irfft(torch.fft.rfft(x)).dtype is torch.float32
    assert torch.fft.fft(x.long()).dtype is torch.complex64
    assert torch.fft.fft(x.double()).dtype is torch.complex128


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: torch.fft.fft(x, n=0), RuntimeError, r"data points \(0\)"),
        (lambda x: torch.fft.fft(x, norm="half"), RuntimeError, 'mode: "half"'),
        (lambda x: torch.fft.fft(x, dim=2), IndexError, "out of range"),
        (lambda x: torch.fft.fftn(x, dim=(0, 0)), RuntimeError, "must be unique"),
        (lambda x: torch.fft.fftn(x, (1,), (0, 1)), RuntimeError, "the same length"),
        (lambda x: torch.fft.rfft(x + 0j), RuntimeError, "expects a real input"),
        (lambda x: torch.fft.fft(x.half()), RuntimeError, "Unsupported dtype Half"),
        (lambda x: torch.fft.irfftn(x, dim=()), RuntimeError, "at least one axis"),
    ],
)
def test_transforms_refuse(call, error, words):
    with pytest.raises(error, match=words):
        call(torch.ones(2, 3))


def test_frequencies_and_shifts():
    odd, even = torch.fft.fftfreq(5, 0.2), torch.fft.fftfreq(4)

    assert [0, 1, 2, -2, -1] == odd.tolist()
    assert [0, 0.25, -0.5, -0.25] == even.tolist()
    assert [0, 0.25, 0.5] == torch.fft.rfftfreq(4).tolist()
    assert [-2, -1, 0, 1, 2] == torch.fft.fftshift(odd).tolist()
    assert odd.tolist() == torch.fft.ifftshift(torch.fft.fftshift(odd)).tolist()


def test_transforms_run_in_compiled_code():
    def smoothed(x: torch.Tensor) -> torch.Tensor:
        spectrum = torch.fft.rfft(x)
        return torch.fft.irfft(spectrum * spectrum.abs(), n=x.shape[-1])

    x = torch.tensor(LINE)

    expected = smoothed(x).numpy()
    np.testing.assert_allclose(jit.trace(smoothed, (x,))(x).numpy(), expected)
    np.testing.assert_allclose(jit.script(smoothed)(x).numpy(), expected)


def test_windows_are_symmetric_or_periodic():
    windows = torch.signal.windows

    np.testing.assert_allclose(windows.hann(5).numpy(), [0, 0.5, 1, 0.5, 0], atol=1e-7)
    np.testing.assert_allclose(
        windows.hann(4, sym=False).numpy(), [0, 0.5, 1, 0.5], atol=1e-7
    )
    np.testing.assert_allclose(
        torch.hann_window(4).numpy(), windows.hann(5)[:4].numpy()
    )
    np.testing.assert_allclose(
        torch.hamming_window(5, False).numpy(), windows.hamming(5).numpy()
    )
    np.testing.assert_allclose(
        torch.bartlett_window(5, periodic=False).numpy(), [0, 0.5, 1, 0.5, 0]
    )


@pytest.mark.parametrize("name", torch.signal.windows.__all__)
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_window_has_its_length_and_its_largest_weight_within(name, count):
    options = {"a": [0.5, 0.5]} if name == "general_cosine" else {}
    made = getattr(torch.signal.windows, name)(count, dtype=torch.float64, **options)

    assert (count,) == made.shape
    assert torch.float64 is made.dtype
    np.testing.assert_allclose(made.numpy(), made.numpy()[::-1], atol=1e-12)


def test_windows_refuse_lengths_and_dtypes():
    with pytest.raises(ValueError, match="non-negative window length"):
        torch.signal.windows.hann(-1)
    with pytest.raises(ValueError, match="float32 or float64"):
        torch.signal.windows.hann(3, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="floating point dtypes"):
        torch.hann_window(3, dtype=torch.int64)


def test_a_short_time_transform_is_that_of_windowed_stretches():
    x, window = torch.tensor(LINE), torch.hann_window(8, dtype=torch.float64)
    found = torch.stft(x, 8, 4, window=window, center=False, return_complex=True)
    stretches = np.stack([LINE[:, i : i + 8] for i in range(0, 33, 4)], 1)
    expected = np.fft.rfft(stretches * window.numpy()).swapaxes(1, 2)

    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("onesided", [True, False])
def test_a_signal_comes_back_from_its_short_time_transform(normalized, onesided):
    x, window = torch.tensor(LINE), torch.hamming_window(6, dtype=torch.float64)
    options = {"hop_length": 2, "win_length": 6, "window": window,
               "normalized": normalized, "onesided": onesided}  # fmt: skip
    spectra = torch.stft(x, 8, return_complex=True, **options)
    back = torch.istft(spectra, 8, length=40, **options)

    np.testing.assert_allclose(back.numpy(), LINE, atol=1e-12)


def test_short_time_transforms_refuse():
    x = torch.tensor(LINE)

    with pytest.raises(RuntimeError, match="requires the return_complex parameter"):
        torch.stft(x, 8)
    with pytest.raises(RuntimeError, match="expected hop_length > 0"):
        torch.stft(x, 8, 0, return_complex=True)
    with pytest.raises(RuntimeError, match="requires a complex-valued input"):
        torch.istft(x, 8)
    with pytest.raises(RuntimeError, match="window overlap add min"):
        torch.istft(
            torch.stft(x, 8, return_complex=True),
            8,
            window=torch.zeros(8, dtype=torch.float64),
        )


def test_a_loss_on_spectra_is_differentiated():
    x = torch.tensor(LINE, requires_grad=True)
    spectra = torch.stft(x, 8, 2, normalized=True, return_complex=True)
    torch.istft(spectra, 8, 2, normalized=True).pow(2).sum().backward()

    np.testing.assert_allclose(x.grad.numpy(), 2 * LINE, atol=1e-10)


def test_quantiles_lie_between_elements():
    x = torch.tensor([[4.0, 1.0, 3.0, 2.0], [0.0, float("nan"), 8.0, 4.0]])

    assert [2.5] == torch.quantile(x[:1], 0.5, dim=1).tolist()
    assert [2.0] == torch.quantile(x[:1], 0.4, dim=1, interpolation="lower").tolist()
    assert [2.5, 4.0] == torch.nanquantile(x, 0.5, dim=1).tolist()
    assert np.isnan(torch.quantile(x[1], 0.5).item())
    with pytest.raises(RuntimeError, match=r"in the range \[0, 1\]"):
        torch.quantile(x, 1.5)


def test_modes_and_medians():
    values, places = torch.mode(torch.tensor([[2, 1, 2, 1], [3, 3, 3, 0]]))
    median = torch.nanmedian(torch.tensor([float("nan"), 3.0, 1.0, 2.0]))

    assert [1, 3] == values.tolist()
    assert [3, 2] == places.tolist()
    assert median.item() == 2.0


def test_histograms_count_the_last_edge():
    x = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 7.0])

    assert [2, 3] == torch.histc(x, 2, 0, 2).tolist()
    counts, edges = torch.histogram(x, 2, range=(0.0, 2.0))
    assert [2, 3] == counts.tolist()
    assert [0, 1, 2] == edges.tolist()
    weighted = torch.histogram(x, edges, weight=x, density=True).hist
    np.testing.assert_allclose(weighted.numpy(), [0.1, 0.9], rtol=1e-6)


def test_histograms_of_several_dims():
    points = torch.tensor([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.8, 0.7]])
    counts, edges = torch.histogramdd(points, [2, 2], range=[0.0, 1.0, 0.0, 1.0])

    assert [[1, 0], [1, 2]] == counts.tolist()
    assert [[0, 0.5, 1], [0, 0.5, 1]] == [e.tolist() for e in edges]

"""Window functions: weights for stretches of a signal, computed in float64.

`count` is the number of weights and `steps` the number of steps from one end of the
window to the other: count - 1 for a symmetric window, count for a periodic one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any

BLACKMAN = (0.42, 0.5, 0.08)
HAMMING = (0.54, 0.46)
HANN = (0.5, 0.5)
NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


def cosines(count: int, steps: int, coefficients: Sequence[float]) -> Array:
    """A sum of cosines with alternating signs."""
    if count == 1:
        return np.ones(1)
    angle = np.arange(count) * (2 * math.pi / steps)
    total = np.zeros(count)
    for i, a in enumerate(coefficients):
        total += (-1) ** i * a * np.cos(i * angle)
    return total


def bartlett(count: int, steps: int) -> Array:
    """A triangle."""
    if count == 1:
        return np.ones(1)
    return 1 - np.abs(2 * np.arange(count) / steps - 1)


def kaiser(count: int, steps: int, beta: float) -> Array:
    """Kaiser's window, a quotient of modified Bessel functions."""
    if count == 1:
        return np.ones(1)
    place = beta * (2 * np.arange(count) / steps - 1)
    return np.i0(np.sqrt(np.maximum(beta * beta - place * place, 0))) / np.i0(beta)


def gaussian(count: int, steps: int, std: float) -> Array:
    """The bell curve."""
    place = (np.arange(count) - steps / 2) / std
    return np.exp(-0.5 * place * place)


def exponential(count: int, centre: float, tau: float) -> Array:
    """A decay on both sides of the centre."""
    return np.exp(-np.abs(np.arange(count) - centre) / tau)


def cosine(count: int, steps: int) -> Array:
    """Half a wave."""
    return np.sin(math.pi / (steps + 1) * (np.arange(count) + 0.5))

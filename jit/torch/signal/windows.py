"""`torch.signal.windows`: windows of M weights, symmetric unless `sym=False`."""

# ruff: noqa: N803  M is the name of the argument in torch

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.device import STRIDED, require_cpu
from jit.runtime.kernels import windows as W
from jit.runtime.promotion import get_default_dtype
from jit.runtime.tensor import Tensor, wrap

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _made(
    name: str,
    M: int,
    sym: bool,
    weights: Callable[[int, int], Any],
    dtype: DType | None = None,
    layout: Any = STRIDED,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A window of M weights; `weights` gets M and the number of steps across it."""
    dtype = dtype or get_default_dtype()
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not STRIDED:
        raise ValueError(
            f"{name} is implemented for strided tensors only, got: {layout}"
        )
    if dtype not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    require_cpu(device)
    steps = M - 1 if sym or M <= 1 else M
    array = weights(M, steps) if M else np.zeros(0)
    return wrap(array.astype(dtype.numpy)).requires_grad_(requires_grad)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True,
    **options: Any,
) -> Tensor:  # fmt: skip
    """A decay from the centre to both sides, with time constant tau."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def weights(count: int, steps: int) -> Any:
        return W.exponential(count, steps / 2 if center is None else center, tau)

    return _made("exponential", M, sym, weights, **options)


def cosine(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Half a wave of a sine."""
    return _made("cosine", M, sym, W.cosine, **options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """The bell curve with a standard deviation, in weights."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _made("gaussian", M, sym, lambda n, s: W.gaussian(n, s, std), **options)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **options: Any) -> Tensor:
    """Kaiser's window, a quotient of modified Bessel functions."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _made("kaiser", M, sym, lambda n, s: W.kaiser(n, s, beta), **options)


def _cosines(
    name: str, M: int, sym: bool, a: tuple[float, ...], options: dict[str, Any]
) -> Tensor:
    return _made(name, M, sym, lambda n, s: W.cosines(n, s, a), **options)


def hamming(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Hamming's window, a raised cosine that does not reach zero."""
    return _cosines("hamming", M, sym, W.hamming(0.54), options)


def hann(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Hann's window, a raised cosine."""
    return _cosines("hann", M, sym, W.HANN, options)


def blackman(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Blackman's window, a sum of three cosines."""
    return _cosines("blackman", M, sym, W.BLACKMAN, options)


def nuttall(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Nuttall's window of least side lobes, a sum of four cosines."""
    return _cosines("nuttall", M, sym, W.NUTTALL, options)


def bartlett(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """A triangle."""
    return _made("bartlett", M, sym, W.bartlett, **options)


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, **options: Any
) -> Tensor:
    """A sum of cosines with coefficients `a`, of alternating signs."""
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    coefficients = tuple(a)
    if not coefficients:
        raise ValueError("Coefficients cannot be empty")
    return _cosines("general_cosine", M, sym, coefficients, options)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, **options: Any
) -> Tensor:
    """alpha - (1 - alpha) * cos."""
    return _cosines("general_hamming", M, sym, W.hamming(alpha), options)

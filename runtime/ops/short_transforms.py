"""Short-time Fourier transforms: the spectra of stretches of a signal, and back."""

from __future__ import annotations

import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import COMPLEX, FLOATING
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.fourier import BY_COUNT, BY_ROOT, UNSCALED
from jit.runtime.ops.samples import c64, c128, case, f32, f64
from jit.runtime.ops.shaped import VALUES
from jit.runtime.tensor import Tensor

ONE_SIDED_COMPLEX = "Cannot have onesided output if window or input is complex"


class ShortTransform(Composed):
    """Base: sizes depend on more than a rule can tell."""

    fails = VALUES

    def infer(*facts):
        return T.TensorType()


def is_complex(x):
    """Whether an operand, if there is one, is complex."""
    return x is not None and x.dtype.category == COMPLEX


def told(name, kind, x, **arguments):
    """The start of an error message: the call with all its arguments."""
    parts = [f"{kind}[{', '.join(map(str, x.shape))}]"]
    for key, value in arguments.items():
        if key == "window" and value is not None:
            value = f"torch.{value.dtype.title}Tensor{{{list(value.shape)}}}"
        elif isinstance(value, bool):
            value = int(value)
        parts.append(f"{key}={value}")
    return f"{name}({', '.join(parts)})"


def check_lengths(call, n_fft, win_length, window, misfit):
    """RuntimeError for a window that does not fit."""
    if not 0 < win_length <= n_fft:
        raise RuntimeError(
            f"{call} : expected 0 < win_length <= n_fft, but got win_length={win_length}"
        )
    if window is not None and tuple(window.shape) != (win_length,):
        raise RuntimeError(f"{call} : {misfit}")


def full_window(t, window, win_length, n_fft, dtype):
    """The window with zeros on both sides up to the length of a stretch."""
    if window is None:
        if win_length == n_fft:
            return None
        window = t.ones([win_length], dtype=dtype)
    left = (n_fft - win_length) // 2
    if win_length == n_fft:
        return window
    return t.constant_pad_nd(window, [left, n_fft - win_length - left])


def short_time(
    t, x, n_fft, hop, win_length, window, normalized, onesided, complex_out, align
):
    """The spectra of all stretches of a signal, which is not extended."""
    hop = n_fft // 4 if hop is None else hop
    win_length = n_fft if win_length is None else win_length
    any_complex = is_complex(x) or is_complex(window)
    if complex_out is None:
        if not any_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs,"
                " and will further require that return_complex=True in a future PyTorch"
                " release."
            )
        complex_out = True
    call = told(
        "stft", f"torch.{x.dtype.title}Tensor", x, n_fft=n_fft,
        hop_length=hop, win_length=win_length, window=window, normalized=normalized,
        onesided=onesided, return_complex=complex_out, align_to_window=align,
    )  # fmt: skip
    if x.dtype.category < FLOATING:
        raise RuntimeError(
            f"{call} : expected a tensor of floating point or complex values"
        )
    if not 1 <= x.ndim <= 2:
        raise RuntimeError(f"{call} : expected a 1D or 2D tensor")
    length = x.shape[-1]
    if not 0 < n_fft <= length:
        raise RuntimeError(
            f"{call} : expected 0 < n_fft < {length}, but got n_fft={n_fft}"
        )
    if hop <= 0:
        raise RuntimeError(
            f"{call} : expected hop_length > 0, but got hop_length={hop}"
        )
    misfit = (
        f"expected a 1D window tensor of size equal to win_length={win_length}, but got"
        f" window with size {None if window is None else list(window.shape)}"
    )
    check_lengths(call, n_fft, win_length, window, misfit)
    if onesided is None:
        onesided = not any_complex
    if onesided and any_complex:
        raise RuntimeError(ONE_SIDED_COMPLEX)
    if align:
        left = (n_fft - win_length) // 2
        x = t.constant_pad_nd(x, [left, n_fft - win_length - left])
    stretches = t.unfold(x, -1, n_fft, hop)
    window = full_window(t, window, win_length, n_fft, x.dtype)
    if window is not None:
        stretches = stretches * window
    scale = BY_ROOT if normalized else UNSCALED
    if stretches.dtype.category == COMPLEX:
        made = t._fft_c2c(stretches, [x.ndim], scale, True)
    else:
        made = t._fft_r2c(stretches, [x.ndim], scale, onesided)
    made = t.transpose(made, -1, -2)
    return made if complex_out else t.view_as_real(made)


# first, as functions and methods of this name extend the signal unless told otherwise
@op(
    "aten::stft.center(Tensor self, int n_fft, int? hop_length=None,"
    " int? win_length=None, Tensor? window=None, bool center=True,"
    ' str pad_mode="reflect", bool normalized=False, bool? onesided=None,'
    " bool? return_complex=None, bool? align_to_window=None) -> Tensor"
)
class stft_center(ShortTransform):
    """The spectra of stretches of a signal that is extended at both ends."""

    samples = [
        case(f32[16], 4, return_complex=True),
        case(f64[2, 10], 4, 2, 3, f64[3], normalized=True, return_complex=False),
        case(f64[10], 4, pad_mode="constant", onesided=False, return_complex=True),
        case(c64[12], 4, center=False),
    ]

    def composite(
        t, x, n_fft, hop, win_length, window, center, pad_mode, normalized, onesided,
        complex_out, align,
    ):  # fmt: skip
        if center:
            if align is not None:
                raise RuntimeError(
                    "stft align_to_window should only be set when center = false"
                )
            sizes = [1] * (3 - x.ndim) + list(x.shape)
            side = n_fft // 2
            longer = t.pad(t.reshape(x, sizes), [side, side], pad_mode)
            x = t.reshape(longer, list(longer.shape)[3 - x.ndim :])
        return short_time(
            t, x, n_fft, hop, win_length, window, normalized, onesided, complex_out,
            align,
        )  # fmt: skip


@op(
    "aten::stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None,"
    " Tensor? window=None, bool normalized=False, bool? onesided=None,"
    " bool? return_complex=None, bool? align_to_window=None) -> Tensor"
)
class stft(ShortTransform):
    """The spectra of stretches of a signal."""

    samples = [
        case(f32[16], 4, return_complex=True),
        case(f64[10], 4, 2, 2, f64[2], return_complex=True, align_to_window=True),
        case(c128[2, 6], 4),
    ]

    def composite(
        t, x, n_fft, hop, win_length, window, normalized, onesided, complex_out, align
    ):
        return short_time(
            t, x, n_fft, hop, win_length, window, normalized, onesided, complex_out,
            align,
        )  # fmt: skip


@op(
    "aten::istft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None,"
    " Tensor? window=None, bool center=True, bool normalized=False,"
    " bool? onesided=None, int? length=None, bool return_complex=False) -> Tensor"
)
class istft(ShortTransform):
    """The signal with given spectra of its stretches, the mean where they overlap."""

    samples = [
        case(c64[3, 5], 4),
        case(c128[2, 3, 5], 4, 2, 3, f64[3].within(1, 2), normalized=True),
        case(c128[4, 5], 4, onesided=False, return_complex=True, length=7),
        case(c128[3, 5], 4, length=3),
    ]

    def composite(
        t, x, n_fft, hop, win_length, window, center, normalized, onesided, length,
        complex_out,
    ):  # fmt: skip
        hop = n_fft // 4 if hop is None else hop
        win_length = n_fft if win_length is None else win_length
        call = told(
            "istft", f"CPU{x.dtype.title}Type", x, n_fft=n_fft, hop_length=hop,
            win_length=win_length, window=window, center=center, normalized=normalized,
            onesided=onesided, length=length, return_complex=complex_out,
        )  # fmt: skip
        check_spectra(call, x, n_fft, onesided)
        if not 0 < hop <= win_length:
            raise RuntimeError(f"{call} : expected 0 < hop_length <= win_length")
        misfit = "Invalid window shape. window has to be 1D and length of `win_length`"
        check_lengths(call, n_fft, win_length, window, misfit)
        if onesided is None:
            onesided = x.shape[-2] != n_fft
        if complex_out and onesided:
            raise RuntimeError(ONE_SIDED_COMPLEX)
        if not complex_out and is_complex(window):
            raise RuntimeError(
                "Complex windows are incompatible with return_complex=False"
            )
        batched = x.ndim == 3
        stretches = t.transpose(x if batched else t.unsqueeze(x, 0), -1, -2)
        scale = BY_ROOT if normalized else BY_COUNT
        if complex_out:
            stretches = t._fft_c2c(stretches, [2], scale, False)
        else:
            if not onesided:
                stretches = t.narrow(stretches, 2, 0, n_fft // 2 + 1)
            stretches = t._fft_c2r(stretches, [2], scale, n_fft)
        window = full_window(t, window, win_length, n_fft, stretches.dtype)
        if window is None:
            window = t.ones([n_fft], dtype=stretches.dtype)
        signal, weight = overlapped(t, stretches, window, n_fft, hop)
        whole = signal.shape[-1]
        start = n_fft // 2 if center else 0
        end = whole - start
        if length is not None:
            end = start + length
        count = min(end, whole) - start
        signal = t.narrow(signal, -1, start, count)
        weight = t.narrow(weight, -1, start, count)
        check_overlap(call, weight)
        signal = signal / weight
        if end > whole:
            signal = t.constant_pad_nd(signal, [0, end - whole])
        return signal if batched else t.squeeze(signal, 0)


def check_spectra(call, x, n_fft, onesided):
    """RuntimeError for a tensor that holds no spectra of this length."""
    if not is_complex(x):
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft"
            " with return_complex=True."
        )
    if x.numel() == 0:
        raise RuntimeError(f"{call} : input tensor cannot be empty.")
    if x.ndim not in (2, 3):
        raise RuntimeError(
            f"{call} : expected a tensor with 2 or 3 dimensions, but got {x.ndim}"
        )
    size = x.shape[-2]
    if onesided is None:
        onesided = size != n_fft
    if onesided and size != n_fft // 2 + 1:
        raise RuntimeError(
            f"{call} : expected the frequency dimension (3rd to the last) of the input"
            " tensor to match n_fft / 2 + 1 when onesided=True, but got"
            f" {size}"
        )
    if not onesided and size != n_fft:
        raise RuntimeError(
            f"{call} : expected the frequency dimension (3rd to the last) of the input"
            f" tensor to match n_fft when onesided=False, but got {size}"
        )


def overlapped(t, stretches, window, n_fft, hop):
    """The sum of weighted stretches where they were, and that of squared weights."""
    batch, count = stretches.shape[0], stretches.shape[1]
    whole = n_fft + hop * (count - 1)
    signal = t.unfold_backward(stretches * window, [batch, whole], 1, n_fft, hop)
    weights = t.expand(window * window, [1, count, n_fft])
    return signal, t.unfold_backward(weights, [1, whole], 1, n_fft, hop)


def check_overlap(call, weight):
    """RuntimeError where the windows leave a place without weight."""
    if isinstance(weight, Tensor) and np.abs(weight.array).min(initial=1.0) <= 1e-11:
        raise RuntimeError(f"{call} window overlap add min: 1")

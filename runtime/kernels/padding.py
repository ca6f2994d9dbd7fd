"""Elements added around tensors, and tensors resampled to other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels.sizes import Size, Sizes, concrete, shown

Array = np.ndarray[Any, Any]

_NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def check_mode(mode: str, value: float | None) -> None:
    """Raise unless a padding mode exists and takes the value."""
    if mode != "constant" and mode not in _NUMPY_MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if mode != "constant" and value not in (None, 0):
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')


def _pairs(pad: Sequence[int], rank: int) -> list[tuple[int, int]]:
    """Numbers before and after each dim, first dim first; torch lists the last first."""
    given = list(zip(pad[0::2], pad[1::2], strict=True))
    return [(0, 0)] * (rank - len(given)) + given[::-1]


def padded_sizes(x: Sizes, pad: Sequence[Size]) -> Sizes:
    """The sizes of `constant_pad`."""
    if len(pad) % 2:
        raise RuntimeError("Length of pad must be even but instead it equals"
            f" {len(pad)}")  # fmt: skip
    if len(pad) > 2 * len(x):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input"
            f" dimension but got padding length {len(pad)} and input of dimension"
            f" {len(x)}"
        )
    out = list(x)
    for i in range(len(pad) // 2):
        before, after, size = pad[2 * i], pad[2 * i + 1], x[-1 - i]
        if before is None or after is None or size is None:
            out[-1 - i] = None
            continue
        if size + min(before, 0) + min(after, 0) < 0 or size + before + after < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
        out[-1 - i] = size + before + after
    return tuple(out)


def constant_pad(x: Array, pad: Sequence[int], value: Any) -> Array:
    """`x` with a constant around its last dims; negative numbers cut off."""
    shape = concrete(padded_sizes(x.shape, pad))
    out = np.full(shape, np.asarray(value).astype(x.dtype), x.dtype)
    source, target = [], []
    for (before, after), size in zip(_pairs(pad, x.ndim), x.shape, strict=True):
        start, end = max(-before, 0), size - max(-after, 0)
        source.append(slice(start, end))
        target.append(slice(max(before, 0), max(before, 0) + end - start))
    out[tuple(target)] = x[tuple(source)]
    return out


def mode_axes(x: Sizes, pad: Sequence[Size]) -> int:
    """How many dims a padding that is not constant covers."""
    axes = len(pad) // 2
    if len(pad) % 2 or axes not in (1, 2, 3) or len(x) not in (axes + 1, axes + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {len(x)}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    return axes


def mode_padded_sizes(x: Sizes, pad: Sequence[Size], mode: str, axes: int) -> Sizes:
    """The sizes of `mode_pad`."""
    mode_axes(x, pad)
    out = list(x)
    for i in range(axes):
        before, after, size = pad[2 * i], pad[2 * i + 1], x[-1 - i]
        if before is None or after is None or size is None:
            out[-1 - i] = None
            continue
        if mode == "reflect" and max(before, after) >= size:
            raise RuntimeError(
                f"Argument #{2 * i + 4}: Padding size should be less than the"
                " corresponding input dimension, but got: padding"
                f" ({before}, {after}) at dimension {len(x) - 1 - i} of input"
                f" {shown(x)}"
            )
        if mode == "circular" and max(before, after) > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if size + before + after < 0 or (mode == "replicate" and size == 0):
            raise RuntimeError(
                f"padding ({before}, {after}) leaves nothing of dimension"
                f" {len(x) - 1 - i} of input {shown(x)}"
            )
        out[-1 - i] = size + before + after
    return tuple(out)


def mode_pad(x: Array, pad: Sequence[int], mode: str, axes: int) -> Array:
    """`x` with its own elements around its last dims; negative numbers cut off."""
    mode_padded_sizes(x.shape, pad, mode, axes)
    pairs = _pairs(pad, x.ndim)
    cut = tuple(slice(max(-a, 0), -max(-b, 0) or None) for a, b in pairs)
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    # what goes round is cut first; what is mirrored or repeated, at the end
    first, last = (cut, ...) if mode == "circular" else (..., cut)
    made = np.pad(x[first], grown, _NUMPY_MODES[mode])  # type: ignore[call-overload]
    return np.ascontiguousarray(made[last])


def sources_along(size: int, before: int, after: int, mode: str) -> Array:
    """For each element of a padded axis, the one that it is a copy of."""
    return mode_pad(np.arange(size)[None], [before, after], mode, 1)[0]


def resampled_sizes(x: Sizes, wanted: Sequence[Size]) -> Sizes:
    """The sizes of a batch of images resampled to other sizes."""
    if len(x) != len(wanted) + 2:
        raise RuntimeError(
            f"It is expected output_size equals to {len(x) - 2}, but got size"
            f" {len(wanted)}"
        )
    if any(n is not None and n <= 0 for n in (*x[2:], *wanted)):
        raise RuntimeError(
            "Input and output sizes should be greater than 0, but got input (H:"
            f" {x[2]}, W: {x[-1]}) output (H: {wanted[0]}, W: {wanted[-1]})"
        )
    return (*x[:2], *wanted)

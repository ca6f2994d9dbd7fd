"""Images resampled to other sizes."""

from __future__ import annotations

import math
from typing import Any

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

_FLAT = {1: "upsample_nearest1d", 2: "upsample_nearest2d"}
_LINEAR = {"linear": (1, "upsample_linear1d"), "bilinear": (2, "upsample_bilinear2d")}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """`input[N, C, *space]` resampled to a size or by a factor.

    Modes: nearest, linear, bilinear. Raises NotImplementedError for others.
    """
    axes = input.dim() - 2
    if antialias:
        raise NotImplementedError("interpolate does not support antialias")
    if (size is None) == (scale_factor is None):
        message = (
            "either size or scale_factor should be defined"
            if size is None
            else "only one of size or scale_factor should be defined"
        )
        raise ValueError(message)
    sizes = [size] * axes if isinstance(size, int) else size
    factors = scale_factor
    if isinstance(scale_factor, int | float):
        factors = [float(scale_factor)] * axes
    if recompute_scale_factor and factors is not None:
        sizes = [
            math.floor(n * f) for n, f in zip(input.shape[2:], factors, strict=True)
        ]
        factors = None
    if factors is not None:
        factors = [float(f) for f in factors]
    if mode == "nearest":
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes:"
                " linear | bilinear | bicubic | trilinear"
            )
        if axes not in _FLAT:
            raise NotImplementedError(
                f"Got {axes + 2}D input, but nearest needs 3D or 4D"
            )
        made: Tensor = getattr(operations, _FLAT[axes])(input, sizes, factors)
        return made
    if mode not in _LINEAR:
        raise NotImplementedError(f"interpolate does not support mode `{mode}`")
    wanted, name = _LINEAR[mode]
    if axes != wanted:
        raise NotImplementedError(
            f"Got {axes + 2}D input, but {mode} mode needs {wanted + 2}D input"
        )
    function = getattr(operations, name)
    result: Tensor = function(input, sizes, bool(align_corners), factors)
    return result


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` by another name."""
    return interpolate(input, size, scale_factor, mode, align_corners)

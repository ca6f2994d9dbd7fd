"""Images resampled to other sizes, and sampled where grids say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, List, Optional  # noqa: UP035

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def interpolate(
    input: Tensor,
    size: Optional[List[int]] = None,  # noqa: UP006, UP045
    scale_factor: Optional[List[float]] = None,  # noqa: UP006, UP045
    mode: str = "nearest",
    align_corners: Optional[bool] = None,  # noqa: UP045
    recompute_scale_factor: Optional[bool] = None,  # noqa: UP045
    antialias: bool = False,
) -> Tensor:
    """`input[N, C, *space]` resampled to sizes or by factors.

    Modes: nearest, nearest-exact, linear, bilinear, trilinear, bicubic, area. One number
    stands for all dims.
    """
    axes = input.dim() - 2
    is_flat = mode == "nearest" or mode == "area" or mode == "nearest-exact"
    if is_flat and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes:"
            " linear | bilinear | bicubic | trilinear"
        )
    corners = False
    if align_corners is not None:
        corners = align_corners
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not torch.jit.is_scripting():
        if size is not None and not isinstance(size, list | tuple):
            size = [size] * axes
        if scale_factor is not None and not isinstance(scale_factor, list | tuple):
            scale_factor = [float(scale_factor)] * axes
        if size is not None:
            size = list(size)
        if scale_factor is not None:
            scale_factor = [float(f) for f in scale_factor]
    if size is not None and len(size) != axes:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got"
            f" input with spatial dimensions of {list(input.shape)[2:]} and output size"
            f" of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) format"
            " and output size in (o1, o2, ...,oK) format."
        )
    if scale_factor is not None and len(scale_factor) != axes:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but"
            f" got input with spatial dimensions of {list(input.shape)[2:]} and"
            f" scale_factor of shape {scale_factor}. Please provide input tensor in"
            " (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    recomputes = recompute_scale_factor is not None and recompute_scale_factor
    if recomputes and size is not None:
        raise ValueError(
            "recompute_scale_factor is not meaningful with an explicit size."
        )
    wants_sizes = mode == "area" or recomputes
    if wants_sizes and scale_factor is not None:
        size = [
            math.floor(float(input.size(i + 2)) * scale_factor[i]) for i in range(axes)
        ]
        scale_factor = None
    if antialias and not ((mode == "bilinear" or mode == "bicubic") and axes == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires"
            " a 4-D tensor as input"
        )
    if mode == "nearest":
        if axes == 1:
            return operations.upsample_nearest1d(input, size, scale_factor)
        if axes == 2:
            return operations.upsample_nearest2d(input, size, scale_factor)
        if axes == 3:
            return operations.upsample_nearest3d(input, size, scale_factor)
    if mode == "nearest-exact":
        if axes == 1:
            return operations._upsample_nearest_exact1d(input, size, scale_factor)
        if axes == 2:
            return operations._upsample_nearest_exact2d(input, size, scale_factor)
        if axes == 3:
            return operations._upsample_nearest_exact3d(input, size, scale_factor)
    if mode == "area" and size is not None:
        if axes == 1:
            return operations.adaptive_avg_pool1d(input, size)
        if axes == 2:
            return operations.adaptive_avg_pool2d(input, size)
        if axes == 3:
            return operations.adaptive_avg_pool3d(input, size)
    if mode == "linear" and axes == 1:
        return operations.upsample_linear1d(input, size, corners, scale_factor)
    if mode == "bilinear" and axes == 2:
        if antialias:
            return operations._upsample_bilinear2d_aa(
                input, size, corners, scale_factor
            )
        return operations.upsample_bilinear2d(input, size, corners, scale_factor)
    if mode == "trilinear" and axes == 3:
        return operations.upsample_trilinear3d(input, size, corners, scale_factor)
    if mode == "bicubic" and axes == 2:
        if antialias:
            return operations._upsample_bicubic2d_aa(input, size, corners, scale_factor)
        return operations.upsample_bicubic2d(input, size, corners, scale_factor)
    wanted = 0
    if mode == "linear":
        wanted = 3
    elif mode == "bilinear" or mode == "bicubic":
        wanted = 4
    elif mode == "trilinear":
        wanted = 5
    if wanted > 0 and axes >= 1 and axes <= 3:
        raise NotImplementedError(
            f"Got {axes + 2}D input, but {mode} mode needs {wanted}D input"
        )
    raise NotImplementedError(
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got"
        f" {axes + 2}D) for the modes: nearest | linear | bilinear | bicubic | trilinear"
        f" | area | nearest-exact (got {mode})"
    )


def upsample(
    input: Tensor,
    size: Optional[List[int]] = None,  # noqa: UP006, UP045
    scale_factor: Optional[List[float]] = None,  # noqa: UP006, UP045
    mode: str = "nearest",
    align_corners: Optional[bool] = None,  # noqa: UP045
) -> Tensor:
    """`interpolate` by another name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor,
    size: Optional[List[int]] = None,  # noqa: UP006, UP045
    scale_factor: Optional[List[float]] = None,  # noqa: UP006, UP045
) -> Tensor:
    """`interpolate` to the nearest."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(
    input: Tensor,
    size: Optional[List[int]] = None,  # noqa: UP006, UP045
    scale_factor: Optional[List[float]] = None,  # noqa: UP006, UP045
) -> Tensor:
    """`interpolate` between four, the corners aligned."""
    return interpolate(input, size, scale_factor, "bilinear", True)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: Optional[bool] = None,  # noqa: UP045
) -> Tensor:
    """`input[N, C, *space]` at the places of `grid[N, *out, axes]`, from -1 to 1."""
    if mode != "bilinear" and mode != "nearest" and mode != "bicubic":
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or"
            f" 'bicubic', but got: '{mode}'"
        )
    known = padding_mode == "zeros" or padding_mode == "border"
    if not known and padding_mode != "reflection":
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros',"
            f" 'border', or 'reflection', but got: '{padding_mode}'"
        )
    kind = 0 if mode == "bilinear" else (1 if mode == "nearest" else 2)
    around = 0 if padding_mode == "zeros" else (1 if padding_mode == "border" else 2)
    corners = False
    if align_corners is not None:
        corners = align_corners
    return torch.grid_sampler(input, grid, kind, around, corners)


def affine_grid(
    theta: Tensor,
    size: List[int],  # noqa: UP006
    align_corners: Optional[bool] = None,  # noqa: UP045
) -> Tensor:
    """The grid of an affine map, for `grid_sample`."""
    corners = False
    if align_corners is not None:
        corners = align_corners
    if not theta.is_floating_point():
        raise ValueError(
            f"Expected theta to have floating point type, but got {theta.dtype}"
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return torch.affine_grid_generator(theta, size, corners)

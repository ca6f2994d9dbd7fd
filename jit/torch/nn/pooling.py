"""Pooling and resampling layers."""

from __future__ import annotations

from typing import Any, ClassVar, List, Optional  # noqa: UP035

from jit.runtime.tensor import Tensor
from jit.torch.nn import functional as F
from jit.torch.nn import pool_forms
from jit.torch.nn.module import Module


class _MaxPool(Module):
    """The largest element of each window."""

    __constants__: ClassVar[list[str]] = [
        "kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode",
    ]  # fmt: skip

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride},"
            f" padding={self.padding}, dilation={self.dilation},"
            f" ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window along the last dim."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        if self.return_indices:
            return F.max_pool1d_with_indices(
                input, self.kernel_size, self.stride, self.padding, self.dilation,
                self.ceil_mode,
            )  # fmt: skip
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation,
            self.ceil_mode,
        )  # fmt: skip


class MaxPool2d(_MaxPool):
    """The largest element of each window over the last two dims."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        if self.return_indices:
            return F.max_pool2d_with_indices(
                input, self.kernel_size, self.stride, self.padding, self.dilation,
                self.ceil_mode,
            )  # fmt: skip
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation,
            self.ceil_mode,
        )  # fmt: skip


class MaxPool3d(_MaxPool):
    """The largest element of each window over the last three dims."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        if self.return_indices:
            return F.max_pool3d_with_indices(
                input, self.kernel_size, self.stride, self.padding, self.dilation,
                self.ceil_mode,
            )  # fmt: skip
        return F.max_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.dilation,
            self.ceil_mode,
        )  # fmt: skip


class AvgPool1d(Module):
    """The mean of each window along the last dim."""

    __constants__: ClassVar[list[str]] = [
        "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
    ]  # fmt: skip

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _tuple(kernel_size)
        self.stride = _tuple(stride if stride is not None else kernel_size)
        self.padding = _tuple(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride},"
            f" padding={self.padding}"
        )


def _tuple(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


class _AvgPool(Module):
    """The mean of each window."""

    __constants__: ClassVar[list[str]] = [
        "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
        "divisor_override",
    ]  # fmt: skip

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride},"
            f" padding={self.padding}"
        )


class AvgPool2d(_AvgPool):
    """The mean of each window over the last two dims."""

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip


class AvgPool3d(_AvgPool):
    """The mean of each window over the last three dims."""

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip


class _AdaptivePool(Module):
    """Bins that divide the space as evenly as they can."""

    __constants__: ClassVar[list[str]] = ["output_size"]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of bins along the last dim."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The means of bins over the last two dims."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class PixelShuffle(Module):
    """Channels spread over squares of pixels."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Squares of pixels gathered as channels."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels dealt out to groups in turn."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Upsample(Module):
    """Images resampled to a size or by a factor."""

    __constants__: ClassVar[list[str]] = [
        "mode", "align_corners", "recompute_scale_factor", "_sizes", "_factors",
    ]  # fmt: skip

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        factor: Any = scale_factor
        if isinstance(scale_factor, tuple):
            factor = tuple(float(f) for f in scale_factor)
        elif scale_factor is not None:
            factor = float(scale_factor)
        self.scale_factor = factor
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor
        # of one element where one number stands for all dims
        self._sizes: tuple[int, ...] | None = _all(size)
        self._factors: tuple[float, ...] | None = _all(factor)

    def forward(self, input: Tensor) -> Tensor:
        sizes: Optional[List[int]] = None  # noqa: UP006, UP045
        factors: Optional[List[float]] = None  # noqa: UP006, UP045
        axes = input.dim() - 2
        if self._sizes is not None:
            sizes = [n for n in self._sizes]  # noqa: C416
            if len(sizes) == 1:
                sizes = sizes * axes
        if self._factors is not None:
            factors = [f for f in self._factors]  # noqa: C416
            if len(factors) == 1:
                factors = factors * axes
        return F.interpolate(
            input, sizes, factors, self.mode, self.align_corners,
            self.recompute_scale_factor,
        )  # fmt: skip

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


def _all(value: Any) -> Any:
    if value is None or isinstance(value, tuple):
        return value
    return tuple(value) if isinstance(value, list) else (value,)


class UpsamplingNearest2d(Upsample):
    """Images with the nearest elements."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Images with elements between four, the corners aligned."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class Unfold(Module):
    """The windows of images as columns."""

    __constants__: ClassVar[list[str]] = [
        "kernel_size", "dilation", "padding", "stride",
    ]  # fmt: skip

    def __init__(
        self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(
            input, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation},"
            f" padding={self.padding}, stride={self.stride}"
        )


class Fold(Module):
    """Columns added up where their windows lie."""

    __constants__: ClassVar[list[str]] = [
        "output_size", "kernel_size", "dilation", "padding", "stride",
    ]  # fmt: skip

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding,
            self.stride,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size},"
            f" dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class _MaxUnpool(Module):
    """Elements put back to where pooling took them from."""

    axes: ClassVar[int]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = _repeated(kernel_size, self.axes)
        self.stride = _repeated(kernel_size if stride is None else stride, self.axes)
        self.padding = _repeated(padding, self.axes)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride},"
            f" padding={self.padding}"
        )


def _repeated(value: Any, count: int) -> Any:
    """The tuple of a number for each dim."""
    return (value,) * count if isinstance(value, int | float) else tuple(value)


class MaxUnpool1d(_MaxUnpool):
    """What `MaxPool1d` took, at its places, zeros between."""

    axes = 1

    def forward(
        self,
        input: Tensor,
        indices: Tensor,
        output_size: Optional[List[int]] = None,  # noqa: UP006, UP045
    ) -> Tensor:
        return F.max_unpool1d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool2d(_MaxUnpool):
    """What `MaxPool2d` took, at its places, zeros between."""

    axes = 2

    def forward(
        self,
        input: Tensor,
        indices: Tensor,
        output_size: Optional[List[int]] = None,  # noqa: UP006, UP045
    ) -> Tensor:
        return F.max_unpool2d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool3d(_MaxUnpool):
    """What `MaxPool3d` took, at its places, zeros between."""

    axes = 3

    def forward(
        self,
        input: Tensor,
        indices: Tensor,
        output_size: Optional[List[int]] = None,  # noqa: UP006, UP045
    ) -> Tensor:
        return F.max_unpool3d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class _LPPool(Module):
    """The p-norm of each window."""

    axes: ClassVar[int]

    __constants__: ClassVar[list[str]] = [
        "norm_type", "kernel_size", "stride", "ceil_mode",
    ]  # fmt: skip

    def __init__(
        self,
        norm_type: float,
        kernel_size: Any,
        stride: Any = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size},"
            f" stride={self.stride}, ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window along the last dim."""

    axes = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool2d(_LPPool):
    """The p-norm of each window over the last two dims."""

    axes = 2

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool3d(_LPPool):
    """The p-norm of each window over the last three dims."""

    axes = 3

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class _FractionalMaxPool(Module):
    """The maxima of windows at random places."""

    __constants__: ClassVar[list[str]] = [
        "kernel_size", "return_indices", "output_size", "output_ratio",
    ]  # fmt: skip
    axes: ClassVar[int]

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = _repeated(kernel_size, self.axes)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = (
            None if output_size is None else _repeated(output_size, self.axes)
        )
        self.output_ratio = (
            None if output_ratio is None else _repeated(output_ratio, self.axes)
        )
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError(
                "only one of output_size and output_ratio may be specified"
            )
        if self.output_ratio is not None and not all(
            0 < r < 1 for r in self.output_ratio
        ):
            raise ValueError(
                f"output_ratio must be between 0 and 1 (got {output_ratio})"
            )

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        found = pool_forms.fractional_max_pool(
            input, self.kernel_size, self.output_size, self.output_ratio,
            self._random_samples,
        )  # fmt: skip
        if self.return_indices:
            return found
        return found[0]


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maxima of windows at random places of images."""

    axes = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The maxima of windows at random places of volumes."""

    axes = 3


class AdaptiveAvgPool3d(_AdaptivePool):
    """The means of bins over the last three dims."""

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    """The maxima of bins, and where they are if that is asked for."""

    __constants__: ClassVar[list[str]] = ["output_size", "return_indices"]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maxima of bins along the last dim."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        found = F.adaptive_max_pool1d_with_indices(input, self.output_size)
        if self.return_indices:
            return found
        return found[0]


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maxima of bins over the last two dims."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        found = F.adaptive_max_pool2d_with_indices(input, self.output_size)
        if self.return_indices:
            return found
        return found[0]


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maxima of bins over the last three dims."""

    def forward(self, input: Tensor):  # type: ignore[no-untyped-def]
        found = F.adaptive_max_pool3d_with_indices(input, self.output_size)
        if self.return_indices:
            return found
        return found[0]

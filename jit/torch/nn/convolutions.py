"""Convolution layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from jit.runtime.tensor import Tensor
from jit.torch.nn import functional as F
from jit.torch.nn import init
from jit.torch.nn.linear import reset_bias
from jit.torch.nn.module import Module
from jit.torch.nn.parameter import Parameter

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def repeated(value: Any, count: int) -> tuple[int, ...]:
    """A number for every axis, or the numbers that are given."""
    return tuple(value) if isinstance(value, tuple | list) else (value,) * count


PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What the convolution layers have in common."""

    __constants__: ClassVar[list[str]] = [
        "stride", "padding", "dilation", "groups", "padding_mode", "output_padding",
        "in_channels", "out_channels", "kernel_size",
    ]  # fmt: skip
    axes: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        transposed: bool,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {sorted(PADDING_MODES)}, but got"
                f" padding_mode='{padding_mode}'"
            )
        axes = self.axes
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = repeated(kernel_size, axes)
        self.stride = repeated(stride, axes)
        self.padding = padding if isinstance(padding, str) else repeated(padding, axes)
        self.dilation = repeated(dilation, axes)
        self.transposed = transposed
        self.output_padding = repeated(output_padding, axes)
        self.groups = groups
        self.padding_mode = padding_mode
        self.padding_ends = self._ends()
        place = {"device": device, "dtype": dtype}
        channels = (
            (in_channels, out_channels // groups)
            if transposed
            else (out_channels, in_channels // groups)
        )
        self.weight = Parameter(torch.empty((*channels, *self.kernel_size), **place))
        if bias:
            self.bias = Parameter(torch.empty(out_channels, **place))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _ends(self) -> list[int]:
        """The padding before and after each axis, last axis first."""
        if not isinstance(self.padding, str):
            return [p for p in reversed(self.padding) for _ in range(2)]
        if self.padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string {self.padding!r}, should be one of"
                " {'valid', 'same'}"
            )
        if self.padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        ends = []
        for k, d in zip(self.kernel_size[::-1], self.dilation[::-1], strict=True):
            total = d * (k - 1) if self.padding == "same" else 0
            ends += [total // 2, total - total // 2]
        return ends

    def reset_parameters(self) -> None:
        """First values: uniform between ±1 / sqrt(inputs of an output)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        reset_bias(self.weight, self.bias)

    def extra_repr(self) -> str:
        axes = self.axes
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        if self.padding != (0,) * axes:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * axes:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * axes:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _PlainConvolution(_Convolution):
    """A convolution that is not transposed."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            False,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class Conv1d(_PlainConvolution):
    """Convolution of `[N, C, L]` or `[C, L]`."""

    axes = 1

    def forward(self, input: Tensor) -> Tensor:
        if self.padding_mode != "zeros":
            padded = F.pad(input, self.padding_ends, self.padding_mode)
            return F.conv1d(
                padded, self.weight, self.bias, self.stride, 0, self.dilation,
                self.groups,
            )  # fmt: skip
        return F.conv1d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation,
            self.groups,
        )  # fmt: skip


class Conv2d(_PlainConvolution):
    """Convolution of `[N, C, H, W]` or `[C, H, W]`."""

    axes = 2

    def forward(self, input: Tensor) -> Tensor:
        if self.padding_mode != "zeros":
            padded = F.pad(input, self.padding_ends, self.padding_mode)
            return F.conv2d(
                padded, self.weight, self.bias, self.stride, 0, self.dilation,
                self.groups,
            )  # fmt: skip
        return F.conv2d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation,
            self.groups,
        )  # fmt: skip


class Conv3d(_PlainConvolution):
    """Convolution of `[N, C, D, H, W]` or `[C, D, H, W]`."""

    axes = 3

    def forward(self, input: Tensor) -> Tensor:
        if self.padding_mode != "zeros":
            padded = F.pad(input, self.padding_ends, self.padding_mode)
            return F.conv3d(
                padded, self.weight, self.bias, self.stride, 0, self.dilation,
                self.groups,
            )  # fmt: skip
        return F.conv3d(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation,
            self.groups,
        )  # fmt: skip


class _TransposedConvolution(_Convolution):
    """The gradient of a convolution to its input, as a layer."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            True,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class ConvTranspose1d(_TransposedConvolution):
    """Transposed convolution of `[N, C, L]` or `[C, L]`."""

    axes = 1

    def forward(self, input: Tensor) -> Tensor:
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding,
            self.output_padding, self.groups, self.dilation,
        )  # fmt: skip


class ConvTranspose2d(_TransposedConvolution):
    """Transposed convolution of `[N, C, H, W]` or `[C, H, W]`."""

    axes = 2

    def forward(self, input: Tensor) -> Tensor:
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding,
            self.output_padding, self.groups, self.dilation,
        )  # fmt: skip


class ConvTranspose3d(_TransposedConvolution):
    """Transposed convolution of `[N, C, D, H, W]` or `[C, D, H, W]`."""

    axes = 3

    def forward(self, input: Tensor) -> Tensor:
        return F.conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding,
            self.output_padding, self.groups, self.dilation,
        )  # fmt: skip

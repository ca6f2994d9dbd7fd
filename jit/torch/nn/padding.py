"""Padding layers."""

from __future__ import annotations

from typing import Any, ClassVar

from jit.runtime.tensor import Tensor
from jit.torch.nn import functional as F
from jit.torch.nn.module import Module


class _Pad(Module):
    """Elements added around the last dims."""

    __constants__: ClassVar[list[str]] = ["padding"]
    axes: ClassVar[int]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = (
            (padding,) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)
        )

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """A constant around the last dims."""

    __constants__: ClassVar[list[str]] = ["padding", "value"]

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A constant around the last dim."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """A constant around the last two dims."""

    axes = 2


class ConstantPad3d(_ConstantPad):
    """A constant around the last three dims."""

    axes = 3


class _ZeroPad(_ConstantPad):
    """Zeros around the last dims."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    """Zeros around the last dim."""

    axes = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the last two dims."""

    axes = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the last three dims."""

    axes = 3


class _ReflectionPad(_Pad):
    """Elements mirrored at the ends."""

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "reflect")


class ReflectionPad1d(_ReflectionPad):
    """Elements mirrored at the ends of the last dim."""

    axes = 1


class ReflectionPad2d(_ReflectionPad):
    """Elements mirrored at the ends of the last two dims."""

    axes = 2


class ReflectionPad3d(_ReflectionPad):
    """Elements mirrored at the ends of the last three dims."""

    axes = 3


class _ReplicationPad(_Pad):
    """The first and last elements repeated."""

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "replicate")


class ReplicationPad1d(_ReplicationPad):
    """The first and last elements repeated along the last dim."""

    axes = 1


class ReplicationPad2d(_ReplicationPad):
    """The first and last elements repeated along the last two dims."""

    axes = 2


class ReplicationPad3d(_ReplicationPad):
    """The first and last elements repeated along the last three dims."""

    axes = 3


class _CircularPad(_Pad):
    """The end before the start and the start behind the end."""

    def forward(self, input: Tensor) -> Tensor:
        axes = len(self.padding) // 2
        if input.dim() != axes + 1 and input.dim() != axes + 2:
            raise ValueError(
                f"expected {axes + 1}D or {axes + 2}D input (got {input.dim()}D input)"
            )
        return F.pad(input, self.padding, "circular")


class CircularPad1d(_CircularPad):
    """The last dim continued as if it were a circle."""

    axes = 1


class CircularPad2d(_CircularPad):
    """The last two dims continued as if they were circles."""

    axes = 2


class CircularPad3d(_CircularPad):
    """The last three dims continued as if they were circles."""

    axes = 3

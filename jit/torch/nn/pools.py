"""Pooling functions whose Python form takes more than their operators do.

Compiled code calls the operators that they are marked with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled_as(kind: str) -> Callable[[_F], _F]:
    """Mark a function with the operator that stands for it in compiled code."""

    def mark(function: _F) -> _F:
        function.operator_kind = kind  # type: ignore[attr-defined]
        return function

    return mark


def _steps(stride: Any) -> Any:
    """The stride as the operators take it: an empty list for that of the window."""
    return [] if stride is None else stride


@compiled_as("aten::max_pool1d")
def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window along the last dim."""
    kind = (
        operations.max_pool1d_with_indices if return_indices else operations.max_pool1d
    )
    return kind(input, kernel_size, _steps(stride), padding, dilation, ceil_mode)


@compiled_as("aten::max_pool2d")
def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over the last two dims."""
    kind = (
        operations.max_pool2d_with_indices if return_indices else operations.max_pool2d
    )
    return kind(input, kernel_size, _steps(stride), padding, dilation, ceil_mode)


@compiled_as("aten::max_pool3d")
def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of each window over the last three dims."""
    return operations.max_pool3d(
        input, kernel_size, _steps(stride), padding, dilation, ceil_mode
    )


@compiled_as("aten::avg_pool1d")
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window along the last dim."""
    return operations.avg_pool1d(
        input, kernel_size, _steps(stride), padding, ceil_mode, count_include_pad
    )


@compiled_as("aten::avg_pool2d")
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window over the last two dims."""
    return operations.avg_pool2d(
        input,
        kernel_size,
        _steps(stride),
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


@compiled_as("aten::avg_pool3d")
def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window over the last three dims."""
    return operations.avg_pool3d(
        input,
        kernel_size,
        _steps(stride),
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _bin_counts(input: Tensor, output_size: Any, axes: int) -> list[Any]:
    """The numbers of bins; None keeps a size."""
    wanted = [output_size] * axes if isinstance(output_size, int) else output_size
    space = input.shape[-axes:]
    return [n if w is None else w for w, n in zip(wanted, space, strict=True)]


@compiled_as("aten::adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Any:
    """The means of bins that divide the last two dims as evenly as they can."""
    return operations.adaptive_avg_pool2d(input, _bin_counts(input, output_size, 2))


def adaptive_max_pool1d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """The maxima of bins along the last dim."""
    found = operations.adaptive_max_pool1d(input, _bin_counts(input, output_size, 1))
    return found if return_indices else found[0]


def adaptive_max_pool2d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """The maxima of bins over the last two dims."""
    found = operations.adaptive_max_pool2d(input, _bin_counts(input, output_size, 2))
    return found if return_indices else found[0]

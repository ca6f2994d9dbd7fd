"""Pooling functions whose Python form takes more than their operators do.

Compiled code calls the operators that they are marked with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations, pool_forms

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
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over the last three dims."""
    kind = (
        operations.max_pool3d_with_indices if return_indices else operations.max_pool3d
    )
    return kind(input, kernel_size, _steps(stride), padding, dilation, ceil_mode)


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
    *,
    out: Any = None,
) -> Any:
    """The mean of each window over the last two dims."""
    options = {} if out is None else {"out": out}
    return operations.avg_pool2d(
        input,
        kernel_size,
        _steps(stride),
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
        **options,
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
    *,
    out: Any = None,
) -> Any:
    """The mean of each window over the last three dims."""
    options = {} if out is None else {"out": out}
    return operations.avg_pool3d(
        input,
        kernel_size,
        _steps(stride),
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
        **options,
    )


def _bin_counts(input: Tensor, output_size: Any, axes: int) -> list[Any]:
    """The numbers of bins; None keeps a size."""
    if isinstance(output_size, int):
        return [output_size] * axes
    wanted = output_size
    if axes > 1 and input.dim() <= len(wanted):
        raise ValueError(f"Input dimension should be at least {len(wanted) + 1}")
    if len(wanted) != axes:
        raise RuntimeError(
            f"adaptive pooling over {axes} dims takes {axes} sizes, not {len(wanted)}"
        )
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


@compiled_as("aten::adaptive_avg_pool3d")
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Any:
    """The means of bins that divide the last three dims as evenly as they can."""
    return operations.adaptive_avg_pool3d(input, _bin_counts(input, output_size, 3))


def adaptive_max_pool3d(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> Any:
    """The maxima of bins over the last three dims."""
    found = operations.adaptive_max_pool3d(input, _bin_counts(input, output_size, 3))
    return found if return_indices else found[0]


def _lengths(value: Any, axes: int) -> list[int]:
    return [value] * axes if isinstance(value, int) else list(value)


def _lp_pool(
    axes: int, input: Tensor, norm_type: float, size: Any, stride: Any, ceil: bool
) -> Any:
    size = _lengths(size, axes)
    stride = size if stride is None else _lengths(stride, axes)
    return pool_forms.lp_pool(input, norm_type, size, stride, ceil)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """The p-norm of each window along the last dim."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """The p-norm of each window over the last two dims."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """The p-norm of each window over the last three dims."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _fractional(
    axes: int, input: Tensor, size: Any, wanted: Any, ratio: Any, draws: Any
) -> Any:
    if isinstance(ratio, int | float):
        ratio = [float(ratio)] * axes
    wanted = None if wanted is None else _lengths(wanted, axes)
    return pool_forms.fractional_max_pool(
        input, _lengths(size, axes), wanted, ratio, draws
    )


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of windows at random places, and where they are."""
    return _fractional(
        2, input, kernel_size, output_size, output_ratio, _random_samples
    )


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of windows at random places of images."""
    found = _fractional(
        2, input, kernel_size, output_size, output_ratio, _random_samples
    )
    return found if return_indices else found[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of windows at random places of volumes, and where they are."""
    return _fractional(
        3, input, kernel_size, output_size, output_ratio, _random_samples
    )


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of windows at random places of volumes."""
    found = _fractional(
        3, input, kernel_size, output_size, output_ratio, _random_samples
    )
    return found if return_indices else found[0]


def _unpool(
    axes: int,
    input: Tensor,
    indices: Tensor,
    size: Any,
    stride: Any,
    padding: Any,
    wanted: Any,
) -> Any:
    size, padding = _lengths(size, axes), _lengths(padding, axes)
    stride = size if stride is None else _lengths(stride, axes)
    wanted = None if wanted is None else list(wanted)
    return pool_forms.max_unpool(input, indices, size, stride, padding, wanted)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Elements put back to where `max_pool1d` took them from, else zero."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Elements put back to where `max_pool2d` took them from, else zero."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Elements put back to where `max_pool3d` took them from, else zero."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)

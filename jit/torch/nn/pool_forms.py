"""Pools made of other operators, in the language that scripts compile.

Sizes are lists here, with one number for each dim; `pools` has what people call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple  # noqa: UP035

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def unpooled_sizes(
    input: Tensor,
    size: List[int],  # noqa: UP006
    stride: List[int],  # noqa: UP006
    padding: List[int],  # noqa: UP006
    wanted: Optional[List[int]],  # noqa: UP006, UP045
) -> List[int]:  # noqa: UP006
    """The sizes that a pool was given: those wanted, if it may have been they."""
    axes = len(size)
    usual: List[int] = []  # noqa: UP006
    for d in range(axes):
        steps = (input.size(d - axes) - 1) * stride[d]
        usual.append(steps + size[d] - 2 * padding[d])
    if wanted is None:
        return usual
    if len(wanted) == axes + 2:
        wanted = wanted[2:]
    if len(wanted) != axes:
        raise ValueError(
            f"output_size should be a sequence containing {axes} or {axes + 2}"
            f" elements, but it has a length of '{len(wanted)}'"
        )
    for d in range(axes):
        least, most = usual[d] - stride[d], usual[d] + stride[d]
        if wanted[d] <= least or wanted[d] >= most:
            raise ValueError(
                f'invalid output_size "{wanted}" (dim {d} must be between {least} and'
                f" {most})"
            )
    return wanted


def max_unpool(
    input: Tensor,
    indices: Tensor,
    kernel_size: List[int],  # noqa: UP006
    stride: List[int],  # noqa: UP006
    padding: List[int],  # noqa: UP006
    output_size: Optional[List[int]] = None,  # noqa: UP006, UP045
) -> Tensor:
    """Elements put back to where a pool over the last dims took them from."""
    sizes = unpooled_sizes(input, kernel_size, stride, padding, output_size)
    if len(kernel_size) == 1:
        made = operations.max_unpool2d(
            input.unsqueeze(-1), indices.unsqueeze(-1), [sizes[0], 1]
        )
        return made.squeeze(-1)
    if len(kernel_size) == 2:
        return operations.max_unpool2d(input, indices, sizes)
    return operations.max_unpool3d(input, indices, sizes, stride, padding)


def lp_pool(
    input: Tensor,
    norm_type: float,
    kernel_size: List[int],  # noqa: UP006
    stride: List[int],  # noqa: UP006
    ceil_mode: bool = False,
) -> Tensor:
    """The p-norm of each window over the last dims."""
    axes = len(kernel_size)
    if input.dim() != axes + 1 and input.dim() != axes + 2:
        raise ValueError(
            f"lp_pool{axes}d: Expected {axes + 1}D or {axes + 2}D input, got"
            f" {input.dim()}D"
        )
    powers = input.pow(norm_type)
    if axes == 1:
        mean = operations.avg_pool1d(powers, kernel_size, stride, 0, ceil_mode)
    elif axes == 2:
        mean = operations.avg_pool2d(powers, kernel_size, stride, 0, ceil_mode)
    else:
        mean = operations.avg_pool3d(powers, kernel_size, stride, 0, ceil_mode)
    count = 1
    for n in kernel_size:
        count *= n
    total = torch.relu(mean.abs()) * float(count)
    return (torch.sign(mean) * total).pow(1.0 / norm_type)


def fractional_max_pool(
    input: Tensor,
    kernel_size: List[int],  # noqa: UP006
    output_size: Optional[List[int]] = None,  # noqa: UP006, UP045
    output_ratio: Optional[List[float]] = None,  # noqa: UP006, UP045
    _random_samples: Optional[Tensor] = None,  # noqa: UP045
) -> Tuple[Tensor, Tensor]:  # noqa: UP006
    """The maxima of windows at random places, and where they are."""
    axes = len(kernel_size)
    wanted: List[int] = []  # noqa: UP006
    if output_size is not None:
        wanted = output_size
    elif output_ratio is not None:
        for d in range(axes):
            wanted.append(int(input.size(d - axes) * output_ratio[d]))
    else:
        raise ValueError(
            f"fractional_max_pool{axes}d requires specifying either an output_size or"
            " an output_ratio"
        )
    draws = _random_samples
    if draws is None:
        batch = 1 if input.dim() == axes + 1 else input.size(0)
        draws = torch.rand([batch, input.size(-axes - 1), axes], dtype=input.dtype)
    if axes == 2:
        return operations.fractional_max_pool2d(input, kernel_size, wanted, draws)
    return operations.fractional_max_pool3d(input, kernel_size, wanted, draws)

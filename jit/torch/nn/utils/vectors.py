"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one behind the other."""
    made: Tensor = torch.cat([p.reshape(-1) for p in parameters])
    return made


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Put the parts of a vector into the parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        part = vec[start : start + count]
        parameter.data = part.reshape(parameter.shape).data
        start += count

"""Gradients kept within bounds."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jit.runtime.tensor import Tensor
from jit.torch.modes import no_grad

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

Parameters = Tensor | Iterable[Tensor]


def _listed(parameters: Parameters) -> list[Any]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def get_total_norm(
    tensors: Parameters,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors, taken as one vector."""
    norm_type = float(norm_type)
    given = _listed(tensors)
    with no_grad():
        if not given:
            return torch.tensor(0.0)
        norms = [torch.linalg.vector_norm(t, norm_type) for t in given]
        total: Tensor = torch.linalg.vector_norm(torch.stack(norms), norm_type)
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is"
            " non-finite, so it cannot be clipped. To disable this error and scale the"
            " gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Parameters,
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale gradients in place, so that a norm of `total_norm` is at most `max_norm`."""
    with no_grad():
        factor = torch.clamp(float(max_norm) / (total_norm + 1e-6), max=1.0)
        for parameter in _listed(parameters):
            if parameter.grad is not None:
                parameter.grad.mul_(factor)


def clip_grad_norm_(
    parameters: Parameters,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place to a norm of at most `max_norm`; gives the norm."""
    given = _listed(parameters)
    if not given and not isinstance(parameters, list | tuple):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.",
            stacklevel=2,
        )
    grads = [p.grad for p in given if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total)
    return total


clip_grad_norm = clip_grad_norm_


def clip_grad_value_(
    parameters: Parameters, clip_value: float, foreach: bool | None = None
) -> None:
    """Bring all elements of the gradients between ±clip_value, in place."""
    bound = float(clip_value)
    with no_grad():
        for parameter in _listed(parameters):
            if parameter.grad is not None:
                parameter.grad.clamp_(min=-bound, max=bound)

"""`torch.signal.windows`: windows of M weights, symmetric unless `sym=False`."""

from __future__ import annotations

from typing import Any

from jit.runtime.binding import Operator, call_operator
from jit.runtime.device import require_cpu
from jit.runtime.tensor import Tensor

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _window(name: str) -> Operator:
    """The function that calls the operator `signal::<name>`."""
    kind = f"signal::{name}"

    def window(*args: Any, **kwargs: Any) -> Tensor:
        requires_grad = kwargs.pop("requires_grad", False)
        require_cpu(kwargs.get("device"))
        made: Tensor = call_operator(kind, args, kwargs)
        return made.requires_grad_() if requires_grad else made

    window.__name__ = window.__qualname__ = name
    window.__module__ = __name__
    window.operator_kind = kind  # type: ignore[attr-defined]
    return window


bartlett = _window("bartlett")
blackman = _window("blackman")
cosine = _window("cosine")
exponential = _window("exponential")
gaussian = _window("gaussian")
general_cosine = _window("general_cosine")
general_hamming = _window("general_hamming")
hamming = _window("hamming")
hann = _window("hann")
kaiser = _window("kaiser")
nuttall = _window("nuttall")

"""`torch.autograd.function`: what custom operators are made of."""

from __future__ import annotations

from jit.runtime.autograd.function import Context as FunctionCtx
from jit.runtime.autograd.function import Function, once_differentiable

__all__ = ["Function", "FunctionCtx", "once_differentiable"]

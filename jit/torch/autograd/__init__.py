"""`torch.autograd`: gradients of eager code."""

from __future__ import annotations

from jit.runtime.autograd.function import Function
from jit.runtime.autograd.interface import backward, grad
from jit.torch.autograd import function, functional, graph, profiler
from jit.torch.autograd.anomaly import detect_anomaly, set_detect_anomaly
from jit.torch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from jit.torch.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "Function",
    "GradcheckError",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]

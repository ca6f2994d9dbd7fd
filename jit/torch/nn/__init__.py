"""`torch.nn`: modules, layers, losses."""

from __future__ import annotations

from jit.torch.nn.module import Module
from jit.torch.nn.parameter import Parameter

__all__ = ["Module", "Parameter"]

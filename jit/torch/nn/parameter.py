"""Parameters and buffers: tensors that a module keeps under names."""

from __future__ import annotations

from jit.runtime.parameter import Parameter

__all__ = ["Parameter"]

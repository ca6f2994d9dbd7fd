"""`torch.signal`: window functions."""

from __future__ import annotations

from jit.torch.signal import windows

__all__ = ["windows"]

"""`torch.utils`: data sets and their loading."""

from __future__ import annotations

from jit.torch.utils import data

__all__ = ["data"]

"""`torch.profiler`: marks for profilers, which mean nothing here."""

from __future__ import annotations

from jit.torch.autograd.profiler import record_function

__all__ = ["record_function"]

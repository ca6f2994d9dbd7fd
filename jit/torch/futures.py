"""`torch.futures`: calls that run on other threads."""

from __future__ import annotations

from jit.runtime.futures import Future, collect_all, wait_all

__all__ = ["Future", "collect_all", "wait_all"]
